#!/usr/bin/env python3
"""Attacks the gateway of a whole cloud, one form after the other, while a good client goes on asking. After each attack
the gateway has let go of every connection and descriptor; its memory stays in bounds, and does not grow from one round of
all attacks to the next; nothing that an attacker smuggled was done; and the log has no ERROR.

    hostile.py [--rounds N] [--idle N] [--only NAME] [--seed N] [--judge]

Memory is what /proc says of the daemon (anonymous pages). What a good client waits (p99) is printed beside what it waits
in the quiet time before each round, for attacks that go on while they are measured as the median of the rounds. That says
something of the gateway only where it alone makes the client wait: the good client runs before everything else, as if on a
machine of its own, then the daemon, and the attackers last, as far as this user may set it. On a machine that does much
else the figure is of the machine; so it is judged, to stay below 3 times the quiet value, only with --judge, on a machine
that is otherwise idle. That a request waits for one turn at most, the unit test of the gateway's bounds proves by counting.
CI opens fewer idle connections than the 10,000 that --idle 10000 opens.
"""

import argparse
import contextlib
import http.client
import os
import random
import re
import resource
import select
import socket
import ssl
import statistics
import subprocess
import sys
import threading
import time

import cloud
from cloud import wait_for
from whole_cloud import SIMULATED, WholeCloud

MIB = 1 << 20
HELD = 64 * MIB  # gateway.limits.memory
GROWTH = 24 * MIB  # what allocators may keep from one round to the next
SLOWER = 3  # times its quiet p99 is what a good client may wait
SHORTEST = 2  # milliseconds: a shorter quiet p99 counts as this, for the machine's own slices of time are longer
MEASURED = 200  # requests of the good client that say what it waits
TOKENS = "/identity/v3/auth/tokens"  # takes a document from everybody
SITE = """
[gateway]
listen = [{{name = "main", address = "127.0.0.1", port = 0}},
          {{name = "tls", address = "127.0.0.1", port = 0, certificate = "{tls}/cert.pem", key = "{tls}/key.pem"}}]
[gateway.limits]
connections = 12000
connections_per_client = 3000
header_time = "1s"
memory = "64MiB"
"""


def reset(client):
    """An abrupt end, without the orderly close."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def put_first(client, daemon):
    """Before whatever else the machine does; False where this user may not."""
    try:
        os.sched_setscheduler(client, os.SCHED_RR, os.sched_param(1))
        for thread in os.listdir(f"/proc/{daemon}/task"):
            os.setpriority(os.PRIO_PROCESS, int(thread), -10)
    except PermissionError:
        return False
    return True


def answer(client, patience=cloud.PATIENCE):
    """All that comes until the other side closes."""
    client.settimeout(patience)
    got = b""
    try:
        while piece := client.recv(65536):
            got += piece
    except ConnectionError:
        pass
    return got


def ask_well(port, token):
    """A good client, in a process of its own: goes on asking, now on a connection that stands and now on a new one. A line
    a request: the status, or what went wrong, and the milliseconds that it took."""
    kept = None
    while True:
        for stands in (True, False):
            began = time.monotonic()
            try:
                connection = kept if stands and kept else http.client.HTTPConnection("127.0.0.1", port, timeout=cloud.PATIENCE)
                connection.request("GET", "/image/v2/images", headers={"X-Auth-Token": token})
                reply = connection.getresponse()
                reply.read()
                said = reply.status
                if stands:
                    kept = connection
                else:
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                said, kept = repr(error).replace(" ", "_"), None
            print(said, f"{1000 * (time.monotonic() - began):.2f}", flush=True)
        time.sleep(0.01)


class GoodClient:
    def __init__(self, site):
        self.took, self.wrong = [], []
        self.process = subprocess.Popen([sys.executable, "-B", __file__, "--good", str(site.port()), site.token],
                                        stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            said, milliseconds = line.split()
            self.took.append(float(milliseconds))
            if said != "200":
                self.wrong.append(said)

    @property
    def served(self):
        return len(self.took) - len(self.wrong)

    def p99(self, since):
        """In milliseconds, of the requests from that one on."""
        took = sorted(self.took[since:])
        return took[len(took) * 99 // 100] if took else 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Attacks:
    """Each method is an attack that ends by itself. What should not have been is said in `found`."""

    def __init__(self, site, seed, idle):
        self.site, self.random, self.idle_count = site, random.Random(seed), idle
        self.found = []

    def connect(self, number=0, listener="main"):
        # Another address for each thousand: no attacker has only one.
        return socket.create_connection(("127.0.0.1", self.site.port(listener)), cloud.PATIENCE,
                                        source_address=(f"127.0.1.{1 + number // 1000}", 0))

    def expect(self, request, statuses, what=None):
        """One request on a connection of its own, to its end."""
        with self.connect() as client:
            try:
                client.sendall(request)
                client.shutdown(socket.SHUT_WR)
            except ConnectionError:
                pass
            got = answer(client)
        status = int(got[9:12]) if got.startswith(b"HTTP/1.1 ") else 0
        if status not in statuses:
            self.found.append(f"{what or request[:120]!r}: answered {got[:100]!r}, expected {statuses}")
        return got

    @contextlib.contextmanager
    def going_on(self, attack, attackers=1):
        """Attackers, each of whom begins again and again, with the machine's lowest priority."""
        over = threading.Event()

        def go_on():
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
            try:
                while not over.is_set():
                    attack()
            except (OSError, ValueError) as error:
                self.found.append(f"{attack.__name__}: {error!r}")

        threads = [threading.Thread(target=go_on) for _ in range(attackers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def idle_connections(self):
        clients = [self.connect(number) for number in range(self.idle_count)]
        wait_for("all of them to be taken", lambda: self.site.connections() >= self.idle_count)
        yield  # memory is measured here
        for client in clients:
            client.close()

    def slow_headers(self):
        clients = {self.connect(number) for number in range(300)}
        for client in clients:
            client.setblocking(False)
        text, at = b"GET /identity/v3 HTTP/1.1\r\nHost: a\r\nX: ", 0
        until = time.monotonic() + cloud.PATIENCE
        while clients and time.monotonic() < until:
            for client in list(clients):
                try:
                    client.send(text[at:at + 1] or b"x")
                    ended = client.recv(4096) == b""
                except BlockingIOError:
                    ended = False
                except ConnectionError:
                    ended = True
                if ended:
                    clients.discard(client)
                    client.close()
            at += 1
            select.select([], [], [], 0.05)
        if clients:
            self.found.append(f"{len(clients)} of 300 slow headers were never cut")
        yield

    def header_bombs(self):
        clients = [self.connect(number) for number in range(200)]
        for client in clients:
            client.setblocking(False)
            for _ in range(3):  # 60 KiB of a header that does not end
                try:
                    client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000)
                except BlockingIOError:
                    break
        yield
        for client in clients:
            reset(client)
        start = b"GET /identity/v3 HTTP/1.1\r\nHost: a\r\n"
        self.expect(start + b"X: " + b"x" * 70_000, {431, 0})
        self.expect(start + b"X: y\r\n" * 300 + b"\r\n", {431})
        self.expect(b"GET /" + b"x" * 70_000, {414, 0})

    def body_bombs(self):
        clients = [self.connect(number) for number in range(600)]
        head = f"POST {TOKENS} HTTP/1.1\r\nHost: a\r\nContent-Length: 260000\r\n\r\n".encode()
        for client in clients:
            client.settimeout(2)
            try:
                client.sendall(head + b"x" * 259_000)  # and never the rest
            except OSError:
                pass  # cut: memory was short
        yield
        for client in clients:
            reset(client)
        post = f"POST {TOKENS} HTTP/1.1\r\nHost: a\r\n".encode()
        self.expect(post + b"Content-Length: 99999999999\r\n\r\n", {413})
        deep = b"[" * 100_000
        self.expect(post + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(deep) + deep, {400})

    def chunked_nonsense(self):
        post = f"POST {TOKENS} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        for body in (b"zz\r\n", b"-1\r\nx", b"0x5\r\nhello", b"fffffffffffffffff\r\n", b"5;" + b"x" * 9000, b"5\nhello\r\n0\r\n\r\n",
                     b"5\r\nhelloXX0\r\n\r\n", b"0\r\n" + b"T: " + b"t" * 9000, b"\r\n\r\n\r\n"):
            self.expect(post + body + b"\r\n0\r\n\r\n", {400, 413})
        for _ in range(20):
            self.expect(post + self.random.randbytes(200) + b"\r\n\r\n", {400, 413})
        # The smallest chunks that there are, of the largest document that there may be, and one beyond it.
        self.expect(post + b"1\r\n \r\n" * 300_000, {413, 0})
        yield

    def pipelined_floods(self):
        flood, left = b"GET /identity/v3 HTTP/1.1\r\nHost: a\r\n\r\n" * 5000, {}

        def read_and_send():
            while len(left) < 20:
                client = self.connect()
                client.setblocking(False)
                left[client] = b""
            readable, writable, _ = select.select(left, left, [], 0.1)
            for client in {*readable, *writable}:
                try:
                    if client in readable and not client.recv(MIB):
                        raise ConnectionError
                    if client in writable:
                        left[client] = left[client] or flood
                        left[client] = left[client][client.send(left[client]):]
                except ConnectionError:  # cut: with so much to do it was slow with the rest of a header
                    del left[client]
                    client.close()

        with self.going_on(read_and_send):
            yield
        for client in left:
            reset(client)

    def smuggled_requests(self):
        inner = (f"POST /image/v2/images HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {self.site.token}\r\nContent-Type: "
                 'application/json\r\nContent-Length: 19\r\n\r\n{"name":"smuggled"}').encode()
        start = f"POST {TOKENS} HTTP/1.1\r\nHost: a\r\n".encode()
        length = b"%d" % (len(inner) + 5)
        chunked = b"0\r\n\r\n" + inner
        for header in (b"Content-Length: " + length + b"\r\nTransfer-Encoding: chunked",
                       b"Transfer-Encoding: chunked\r\nContent-Length: " + length,
                       b"Transfer-Encoding : chunked\r\nContent-Length: " + length,
                       b"Transfer-Encoding: xchunked\r\nContent-Length: 5",
                       b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding:\x0bchunked",
                       b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
                       b"Content-Length: 5\r\nContent-Length: " + length, b"Content-Length: 5, 5",
                       b"Content-Length: +5", b"Content-Length: 0x5", b"Content-Length: 5 5", b"Content-Length:",
                       b"X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5",
                       b"X: y\nTransfer-Encoding: chunked", b"X: y\rTransfer-Encoding: chunked",
                       b"X: \0\r\nContent-Length: 5", b"Host: b\r\nContent-Length: 5"):
            got = self.expect(start + header + b"\r\n\r\n" + chunked, {400})
            if got.count(b"HTTP/1.1 ") > 1:
                self.found.append(f"{header!r} was answered twice")
        for line in (b"GET / HTTP/1.1\nHost: a\n\n", b"GET /\r\n\r\n", b" GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                     b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"):
            self.expect(line + inner, {400})
        names = [one["name"] for one in self.site.call("GET", "/image/v2/images")["images"]]
        if "smuggled" in names:
            self.found.append("a smuggled request was carried out")
        yield

    def paths_that_climb(self):
        headers = f"\r\nHost: a\r\nX-Auth-Token: {self.site.token}\r\nConnection: close\r\n\r\n".encode()
        for way in (b"../../../../etc/passwd", b"..%2f..%2f..%2f..%2fetc%2fpasswd", b"%2e%2e/%2e%2e/etc/passwd",
                    b"..%252f..%252fetc%252fpasswd", b"..\\..\\etc\\passwd", b"..%c0%af..%c0%afetc%c0%afpasswd",
                    b"%00", b"a%00b", b"/etc/passwd", b"....//....//etc/passwd", b"%ff%fe", b"x" * 4000, b"%2fetc%2fpasswd"):
            for path in (b"/image/v2/images/%s/file", b"/image/v2/images/%s", b"/compute/v2.1/servers/%s", b"/%s",
                         b"/identity/v3/users/%s"):
                got = self.expect(b"GET " + path % way + b" HTTP/1.1" + headers, {400, 404, 405}, path % way)
                if b"root:" in got:
                    self.found.append(f"{path % way!r} gave a file")
        yield

    def many_handshakes(self):
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

        def shake_hands():
            with trusting.wrap_socket(self.connect(listener="tls")):
                pass

        with self.going_on(shake_hands, 8):
            yield

    def broken_handshakes(self):
        clients = [self.connect(number, "tls") for number in range(200)]
        for client in clients:
            client.sendall(self.random.choice([b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/1.1\r\n\r\n",
                                               self.random.randbytes(300)]))
        yield
        for client in clients:
            reset(client)
        # One that renegotiates on and on; TLS 1.3 knows no such thing.
        done = subprocess.run(["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{self.site.port('tls')}"],
                              input=b"R\n" * 20, capture_output=True, timeout=cloud.PATIENCE, check=False)
        if b"no renegotiation" not in done.stderr:
            self.found.append(f"a client may renegotiate: {done.stderr[-200:]!r}")

    def abrupt_uploads(self):
        image = self.site.call("POST", "/image/v2/images", {"name": "cut", "disk_format": "raw", "container_format": "bare"})
        path = f"/image/v2/images/{image['id']}/file"
        head = (f"PUT {path} HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {self.site.token}\r\nContent-Type: application/octet-stream\r\n"
                "Content-Length: 10000000\r\n\r\n").encode()
        for number in range(20):
            client = self.connect()
            try:
                client.sendall(head + os.urandom(self.random.randrange(0, 300_000)))
            except ConnectionError:
                pass
            (reset if number % 2 else socket.socket.close)(client)
        yield
        wait_for("the image to be as before", lambda: self.site.call(
            "GET", f"/image/v2/images/{image['id']}")["status"] == "queued")
        self.site.call("DELETE", f"/image/v2/images/{image['id']}")

    def abrupt_downloads(self):
        image = self.site.call("POST", "/image/v2/images", {"name": "large", "disk_format": "raw", "container_format": "bare"})
        path = f"/image/v2/images/{image['id']}/file"
        token = {"X-Auth-Token": self.site.token}
        reply = self.site.ask("PUT", path, b"x" * (8 * MIB), timeout=cloud.PATIENCE,
                              headers={"Content-Type": "application/octet-stream", **token})
        assert reply.status == 204, reply
        clients = []
        for listener in ("main", "tls"):
            for _ in range(30):
                client = self.connect(listener=listener)
                if listener == "tls":
                    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
                    client = trusting.wrap_socket(client)
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nX-Auth-Token: {self.site.token}\r\n\r\n".encode())
                clients.append(client)
        for client in clients:
            client.recv(10_000)
        yield
        for client in clients:
            reset(client)
        self.site.call("DELETE", f"/image/v2/images/{image['id']}")


ATTACKS = [name for name in vars(Attacks) if not name.startswith("_") and name not in ("connect", "expect", "going_on")]
LASTING = ("pipelined_floods", "many_handshakes")  # for as long as they are measured


class Site(WholeCloud):
    def __init__(self):
        super().__init__(SIMULATED)
        cloud.certify(self.folder)
        self.write("99-z-hostile.toml", SITE.format(tls=self.folder))

    def memory(self):
        """Bytes of anonymous pages."""
        status = open(f"/proc/{self.process.pid}/status", encoding="ascii").read()
        return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) * 1024

    def descriptors(self):
        """Without those of the store, which opens readers as it needs them."""
        found, folder = 0, f"/proc/{self.process.pid}/fd"
        for number in os.listdir(folder):
            try:
                found += "/store.db" not in os.readlink(f"{folder}/{number}")
            except FileNotFoundError:
                pass
        return found

    def connections(self):
        return int(float(re.search(r"^volutus_http_connections (\S+)", self.ask("GET", "/metrics").text, re.M)[1]))


def attack(site, attacks, good, names, rounds, judge):
    wait_for("the good client to be served", lambda: good.served > 100)
    files, at_rest, after = site.descriptors(), site.memory(), []
    slower = {name: [] for name in LASTING if name in names}
    first_of_all = put_first(good.process.pid, site.process.pid)
    for number in range(rounds):
        first = len(good.took)
        wait_for("the good client to be served in quiet", lambda: len(good.took) > first + MEASURED)
        quiet = max(SHORTEST, good.p99(first))
        for name in names:
            served, first, began = good.served, len(good.took), time.monotonic()
            steps = getattr(attacks, name)()
            next(steps)
            enough = served + (MEASURED if name in LASTING else 10)
            wait_for("the good client to be served meanwhile", lambda: good.served > enough or good.wrong)
            height, p99 = site.memory() - at_rest, good.p99(first)
            if name in slower:
                slower[name].append(p99 / quiet)
            if height > 2 * HELD + attacks.idle_count * 24 * 1024:
                attacks.found.append(f"{name}: {height // MIB} MiB more than at rest")
            next(steps, None)
            # The good client has one or two of its own.
            wait_for(f"the connections of {name} to go", lambda: site.connections() <= 3)
            wait_for(f"the descriptors of {name} to go", lambda: site.descriptors() <= files + 3)
            print(f"{number} {name}: {height // MIB} MiB above rest, {good.served - served} good requests, p99 "
                  f"{p99:.1f} ms of {quiet:.1f} quiet, {time.monotonic() - began:.1f} s", flush=True)
        after.append(site.memory())
    for name, times in slower.items():
        print(f"{name}: p99 is {statistics.median(times):.1f} times the quiet one ({[round(one, 1) for one in times]})"
              f"{'' if first_of_all else ', beside what else the machine does'}")
        if judge and statistics.median(times) >= SLOWER:
            attacks.found.append(f"{name}: a good client waits {statistics.median(times):.1f} times as long as in quiet")
    # What is freed stays with the allocator for a while, so one round says little.
    half = len(after) // 2
    if half and min(after[half:]) > max(after[:half]) + GROWTH:
        attacks.found.append(f"memory grows: {[one // MIB for one in after]} MiB after each round")
    print(f"memory: {at_rest // MIB} MiB at rest, {[one // MIB for one in after]} after the rounds")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--idle", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--judge", action="store_true", help="what a good client waits; on a machine that is otherwise idle")
    parser.add_argument("--only", choices=ATTACKS, action="append")
    parser.add_argument("--good", nargs=2, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.good:
        ask_well(int(wanted.good[0]), wanted.good[1])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    assert wanted.idle + 1500 < hard, f"this host lets a process have {hard} files open: too few for --idle {wanted.idle}"

    with Site() as site:
        site.token = site.issue_token()
        attacks = Attacks(site, wanted.seed, wanted.idle)
        with GoodClient(site) as good:
            attack(site, attacks, good, wanted.only or ATTACKS, wanted.rounds, wanted.judge)
        attacks.found += [f"the good client: {one}" for one in good.wrong]
        assert site.volutus("verify", "--json") == []
        assert site.stop() == 0
    for one in attacks.found:
        print(f"wrong: {one}")
    return 1 if attacks.found else 0


if __name__ == "__main__":
    sys.exit(main())
