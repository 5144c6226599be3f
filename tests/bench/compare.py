#!/usr/bin/env python3
"""compare.py BEFORE.json AFTER.json: two runs of the bench, row by row. Exit code 1 when a row became worse by more than
--worse (default 1.2 times) both in itself and beside its bare limit, where it has one."""

import argparse
import json
import sys
from pathlib import Path


def less_is_better(unit):
    return unit in ("s", "ms", "x", "MiB", "bytes")


def times_better(unit, before, after):
    if not before or not after:
        return 1.0
    return before / after if less_is_better(unit) else after / before


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--worse", type=float, default=1.2)
    wanted = parser.parse_args()
    before, after = (json.loads(file.read_text()) for file in (wanted.before, wanted.after))
    for name, run in (("before", before), ("after", after)):
        machine = run["machine"]
        print(f"{name}: {run['commit']}, {run['at']}, load {machine['load_before']:.1f} to {machine['load_after']:.1f}, "
              f"{run['build']['type']}, built in {run['build']['seconds']:.0f} s of steps")
        if run["quick"]:
            print(f"{name} is a quick run: its figures say nothing")
    known = {row["row"]: row for row in before["rows"]}
    worse = []
    print(f"\n{'row':<36}{'before':>12}{'after':>12} {'unit':<6}{'better':>8}   beside its bare limit")
    for row in after["rows"]:
        was = known.pop(row["row"], None)
        if was is None:
            print(f"{row['row']:<36}{'':>12}{row['value']:>12,.2f} {row['unit']:<6}     new")
            continue
        better = times_better(row["unit"], was["value"], row["value"])
        shares = ""
        beside = better
        if row["limit"] and was["limit"]:
            shares = f"{was['value'] / was['limit']:.2f} -> {row['value'] / row['limit']:.2f}"
            beside = times_better(row["unit"], was["value"] / was["limit"], row["value"] / row["limit"])
        if max(better, beside) < 1 / wanted.worse:
            worse.append(row["row"])
        print(f"{row['row']:<36}{was['value']:>12,.2f}{row['value']:>12,.2f} {row['unit']:<6}{better:>7.2f}x   {shares}".rstrip())
    for name in known:
        print(f"{name:<36}was measured before only")
    for name in sorted(before["sizes"].keys() | after["sizes"].keys()):
        was, now = (run["sizes"].get(name, 0) for run in (before, after))
        if was != now:
            print(f"{name:<36}{was:>12,}{now:>12,} bytes {times_better('bytes', was, now):>7.2f}x")
    if worse:
        print(f"worse: {', '.join(worse)}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
