"""A gigabyte up and down."""

import http.client
import os
import subprocess
import time
from pathlib import Path

from bench_cloud import IMAGE, running
from limits import Nginx, disk, hashes
from rows import measures


@measures("image_upload", "image_download")
def images(bench):
    megabytes = bench.count(1024)
    with running(furnished=False) as cloud:
        source = Path(cloud.folder) / "source"
        with open(source, "wb") as file:
            for _ in range(megabytes):
                file.write(os.urandom(1 << 20))
        up, down, sent = [], [], []
        for _ in range(bench.turns):
            image = cloud.call("POST", IMAGE + "/images", {"name": "big", "disk_format": "raw", "container_format": "bare"})["id"]
            path = f"{IMAGE}/images/{image}/file"
            up.append(rate(megabytes, upload, cloud, path, source))
            down.append(rate(megabytes, fetch, cloud.url + path, f"X-Auth-Token: {cloud.token}"))
            cloud.call("DELETE", f"{IMAGE}/images/{image}")
        with Nginx(file=source) as nginx:
            sent = [rate(megabytes, fetch, nginx.url) for _ in range(bench.turns)]
        written = disk(cloud.folder, megabytes)
        hashed = hashes(min(megabytes, 256), ("md5", "sha512"))
        slower = min((written, "dd to the disk, synced"), (hashed, "md5 and sha512 of memory"))
        bench.report("image_upload", max(up), limit=slower[0], bare=slower[1], note=f"dd {written:.0f}, hashes {hashed:.0f}")
        bench.report("image_download", max(down), limit=max(sent), bare="nginx, sendfile")


def rate(megabytes, function, *arguments):
    begun = time.perf_counter()
    function(*arguments)
    return megabytes * 1.048576 / (time.perf_counter() - begun)


def upload(cloud, path, source):
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port(), timeout=600)
    with open(source, "rb") as file:
        connection.putrequest("PUT", path)
        for name, value in {"X-Auth-Token": cloud.token, "Content-Type": "application/octet-stream",
                            "Content-Length": str(source.stat().st_size)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.sock.sendfile(file)
    assert (status := connection.getresponse().status) == 204, status


def fetch(url, header="Accept: */*"):
    subprocess.run(["curl", "-sf", "-H", header, "-o", "/dev/null", url], check=True)
