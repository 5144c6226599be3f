#!/usr/bin/env python3
"""Kills the real daemon while servers are created, changed and deleted. After each restart, without a hand on it, every
server is ACTIVE, in ERROR with a reason, or gone; `volutus verify` finds documents, hosts, networks, ledger and quota in
agreement; and a server that ran before goes on running while the daemon is down.

As many creates, changes and deletes as rounds are interrupted. The host's drivers run below own_host.sh.
"""

import http.client
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

from cloud import wait_for
from killing import SETTLE, choose_drivers, chosen_cloud, command_line, disagreements, ended, wait_for_rest

RESTING = {"ACTIVE", "ERROR", "SHUTOFF"}
CHANGES = [({"os-stop": None}, "SHUTOFF"), ({"reboot": {"type": "HARD"}}, "ACTIVE")]
IMPATIENT = """
[plugin.compute_service.config]
shutdown_timeout = 1 # a guest that still boots does not hear that it is to stop
"""


class Interrupted:
    def __init__(self, cloud, image, flavor, network, moments, longest):
        self.cloud, self.image, self.flavor, self.network = cloud, image, flavor, network
        self.moments, self.longest = moments, longest
        self.found = []
        self.told = Counter()

    def ask(self, method, path, body=None):
        """The reply; None where nobody can tell what became of the request."""
        try:
            return self.cloud.ask(method, path, body, headers={"X-Auth-Token": self.cloud.token}, timeout=20)
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def wanted(self, name):
        return {"server": {"name": name, "imageRef": self.image, "flavorRef": self.flavor,
                           "networks": [{"uuid": self.network}]}}

    def create(self, name):
        return self.cloud.call("POST", "/compute/v2.1/servers", self.wanted(name))["server"]["id"]

    def servers(self):
        return {one["id"]: one for one in self.cloud.call("GET", "/compute/v2.1/servers/detail")["servers"]}

    def kill_and_settle(self):
        time.sleep(self.moments.uniform(0, self.longest))
        self.cloud.kill()
        self.still_runs("while the daemon is down")
        self.cloud.start()
        wait_for_rest(self.cloud)

    def still_runs(self, when):
        """The guest that was there before; simulated ones have no process that could be looked at."""
        process = getattr(self, "process", None)
        if process and not Path(f"/proc/{process}").exists():
            self.found.append(f"the guest that ran ended {when}")

    def check(self, what, name, wanted):
        """`wanted`: what the server of that name may be; None where the answer was lost."""
        by_name = {one["name"]: one for one in self.servers().values()}
        for one in by_name.values():
            if one["status"] not in RESTING:
                self.found.append(f"{what}: {one['name']} stays in {one['status']} ({one['OS-EXT-STS:task_state']})")
            reason = one.get("fault", {}).get("message")
            if one["status"] == "ERROR":
                print(f"{what}: {one['name']} is in ERROR: {reason}")
            if one["status"] == "ERROR" and not reason:
                self.found.append(f"{what}: {one['name']} is in ERROR without a reason")
        outcome = by_name[name]["status"] if name in by_name else "gone"
        if wanted and outcome not in wanted:
            self.found.append(f"{what}: acknowledged, and {name} is {outcome}")
        self.told[outcome] += 1
        self.found += [f"{what}: {line}" for line in disagreements(self.cloud)]
        return by_name[name]["id"] if outcome == "ACTIVE" else None

    def interrupt(self, what, name, method, path, body, wanted):
        """The id of a server that is ACTIVE in the end."""
        reply = self.ask(method, path, body)
        acknowledged = reply is not None and reply.status in (202, 204)
        self.kill_and_settle()
        return self.check(what, name, wanted if acknowledged else None)

    def round(self, number):
        name = f"server-{number}"
        server = self.interrupt(f"create {number}", name, "POST", "/compute/v2.1/servers", self.wanted(name),
                                {"ACTIVE", "ERROR"})
        if not server:
            server = self.create(f"{name}-again")
            name = f"{name}-again"
            self.cloud.wait_for_server(server, patience=SETTLE)
        one = f"/compute/v2.1/servers/{server}"
        change, becomes = CHANGES[number % len(CHANGES)]
        self.interrupt(f"{next(iter(change))} {number}", name, "POST", one + "/action", change, {becomes, "ERROR"})
        self.interrupt(f"delete {number}", name, "DELETE", one, None, {"gone"})

    def clear(self, kept):
        for server_id in self.servers().keys() - {kept}:
            self.ask("DELETE", f"/compute/v2.1/servers/{server_id}")
        wait_for("the servers to be gone", lambda: self.servers().keys() <= {kept}, SETTLE)


def furnish(cloud, guest_image):
    image = cloud.call("POST", "/image/v2/images", {
        "name": "guest", "disk_format": "qcow2" if guest_image else "raw", "container_format": "bare",
        "visibility": "public"})["id"]
    data = Path(guest_image).read_bytes() if guest_image else os.urandom(1 << 16)
    reply = cloud.ask("PUT", f"/image/v2/images/{image}/file", data, timeout=120,
                      headers={"X-Auth-Token": cloud.token, "Content-Type": "application/octet-stream"})
    assert reply.status == 204, reply
    flavor = cloud.call("POST", "/compute/v2.1/flavors",
                        {"flavor": {"name": "tiny", "ram": 128, "vcpus": 1, "disk": 1}})["flavor"]["id"]
    network = cloud.call("POST", "/network/v2.0/networks", {"network": {"name": "lan"}})["network"]["id"]
    cloud.call("POST", "/network/v2.0/subnets", {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24"}})
    return image, flavor, network


def process_of(server_id):
    """The emulator that runs a server of the host's driver."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes()
        except OSError:
            continue
        if server_id.encode() in words and b"qemu" in words.split(b"\0")[0]:
            return int(command.parent.name)
    return None


def main():
    parser = command_line(__doc__, rounds=20)
    choose_drivers(parser)
    wanted = parser.parse_args()
    host = wanted.drivers == "host"

    cloud = chosen_cloud(wanted, IMPATIENT)
    cloud.start()
    image, flavor, network = furnish(cloud, wanted.guest_image)
    work = Interrupted(cloud, image, flavor, network, random.Random(wanted.seed), 2.5 if host else 0.4)
    kept = work.create("kept")
    cloud.wait_for_server(kept, patience=SETTLE)
    if host:
        work.process = process_of(kept)
        assert work.process, "the guest has no process"
    for number in range(wanted.rounds):
        work.round(number)
        work.clear(kept)
    cloud.wait_for_server(kept)
    work.still_runs("at some time")

    print(f"seed {wanted.seed}: {wanted.rounds} creates, changes and deletes interrupted; outcomes {dict(work.told)}")
    if not host or not work.found:
        cloud.call("DELETE", f"/compute/v2.1/servers/{kept}")
        wait_for("the last server to be gone", lambda: not work.servers(), SETTLE)
        cloud.call("DELETE", f"/network/v2.0/networks/{network}")
        wait_for_rest(cloud)
    return ended(cloud, work.found)


if __name__ == "__main__":
    sys.exit(main())
