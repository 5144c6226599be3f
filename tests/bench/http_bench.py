#!/usr/bin/env python3
"""An empty request through the real daemon, beside nginx serving the same bytes, in one run on one machine.

    VOLUTUS_BUILD_DIR=build/release PYTHONPATH=tests tests/bench/http_bench.py [--seconds N] [--connections N]

Rows: what, requests a second, latency at the median and the 99th percentile. Needs wrk and nginx.
"""

import argparse
import re
import socket
import subprocess
import tempfile
from pathlib import Path

from cloud import Cloud, toy, wait_for

WIDGETS = "/toy/v1/widgets"
NGINX = """
worker_processes auto;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location = /healthz {{ default_type text/plain; return 200 '{health}'; }}
        location = /toy/v1/widgets {{ default_type application/json; return 200 '{widgets}'; }}
    }}
}}
"""


class Nginx:
    def __init__(self, port, health, widgets):
        self.folder = tempfile.TemporaryDirectory(prefix="volutus-bench-")
        config = Path(self.folder.name) / "nginx.conf"
        config.write_text(NGINX.format(folder=self.folder.name, port=port, health=health, widgets=widgets))
        self.process = subprocess.Popen(["nginx", "-c", config, "-p", self.folder.name])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def measure(what, url, wanted):
    said = subprocess.run(["wrk", "-t", "2", "-c", str(wanted.connections), "-d", f"{wanted.seconds}s", "--latency", url],
                          capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)[1]
    median, late = (re.search(rf"{share}%\s+(\S+)", said)[1] for share in (50, 99))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    print(f"{what:<36}{float(rate):>10.0f}/s{median:>12}{late:>12}" + (f"  {refused[1]} refused!" if refused else ""), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=8)
    wanted = parser.parse_args()
    with Cloud(toy()) as cloud:
        ours = f"http://127.0.0.1:{cloud.port()}"
        health, widgets = (cloud.ask("GET", path).text for path in ("/healthz", WIDGETS))
        port = free_port()
        theirs = f"http://127.0.0.1:{port}"
        with Nginx(port, health.replace("\n", "\\n"), widgets):
            wait_for("nginx", lambda: subprocess.run(["curl", "-sf", "-o", "/dev/null", theirs + "/healthz"], check=False).returncode == 0)
            print(f"{'':<36}{'requests':>12}{'median':>12}{'99 %':>12}")
            for path in ("/healthz", WIDGETS):
                measure(f"volutusd {path}", ours + path, wanted)
                measure(f"nginx {path}", theirs + path, wanted)


if __name__ == "__main__":
    main()
