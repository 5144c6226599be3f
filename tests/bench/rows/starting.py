"""Starts and memory."""

import time

from bench_cloud import BenchCloud, running
from measure import median
from rows import measures
from stock import copies


@measures("start_empty", "memory_idle", "start_to_active", "start_full")
def start(bench):
    with BenchCloud() as cloud:  # the first start also makes the store and the operator
        cloud.stop()
        bench.report("start_empty", median([restarted(cloud) for _ in range(bench.times(5))]))
        cloud.time_to_ready()
        time.sleep(bench.seconds)
        bench.report("memory_idle", cloud.memory(), note="after the first requests, on simulators")
        cloud.furnish()
        cloud.stop()

        begun = time.perf_counter()
        cloud.time_to_ready()
        with cloud.line() as line:
            cloud.make_server(line, "first")
        bench.report("start_to_active", time.perf_counter() - begun)

        documents = bench.count(100_000)
        network = cloud.call("POST", "/network/v2.0/networks", {"network": {"name": "copied"}})["network"]["id"]
        cloud.stop()
        copies(cloud, "network.network", network, documents)
        bench.report("start_full", median([restarted(cloud) for _ in range(bench.times(5))]), note=f"{documents:,} networks")


def restarted(cloud):
    took = cloud.time_to_ready()
    cloud.stop()
    return took


@measures("memory_full")
def memory(bench):
    hosts, servers = bench.count(10_000), bench.count(100_000)
    with running(hosts=hosts) as cloud:
        made = 0
        while made < servers:
            made += cloud.make_servers(bench.seconds)[0]
        bench.report("memory_full", cloud.memory(), note=f"{hosts:,} hosts, {made:,} servers")
