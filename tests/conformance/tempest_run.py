"""Runs Debian's Tempest in a folder with its configuration, and reads what came of each test."""

import io
import subprocess
import sys
from collections import namedtuple

import subunit
import testtools

Outcome = namedtuple("Outcome", "test status seconds why")  # status: passed, failed or skipped; why: the reason or error
STATUSES = {"success": "passed", "xfail": "passed", "fail": "failed", "uxsuccess": "failed", "inprogress": "failed",
            "skip": "skipped"}


def name_of(test):
    """Without the tags that Tempest puts behind it: a test keeps its name when its tags change."""
    return test.partition("[")[0]


def prepare(folder):
    (folder / "locks").mkdir()
    (folder / ".stestr.conf").write_text("[DEFAULT]\ntest_path=/usr/lib/python3/dist-packages/tempest/test_discover\n"
                                         "top_dir=/usr/lib/python3/dist-packages\n")
    subprocess.run(["stestr", "init"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def run(folder, selection, workers, seconds):
    """What came of each test that `selection`, options of `tempest run`, chooses. A class whose setup was skipped or failed
    is one outcome under the name `setUpClass (its name)`."""
    parallel = ["--serial"] if workers == 1 else ["--concurrency", str(workers)]
    process = subprocess.run(
        ["tempest", "run", "--config-file", folder / "tempest.conf", *selection, *parallel, "--subunit"],
        cwd=folder, capture_output=True, timeout=seconds, check=False)
    (folder / "last.subunit").write_bytes(process.stdout)
    outcomes = read(process.stdout)
    if not outcomes:
        print(process.stderr.decode(errors="replace")[-4000:], file=sys.stderr)
    return outcomes


def read(stream):
    found = []

    def keep(test):
        if test["status"] == "exists":
            return
        begun, ended = test["timestamps"]
        found.append(Outcome(name_of(test["id"]), STATUSES.get(test["status"], "failed"),
                             (ended - begun).total_seconds() if begun and ended else 0.0, reason(test["details"])))

    result = testtools.StreamToDict(keep)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(io.BytesIO(stream), non_subunit_name="stdout").run(result)
    result.stopTestRun()
    return found


def reason(details):
    """Of a skip, as it says; of a failure, its last line."""
    for name, content in details.items():
        if name == "reason":
            return content.as_text().strip()
    for name, content in details.items():
        if name.startswith("traceback"):
            lines = [line for line in content.as_text().strip().splitlines() if line.strip()]
            told = [line for line in lines if not line.startswith((" ", "\t")) and ": " in line]
            return (told or lines or [""])[-1].strip()[:300]
    return ""
