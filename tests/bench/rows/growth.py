"""Cost must not grow with what is stored: the same request beside 1,000, 100,000 and 1,000,000 resources."""

import time

from bench_cloud import COMPUTE, NETWORK, running
from measure import median
from rows import measures
from stock import copies

SIZES = (1000, 100_000, 1_000_000)


@measures("growth", "list_1000_of_many_servers")
def growth(bench):
    sizes = [bench.count(size) for size in SIZES if size <= bench.largest and not (bench.quick and size > 100_000)]
    with running() as cloud:
        with cloud.line() as line:
            server = stopped_server(cloud, line)
            network = line.call("POST", NETWORK + "/networks", {"network": {"name": "lan"}})["network"]["id"]
            line.call("POST", NETWORK + "/subnets", {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/16"}})
            port = line.call("POST", NETWORK + "/ports", {"port": {"network_id": network}})["port"]["id"]
        there, at_first = 1, {}
        for size in sizes:
            cloud.stop()
            for kind, document in (("compute.server", server), ("network.port", port)):
                copies(cloud, kind, document, size - there)
            there = size
            cloud.start()
            with cloud.line() as line:
                costs = {**server_costs(bench, cloud, line, server), **port_costs(bench, line, network, port)}
            for name, cost in costs.items():
                first = at_first.setdefault(name, cost)
                if size != sizes[0]:
                    bench.report(f"growth.{name}.{size}", cost / first, note=f"{first:.2f} ms, then {cost:.2f} ms")
        name = "servers.list 1,000"
        bench.report("list_1000_of_many_servers", costs[name] / at_first[name], note=f"a table of {there:,}")


# A copy of a server that runs would run nowhere.
def stopped_server(cloud, line):
    cloud.make_server(line, "copied")
    server = cloud.page(line, 1)[0]["id"]
    line.call("POST", f"{COMPUTE}/servers/{server}/action", {"os-stop": None})
    cloud.wait_for_server(server, "SHUTOFF")
    return server


def server_costs(bench, cloud, line, server):
    made, gone = [], []
    for number in range(bench.times(20)):
        made.append(1000 * cloud.make_server(line, f"new-{number}"))
        path = f"{COMPUTE}/servers/{cloud.page(line, 1)[0]['id']}"
        begun = time.perf_counter()
        line.call("DELETE", path)
        while line.ask("GET", path)[0] != 404:
            time.sleep(0.0005)
        gone.append((time.perf_counter() - begun) * 1000)
    return {"servers.list 200": line.time("GET", f"{COMPUTE}/servers/detail?limit=200", bench.times(20)),
            "servers.list 1,000": line.time("GET", f"{COMPUTE}/servers/detail?limit=1000", bench.times(20)),
            "servers.show": line.time("GET", f"{COMPUTE}/servers/{server}", bench.times(100)),
            "servers.create": median(made), "servers.delete": median(gone)}


def port_costs(bench, line, network, port):
    made, gone = [], []
    for _ in range(bench.times(50)):
        begun = time.perf_counter()
        new = line.call("POST", NETWORK + "/ports", {"port": {"network_id": network}})["port"]["id"]
        between = time.perf_counter()
        line.call("DELETE", f"{NETWORK}/ports/{new}")
        made.append((between - begun) * 1000)
        gone.append((time.perf_counter() - between) * 1000)
    return {"ports.list 200": line.time("GET", f"{NETWORK}/ports?limit=200", bench.times(20)),
            "ports.show": line.time("GET", f"{NETWORK}/ports/{port}", bench.times(100)),
            "ports.create": median(made), "ports.delete": median(gone)}
