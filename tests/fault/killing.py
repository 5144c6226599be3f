"""What the programs of this folder share: their command lines, and how they end."""

import argparse


def command_line(about, rounds, option="--rounds"):
    """`rounds`: how many by default, of what `option` counts."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(option, type=int, default=rounds)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def choose_drivers(parser):
    parser.add_argument("--drivers", choices=["simulated", "host"], default="simulated")
    parser.add_argument("--guest-image")


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
