"""Scheduling decisions, by the program of this folder that asks the scheduler itself."""

from rows import measures
from rows.storing import rates


@measures("decisions_10000", "decisions_100000")
def decisions(bench):
    for hosts in (10_000, 100_000):
        there = bench.count(hosts)
        rate, = rates(bench, "scheduler_bench", str(there)).values()
        bench.report(f"decisions_{hosts}", rate, note=f"{there:,} hosts, no two with the same room")
