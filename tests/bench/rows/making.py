"""Servers, providers, networks: what is made, and what answers about it."""

import time
import uuid

from bench_cloud import NETWORK, PLACEMENT, PLACEMENT_VERSION, running
from measure import median, wrk
from rows import measures

INVENTORY = {"resource_provider_generation": 0, "inventories": {
    "VCPU": {"total": 64, "allocation_ratio": 4.0}, "MEMORY_MB": {"total": 262144}, "DISK_GB": {"total": 4000}}}
CANDIDATES = PLACEMENT + "/allocation_candidates?resources=VCPU:1,MEMORY_MB:512,DISK_GB:1&limit=1000"


@measures("create_server", "create_servers")
def servers(bench):
    with running() as cloud, cloud.line() as line:
        for number in range(3):
            cloud.make_server(line, f"warm-{number}")
        bench.report("create_server", 1000 * median([cloud.make_server(line, f"one-{n}") for n in range(bench.times(50))]))
        cloud.make_servers(1)
        rates = []
        for _ in range(bench.turns):
            made, took = cloud.make_servers(bench.seconds)
            rates.append(made / took)
        bench.report("create_servers", max(rates), limit=durable_commits(bench), bare="SQLite's commits of one row")


def durable_commits(bench):
    from rows.storing import raw_commits
    return raw_commits(bench)


@measures("create_provider", "candidates_1000", "candidates_1000_rate", "candidates_10000")
def placement(bench):
    with running(furnished=False) as cloud, cloud.line(PLACEMENT_VERSION) as line:
        made = []

        def add(count):
            took = []
            for _ in range(count):
                one, begun = str(uuid.uuid4()), time.perf_counter()
                line.call("POST", PLACEMENT + "/resource_providers", {"name": f"bench-{one}", "uuid": one})
                line.call("PUT", f"{PLACEMENT}/resource_providers/{one}/inventories", INVENTORY)
                took.append((time.perf_counter() - begun) * 1000)
                made.append(one)
            return median(took)

        bench.report("create_provider", add(bench.count(1000)))
        bench.report("candidates_1000", line.time("GET", CANDIDATES, bench.times(20)),
                     note=f"{len(line.ask('GET', CANDIDATES)[1]):,} bytes")
        headers = {"X-Auth-Token": cloud.token, **PLACEMENT_VERSION}
        bench.report("candidates_1000_rate", wrk(cloud.url + CANDIDATES, 8, bench.seconds, headers).rate)
        add(bench.count(10_000) - len(made))
        bench.report("candidates_10000", line.time("GET", CANDIDATES, bench.times(20)))


@measures("create_network", "list_1000_ports")
def networks(bench):
    with running(furnished=False) as cloud, cloud.line() as line:
        def make():
            begun = time.perf_counter()
            network = line.call("POST", NETWORK + "/networks", {"network": {"name": "one"}})["network"]["id"]
            line.call("POST", NETWORK + "/subnets", {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.77.0.0/24"}})
            line.call("POST", NETWORK + "/ports", {"port": {"network_id": network}})
            return (time.perf_counter() - begun) * 1000 / 3

        make()
        bench.report("create_network", median([make() for _ in range(bench.times(100))]))
        ports = bench.count(1000)
        network = line.call("POST", NETWORK + "/networks", {"network": {"name": "many"}})["network"]["id"]
        line.call("POST", NETWORK + "/subnets", {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.78.0.0/20"}})
        for first in range(0, ports, 50):
            line.call("POST", NETWORK + "/ports", {"ports": [
                {"network_id": network, "name": f"p{first + n}"} for n in range(min(50, ports - first))]})
        path = f"{NETWORK}/ports?network_id={network}"
        bench.report("list_1000_ports", line.time("GET", path, bench.times(20)),
                     note=f"{ports} ports, {len(line.ask('GET', path)[1]):,} bytes")
