"""What the cloud costs, row by row. See run.sh."""

import argparse
import importlib
import json
import os
import platform
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from rows import ROWS

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ["VOLUTUS_BUILD_DIR"])
AREAS = [file.stem for file in sorted((HERE / "rows").glob("*.py")) if file.stem != "__init__"]
QUICK = 100  # by which counts are divided


class Bench:
    def __init__(self, references, wanted):
        self.references, self.quick = references, wanted.quick
        self.seconds = 1 if wanted.quick else wanted.seconds
        self.turns = 1 if wanted.quick else 3
        self.largest = wanted.largest
        self.rows = []

    def count(self, full):
        """How many resources: less in a quick run."""
        return max(full // QUICK, 10) if self.quick else full

    def times(self, full):
        """How often something is repeated: less in a quick run."""
        return min(full, 2) if self.quick else full

    def report(self, name, value, limit=None, bare="", note=""):
        reference = self.references[name.partition(".")[0]]
        row = {"row": name, "what": reference["what"], "unit": reference["unit"], "value": value,
               "reach": reference.get("reach"), "share": reference.get("share"), "zed": reference.get("zed"),
               "limit": limit, "bare": bare, "note": note}
        self.rows.append(row)
        print(line(row), flush=True)


def less_is_better(unit):
    return unit in ("s", "ms", "x", "MiB")


def figure(value):
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def line(row):
    value, unit = row["value"], row["unit"]
    reach = row["reach"] if row["reach"] is not None else row["share"] * row["limit"] if row["share"] and row["limit"] else None
    met = "" if reach is None else "yes" if (value <= reach if less_is_better(unit) else value >= reach) else "no"
    of_limit = f"{value / row['limit']:.2f} of {figure(row['limit'])}, {row['bare']}" if row["limit"] else ""
    zed = ""
    if row["zed"]:
        zed = f"{figure(row['zed'] / value if less_is_better(unit) else value / row['zed'])} x"
    what = row["what"] + (row["row"][row["row"].index("."):].replace(".", " ") if "." in row["row"] else "")
    told = "; ".join(text for text in (of_limit, row["note"]) if text)
    return f"{what:<46}{figure(value):>9} {unit:<5}{figure(reach):>9} {met:<4}{zed:>9}   {told}".rstrip()


def command(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.strip()


def sizes():
    """Bytes of code and data that are loaded, without what debuggers read."""
    found = {}
    for file in [BUILD / "bin" / "volutusd", *sorted((BUILD / "lib").glob("*.so"))]:
        text, data, bss = command("size", str(file)).splitlines()[1].split()[:3]
        found[file.name] = int(text) + int(data) + int(bss)
    return found


def build_seconds():
    """What the steps of this build took, each as it was last done; a compiler cache makes it less."""
    log = BUILD / ".ninja_log"
    last = {}
    for entry in log.read_text().splitlines()[1:] if log.exists() else ():
        begun, ended, _, output, _ = entry.split("\t")
        last[output] = (int(ended) - int(begun)) / 1000
    return round(sum(last.values()), 1)


def settings():
    cache = (BUILD / "CMakeCache.txt").read_text()
    kind = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", cache, re.M)[1]
    flags = re.search(rf"^CMAKE_CXX_FLAGS_{kind.upper()}:\w+=(.*)$", cache, re.M)
    return {"type": kind, "flags": flags[1] if flags else ""}


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {"processors": os.cpu_count(), "model": model[1] if model else platform.machine(), "kernel": platform.release(),
            "load_before": os.getloadavg()[0]}


def main():
    for area in AREAS:
        importlib.import_module(f"rows.{area}")
    names = [name for group in ROWS.values() for name in group]
    parser = argparse.ArgumentParser(prog="tests/bench/run.sh")
    parser.add_argument("--out", type=Path, help="the JSON; default: bench.json in the folder of the build")
    parser.add_argument("--seconds", type=int, default=5, help="of each load")
    parser.add_argument("--largest", type=int, default=1_000_000, help="the largest table of the rows of growth")
    parser.add_argument("--quick", action="store_true", help="tiny counts: whether the rows work, not what they cost")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(names) + "; rows that are measured together come together")
    wanted = parser.parse_args()
    for name in wanted.rows:
        if name not in names:
            parser.error(f"no row {name}: {', '.join(names)}")
    references = tomllib.loads((HERE / "references.toml").read_text())

    host = machine()
    told = settings()
    if "-O2" not in told["flags"] and "-O3" not in told["flags"] and not wanted.quick:
        print(f"this is no release build: {told['type']} {told['flags']}", file=sys.stderr)
    if host["load_before"] > 0.5:
        print(f"the machine is not quiet, its load is {host['load_before']:.1f}: believe the shares of a limit, not the figures")
    print(f"{'':<46}{'here':>9} {'':<5}{'reach':>9} {'met':<4}{'of Zed':>9}   share of the bare limit", flush=True)
    bench, failed = Bench(references, wanted), []
    for function, group in ROWS.items():
        if wanted.rows and not set(group) & set(wanted.rows):
            continue
        try:
            function(bench)
        except Exception as error:  # one row that fails leaves the others
            failed.append(function.__name__)
            print(f"{', '.join(group)}: {type(error).__name__}: {error}", flush=True)
    host["load_after"] = os.getloadavg()[0]
    out = wanted.out or BUILD / "bench.json"
    out.write_text(json.dumps({
        "commit": command("git", "-C", str(HERE), "describe", "--always", "--dirty"), "quick": wanted.quick,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": host, "build": told | {"seconds": build_seconds()},
        "sizes": sizes(), "rows": bench.rows}, indent=1) + "\n")
    print(f"written: {out}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
