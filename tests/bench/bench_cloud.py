"""The cloud that is measured: every service, simulated hosts with room for all, no quotas, its store on the disk."""

import contextlib
import secrets
import time

from measure import Line, memory_of, wrk
from whole_cloud import SIMULATED, WholeCloud

COMPUTE, NETWORK, IMAGE, PLACEMENT = "/compute/v2.1", "/network/v2.0", "/image/v2", "/placement"
VERSIONS = {"OpenStack-API-Version": "compute 2.85", "X-OpenStack-Nova-API-Version": "2.85"}
PLACEMENT_VERSION = {"OpenStack-API-Version": "placement 1.36"}

# compute_simulator's hosts: servers of a bench never run out of room.
ROOM = """
[plugin.compute_simulator.config]
hosts = {hosts}
vcpus = 1000000
memory_mb = 1000000000
disk_gb = 100000000
[plugin.compute_service.config]
quota_instances = -1
quota_cores = -1
quota_ram = -1
[plugin.network_service.config.quota]
network = -1
subnet = -1
port = -1
[plugin.image_service.config]
quota_count = -1
quota_mib = -1
"""


class BenchCloud(WholeCloud):
    def __init__(self, hosts=10):
        super().__init__(SIMULATED, ROOM.format(hosts=hosts))
        self.flavor = self.image = None

    def line(self, headers=VERSIONS):
        self.token = self.token or self.issue_token()
        return Line(self.port(), self.token, headers)

    @property
    def headers(self):
        self.token = self.token or self.issue_token()
        return {"X-Auth-Token": self.token, **VERSIONS}

    def time_to_ready(self):
        """Starts the daemon: seconds until it says that it is ready."""
        begun = time.perf_counter()
        self.spawn()
        while not self.is_ready():
            time.sleep(0.002)
        return time.perf_counter() - begun

    def memory(self):
        return memory_of(self.process.pid)

    def furnish(self):
        """A flavor and an image to make servers of."""
        with self.line() as line:
            self.flavor = line.call("POST", COMPUTE + "/flavors", {"flavor": {"name": "tiny", "ram": 64, "vcpus": 1, "disk": 1}})["flavor"]["id"]
            self.image = line.call("POST", IMAGE + "/images", {"name": "tiny", "disk_format": "raw", "container_format": "bare"})["id"]
        reply = self.ask("PUT", f"{IMAGE}/images/{self.image}/file", b"tiny" * 128, headers={
            "X-Auth-Token": self.token, "Content-Type": "application/octet-stream"})
        assert reply.status == 204, reply
        return self

    def server(self, name):
        return {"server": {"name": name, "imageRef": self.image, "flavorRef": self.flavor, "networks": "none"}}

    def make_server(self, line, name):
        """Seconds until it is ACTIVE."""
        begun = time.perf_counter()
        path = f"{COMPUTE}/servers/" + line.call("POST", COMPUTE + "/servers", self.server(name))["server"]["id"]
        while (status := line.call("GET", path)["server"]["status"]) != "ACTIVE":
            assert status == "BUILD", status
            time.sleep(0.0005)
        return time.perf_counter() - begun

    def make_servers(self, seconds, connections=16):
        """How many, and in how many seconds all were ACTIVE."""
        begun = time.perf_counter()
        body = ('{"server": {"name": "%s", "imageRef": "' + self.image + '", "flavorRef": "' + self.flavor +
                '", "networks": "none"}}')
        made = wrk(f"{self.url}{COMPUTE}/servers", connections, seconds, self.headers | {"Content-Type": "application/json"},
                   posts(body)).requests
        with self.line() as line:
            while line.call("GET", COMPUTE + "/servers?limit=1&status=BUILD")["servers"]:
                time.sleep(0.05)
        return made, time.perf_counter() - begun

    def at_least_servers(self, wanted):
        """Makes as many as are missing, in bulks; for lists, whose speed does not hang on how they came to be."""
        with self.line() as line:
            while (missing := wanted - len(self.page(line, wanted))) > 0:
                line.call("POST", COMPUTE + "/servers", {"server": self.server("many")["server"] | {
                    "min_count": min(missing, 100), "max_count": min(missing, 100)}})
            while line.call("GET", COMPUTE + "/servers?limit=1&status=BUILD")["servers"]:
                time.sleep(0.02)

    def page(self, line, wanted):
        return line.call("GET", f"{COMPUTE}/servers?limit={min(wanted, 1000)}")["servers"]


def posts(body):
    """wrk's script that posts `body`, in which %s is another name each time."""
    return (f"local run = '{secrets.token_hex(4)}'\nlocal thread, number = 0, 0\n"
            "function setup(t) t:set('id', thread); thread = thread + 1 end\n"
            "function request()\n  number = number + 1\n"
            f"  return wrk.format('POST', nil, nil, string.format([==[{body}]==], run .. '-' .. id .. '-' .. number))\nend\n")


@contextlib.contextmanager
def running(hosts=10, furnished=True):
    with BenchCloud(hosts) as cloud:
        yield cloud.furnish() if furnished else cloud
