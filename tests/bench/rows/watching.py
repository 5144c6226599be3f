"""Everybody who watches GET /events hears of one change."""

import json
import os
import subprocess
from pathlib import Path

from bench_cloud import running
from rows import measures

BUILD = Path(os.environ["VOLUTUS_BUILD_DIR"])


@measures("watchers")
def watchers(bench):
    with running(furnished=False) as cloud, cloud.line() as line:
        line.call("POST", "/identity/v3/regions", {"region": {"id": "watched"}})
        count = bench.count(1000)
        said = subprocess.run(
            [BUILD / "bin" / "watchers_bench", str(cloud.port()), cloud.token, str(count), str(bench.times(50)),
             "?kind=identity.region", "PATCH", "/identity/v3/regions/watched", '{"region": {"description": "%d"}}'],
            capture_output=True, text=True, check=True).stdout
    told = json.loads(said)
    bench.report("watchers", told["watched"], limit=told["bare"], bare=f"write() of the same {told['bytes']} bytes to each",
                 note=f"{count} watchers, from the request's sending to the last; at worst {told['longest']:.1f} ms")
