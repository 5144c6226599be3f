"""What the programs of this folder share: their command lines, when a cloud is at rest, and how they end."""

import argparse

from cloud import wait_for
from whole_cloud import HOST, SIMULATED, WholeCloud

SETTLE = 300  # seconds, for all tasks to end after a start
LATENCY = """
[plugin.compute_simulator.config]
latency_ms = 20
state_directory = "{state}/simulator"
[tasks]
longest_pause = "1s"
"""


def command_line(about, rounds, option="--rounds"):
    """`rounds`: how many by default, of what `option` counts."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(option, type=int, default=rounds)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def choose_drivers(parser):
    parser.add_argument("--drivers", choices=["simulated", "host"], default="simulated")
    parser.add_argument("--guest-image")


def chosen_cloud(wanted, on_host=""):
    """Of choose_drivers(); `on_host`: its configuration beside the drivers."""
    return WholeCloud(HOST, on_host) if wanted.drivers == "host" else WholeCloud(SIMULATED, LATENCY)


def wait_for_rest(cloud):
    wait_for("all tasks to end", lambda: cloud.volutus("tasks", "--json") == [], SETTLE)


def disagreements(cloud):
    """What `volutus verify` finds, as at most one text."""
    try:
        cloud.volutus("verify")
    except AssertionError as found:
        return [f"verify: {found}"]
    return []


def ended(cloud, found):
    """Tells the differences that were found; the exit code. What can be looked at stays where there are some."""
    for line in found:
        print(f"difference: {line}")
    cloud.stop()
    if found:
        print(f"state and log are kept in {cloud.folder}")
        return 1
    cloud.discard()
    return 0
