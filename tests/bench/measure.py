"""How a row is measured: a keep-alive client without ceremony, wrk, memory."""

import json
import re
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

median = statistics.median


class Line:
    """One keep-alive connection. Python's own client costs more than the requests that are measured here."""

    def __init__(self, port, token=None, headers=()):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sent = {"Host": f"127.0.0.1:{port}", **({"X-Auth-Token": token} if token else {}), **dict(headers)}
        self.head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        self.kept = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, method, path, body=None):
        """The status and the bytes of the reply."""
        sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n" if body is not None else ""
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\n{self.head}{kind}\r\n".encode() + sent)
        while (end := self.kept.find(b"\r\n\r\n")) < 0:
            self._more()
        head, rest = self.kept[:end], self.kept[end + 4:]
        status = int(head[9:12])
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        pieces, missing = [rest], (int(length[1]) if length else 0) - len(rest)
        while missing > 0:
            pieces.append(self.socket.recv(1 << 20))
            if not pieces[-1]:
                raise ConnectionError("the connection ended within a reply")
            missing -= len(pieces[-1])
        self.kept = b""
        return status, b"".join(pieces)

    def call(self, method, path, body=None):
        """The reply's JSON, of a request that must not be refused."""
        status, text = self.ask(method, path, body)
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path}: {status} {text[:500]!r}")
        return json.loads(text) if text else None

    def time(self, method, path, times):
        """The median of so many, in milliseconds."""
        took = []
        for _ in range(times + 1):
            begun = time.perf_counter()
            status, text = self.ask(method, path)
            took.append((time.perf_counter() - begun) * 1000)
            if status != 200:
                raise RuntimeError(f"{method} {path}: {status} {text[:500]!r}")
        return median(took[1:])

    def _more(self):
        more = self.socket.recv(1 << 20)
        if not more:
            raise ConnectionError("the connection ended before a reply")
        self.kept += more


class Load:
    """What wrk has seen."""

    def __init__(self, said):
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
        self.requests = int(re.search(r"(\d+) requests in", said)[1])
        refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
        self.refused = int(refused[1]) if refused else 0


def wrk(url, connections, seconds, headers=(), lua=""):
    """Load for so many seconds; none of the requests may be refused. `lua` is a script of wrk's, with wrk.headers set."""
    script = "".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n" for name, value in dict(headers).items()) + lua
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        said = subprocess.run(["wrk", "-t", str(min(2, connections)), "-c", str(connections), "-d", f"{seconds}s",
                               "--timeout", "60s", "-s", file.name, url], capture_output=True, text=True, check=True).stdout
    load = Load(said)
    if load.refused:
        raise RuntimeError(f"{url}: {load.refused} of {load.requests} requests were refused")
    return load


def children(pid):
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def memory_of(pid):
    """Proportional set size of a process and of those that it started, in MiB."""
    kilobytes = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    return int(kilobytes[1]) / 1024 + sum(memory_of(child) for child in children(pid))
