"""Durable applies, beside SQLite's own group commit; the programs of this folder measure both in one run."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from measure import median
from rows import measures

BUILD = Path(os.environ["VOLUTUS_BUILD_DIR"])


def rates(bench, program, *arguments):
    """Medians of what a program of this folder measures, by name, in items a second."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run([BUILD / "bin" / program, *arguments, f"--benchmark_out={out.name}",
                        f"--benchmark_repetitions={bench.times(7)}", f"--benchmark_min_time={0.01 if bench.quick else 0.2}"],
                       check=True, cwd=os.environ.get("TMPDIR", BUILD), stdout=subprocess.DEVNULL)
        told = json.load(out)
    found = {}
    for one in told["benchmarks"]:
        if one["run_type"] == "iteration":
            found.setdefault(re.sub(r"/real_time.*", "", one["name"]), []).append(one["items_per_second"])
    return {name: median(values) for name, values in found.items()}


def raw_commits(bench):
    return rates(bench, "store_bench", "--benchmark_filter=sqlite/group commit of writers/1/")["sqlite/group commit of writers/1"]


@measures("applies")
def applies(bench):
    found = rates(bench, "store_bench", "--benchmark_filter=writers/16/")
    bench.report("applies", found["store/applies of writers/16"], limit=found["sqlite/group commit of writers/16"],
                 bare="SQLite's group commit of 16 threads")
