"""Tempest against a fresh cloud. See run.sh."""

import argparse
import re
import shutil
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import tempest_run
from tempest_cloud import configuration, furnish
from whole_cloud import HOST, SIMULATED, WholeCloud

HERE = Path(__file__).resolve().parent
PASSING = HERE / "passing.txt"
# Every test of the services that there are; another service adds its name.
ALL = r"^tempest\.(api\.(compute|identity|image|network)|scenario)\."
SECONDS = 6 * 3600


def areas(outcomes):
    """Outcomes by the part of Tempest that they belong to, such as api.compute.servers."""
    found = defaultdict(list)
    for one in outcomes:
        inner = re.search(r"\((.*)\)$", one.test)
        parts = (inner[1] if inner else one.test).split(".")[1:]
        found[".".join(part for part in parts[:4] if not part.startswith("test_") and part.islower())].append(one)
    return sorted(found.items())


def row(name, outcomes):
    counts = Counter(one.status for one in outcomes)
    print(f"{name:<28} {counts['passed']:>7} {counts['failed']:>7} {counts['skipped']:>8}", flush=True)
    return counts


def say_failures(outcomes):
    for one in outcomes:
        if one.status == "failed":
            print(f"  failed: {one.test}: {one.why}", flush=True)


def say_skips(outcomes):
    reasons = Counter(one.why or "without a reason" for one in outcomes if one.status == "skipped")
    print("\nskipped, and why (a class that is skipped as a whole counts once)")
    for why, count in reasons.most_common():
        print(f"{count:>5}  {why}")


def listed():
    return [line for line in PASSING.read_text().splitlines() if line and not line.startswith("#")]


def write_list(outcomes):
    passed = sorted(one.test for one in outcomes if one.status == "passed" and not one.test.startswith(("setUp", "tearDown")))
    head = [line for line in PASSING.read_text().splitlines() if line.startswith("#")] if PASSING.exists() else []
    PASSING.write_text("\n".join(head + passed) + "\n")
    print(f"{PASSING.name} lists {len(passed)} tests")


def compare(outcomes, tests):
    """Says which of `tests` have not passed; whether there are any."""
    came = {one.test: one for one in outcomes}
    broken = [test for test in tests if test not in came or came[test].status != "passed"]
    for test in broken:
        one = came.get(test)
        print(f"  no longer passes: {test}: {f'{one.status}: {one.why}' if one else 'it did not run'}")
    return bool(broken)


def run_suites(folder, suites, names, wanted):
    print(f"{'suite':<28} {'passed':>7} {'failed':>7} {'skipped':>8}", flush=True)
    bad = False
    for name in names:
        outcomes = tempest_run.run(folder, ["--regex", suites[name]["tests"]], wanted.workers, SECONDS)
        counts = row(name, outcomes)
        say_failures(outcomes)
        bad = bad or counts["failed"] > 0 or counts["passed"] == 0
    return bad


def run_all(folder, wanted):
    outcomes = tempest_run.run(folder, ["--regex", ALL], wanted.workers, SECONDS)
    print(f"{'area':<28} {'passed':>7} {'failed':>7} {'skipped':>8}", flush=True)
    for area, members in areas(outcomes):
        row(area, members)
        say_failures(members)
    row("all", outcomes)
    say_skips(outcomes)
    if wanted.update:
        write_list(outcomes)
        return False
    return compare(outcomes, listed())


def run_listed(folder, wanted):
    tests = [test for test in listed() if re.search(wanted.passing, test)]
    chosen = folder / "include.txt"
    chosen.write_text("".join(rf"^{re.escape(test)}(\[|$)" + "\n" for test in tests))
    outcomes = tempest_run.run(folder, ["--include-list", chosen], wanted.workers, SECONDS)
    print(f"{'listed':<28} {'passed':>7} {'failed':>7} {'skipped':>8}", flush=True)
    row(f"{len(tests)} tests", outcomes)
    say_failures(outcomes)
    slowest = sorted(outcomes, key=lambda one: -one.seconds)[:3]
    print("slowest: " + ", ".join(f"{one.test.rpartition('.')[2]} {one.seconds:.1f} s" for one in slowest))
    return compare(outcomes, tests) or not tests


def main():
    suites = tomllib.loads((HERE / "suites.toml").read_text())
    parser = argparse.ArgumentParser(prog="tests/conformance/run.sh")
    parser.add_argument("--drivers", choices=("simulated", "host"), default="simulated")
    parser.add_argument("--keep", action="store_true", help="keep Tempest's folder and log")
    parser.add_argument("--guest-image", type=Path, help="of contrib/images/build.sh; for the host's drivers")
    parser.add_argument("--workers", type=int, default=1, help="tests at once")
    parser.add_argument("--all", action="store_true", help="every test of the services that there are; prints the whole "
                        "table, and fails where a test of passing.txt does not pass")
    parser.add_argument("--update", action="store_true", help="with --all: writes what passed to passing.txt")
    parser.add_argument("--passing", metavar="REGEX", help="the tests of passing.txt that REGEX finds; all must pass")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(suites))
    wanted = parser.parse_args()
    guest = wanted.drivers == "host"
    if guest and not wanted.guest_image:
        parser.error("--drivers host needs --guest-image; contrib/images/build.sh makes one")
    if wanted.update and not wanted.all:
        parser.error("--update goes with --all")
    if (wanted.all + bool(wanted.passing) + bool(wanted.suites)) > 1:
        parser.error("--all, --passing and suites: one of them")
    names = wanted.suites or [name for name, suite in suites.items() if guest or not suite.get("guest")]
    for name in names:
        if name not in suites:
            parser.error(f"no suite {name}: {', '.join(suites)}")
        if suites[name].get("guest") and not guest:
            parser.error(f"{name} needs a guest: --drivers host")

    folder = Path(tempfile.mkdtemp(prefix="volutus-conformance-"))
    tempest_run.prepare(folder)
    cloud = WholeCloud(HOST if guest else SIMULATED)
    try:
        cloud.start()
        configuration(cloud, folder, *furnish(cloud, wanted.guest_image), guest)
        if wanted.all:
            bad = run_all(folder, wanted)
        elif wanted.passing:
            bad = run_listed(folder, wanted)
        else:
            bad = run_suites(folder, suites, names, wanted)
        errors = [line for line in cloud.log.read_text().splitlines() if re.search(r"\berror\b", line[:60], re.I)]
        for line in errors[:20]:
            print(f"the daemon said: {line}")
    finally:
        if wanted.keep:
            shutil.copy(cloud.log, folder / "volutusd.log")
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
        cloud.__exit__(None)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
