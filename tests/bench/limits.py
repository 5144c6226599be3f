"""The bare limits: the same bytes from nginx, the same gigabyte from sendfile, dd, the hash alone."""

import hashlib
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

CONFIG = """
worker_processes 2;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=16;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location = /text {{ default_type application/json; return 200 '{text}'; }}
        location = /file {{ alias {file}; }}
    }}
}}
"""
LONGEST_TEXT = 3500 # that fits a parameter of nginx's configuration


class Nginx:
    """Serves these bytes, from memory where they are few; or a file by sendfile."""

    def __init__(self, body=b"", file=None):
        self.folder = tempfile.TemporaryDirectory(prefix="volutus-bench-")
        folder = Path(self.folder.name)
        folder.chmod(0o755)
        text = ""
        if file is None and len(body) <= LONGEST_TEXT:
            # What its configuration would take for something else; the length stays.
            text = body.decode("latin-1").translate({ord("$"): "S", ord("'"): "`", ord("\\"): "/"})
        elif file is None:
            file = folder / "body"
            file.write_bytes(body)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/{'text' if text else 'file'}"
        config = folder / "nginx.conf"
        config.write_text(("user root;\n" if os.geteuid() == 0 else "") +
                          CONFIG.format(folder=folder, port=self.port, text=text, file=file or "/nothing"), "latin-1")
        self.process = subprocess.Popen(["nginx", "-c", config, "-p", folder])

    def __enter__(self):
        until = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except ConnectionRefusedError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.01)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


def disk(folder, megabytes):
    """What dd writes to the disk, synced, in MB/s."""
    file = Path(folder) / "dd"
    begun = time.perf_counter()
    subprocess.run(["dd", "if=/dev/zero", f"of={file}", "bs=1M", f"count={megabytes}", "conv=fsync"], check=True, stderr=subprocess.DEVNULL)
    took = time.perf_counter() - begun
    file.unlink()
    return megabytes * 1.048576 / took


def hashes(megabytes, names):
    """How fast these hashes together go over bytes in memory, in MB/s."""
    block = os.urandom(1 << 20)
    made = [hashlib.new(name) for name in names]
    begun = time.perf_counter()
    for _ in range(megabytes):
        for one in made:
            one.update(block)
    return megabytes * 1.048576 / (time.perf_counter() - begun)
