#!/usr/bin/env python3
"""Kills the real daemon at random instants while tenants, each on a thread of its own, create, change and delete servers,
ports, floating IPs, images, key pairs and projects. After each restart, without a hand on it, every task ends,
`volutus verify` finds documents, ledger, quota and backends in agreement, and all that a tenant was told is so.

The host's drivers run below own_host.sh.
"""

import http.client
import random
import sys
import threading
import time
from collections import Counter

from killing import choose_drivers, chosen_cloud, command_line, disagreements, ended, wait_for_rest
from kill_servers import RESTING, furnish

SPARE = """
[plugin.compute_service.config]
shutdown_timeout = 1
quota_instances = 6
"""


class Told:
    """What a tenant knows of one thing: it was acknowledged, and then perhaps its end was asked for, or told."""
    end_asked = end_told = False


class Tenant:
    def __init__(self, cloud, number, furniture, seed):
        self.cloud, self.name, self.chance = cloud, f"tenant-{number}", random.Random(f"{seed}/{number}")
        self.image, self.flavor, self.outside = furniture
        self.things = {plural: {} for plural in PATHS}
        self.told = Counter()
        self.numbers = 0
        self.settle()

    def settle(self):
        call = self.cloud.call
        project = call("POST", "/identity/v3/projects", {"project": {"name": self.name}})["project"]["id"]
        user = call("POST", "/identity/v3/users", {"user": {"name": self.name, "password": "secret"}})["user"]["id"]
        roles = {role["name"]: role["id"] for role in call("GET", "/identity/v3/roles")["roles"]}
        call("PUT", f"/identity/v3/projects/{project}/users/{user}/roles/{roles['member']}")
        self.token = self.cloud.issue_token(self.name, "secret", self.name)
        self.network = self.must("POST", "/network/v2.0/networks", {"network": {"name": "lan"}})["network"]["id"]
        subnet = self.must("POST", "/network/v2.0/subnets", {"subnet": {
            "network_id": self.network, "ip_version": 4, "cidr": "10.0.0.0/26"}})["subnet"]["id"]
        router = self.must("POST", "/network/v2.0/routers", {"router": {
            "name": "gate", "external_gateway_info": {"network_id": self.outside}}})["router"]["id"]
        self.must("PUT", f"/network/v2.0/routers/{router}/add_router_interface", {"subnet_id": subnet})

    def ask(self, method, path, body=None, token=None, headers=()):
        """The reply; None where nobody can tell what became of the request."""
        headers = {"X-Auth-Token": token or self.token, **dict(headers)}
        try:
            reply = self.cloud.ask(method, path, body, headers=headers, timeout=20)
        except (OSError, http.client.HTTPException, ValueError):
            self.told["lost"] += 1
            time.sleep(0.05) # it is down, or about to be
            return None
        self.told[reply.status] += 1
        return reply if reply.status != 503 else None

    def must(self, method, path, body=None):
        reply = self.ask(method, path, body)
        assert reply is not None and 200 <= reply.status < 300, f"{method} {path}: {reply}"
        return reply.json

    # ---- what it does, without an end ----

    def work(self, enough):
        while not enough.is_set():
            self.chance.choice(self.ACTS)(self)

    def fresh(self):
        self.numbers += 1
        return f"{self.name}-{self.numbers}"

    def create(self, plural, body, token=None):
        noun = next(iter(body))
        reply = self.ask("POST", PATHS[plural], body, token)
        if reply is None or reply.status >= 300:
            return None
        one = reply.json.get(noun, reply.json)
        self.things[plural][one[KEYS.get(plural, "id")]] = Told()
        return one

    def any(self, plural):
        there = [key for key, told in self.things[plural].items() if not told.end_asked]
        return self.chance.choice(there) if there else None

    def delete(self, plural, token=None):
        key = self.any(plural)
        if key is None:
            return
        told = self.things[plural][key]
        told.end_asked = True
        reply = self.ask("DELETE", f"{PATHS[plural]}/{key}", token=token)
        if reply is not None:
            told.end_told = reply.status < 300 or reply.status == 404
            told.end_asked = reply.status not in (403, 409) # in use: it stays

    def create_server(self):
        port = self.any("ports") if self.chance.random() < 0.3 else None
        nic = {"port": port} if port else {"uuid": self.network}
        self.create("servers", {"server": {"name": self.fresh(), "imageRef": self.image, "flavorRef": self.flavor,
                                           "networks": [nic]}})

    def change_server(self):
        if server := self.any("servers"):
            action = self.chance.choice([{"os-stop": None}, {"os-start": None}, {"reboot": {"type": "HARD"}}])
            self.ask("POST", f"/compute/v2.1/servers/{server}/action", action)

    def rename_server(self):
        if server := self.any("servers"):
            self.ask("PUT", f"/compute/v2.1/servers/{server}", {"server": {"name": self.fresh()}})

    def create_port(self):
        self.create("ports", {"port": {"network_id": self.network, "name": self.fresh()}})

    def change_port(self):
        if port := self.any("ports"):
            self.ask("PUT", f"/network/v2.0/ports/{port}", {"port": {"name": self.fresh()}})

    def create_floating_ip(self):
        wanted = {"floating_network_id": self.outside}
        if port := self.any("ports"):
            wanted["port_id"] = port
        self.create("floatingips", {"floatingip": wanted})

    def change_floating_ip(self):
        if address := self.any("floatingips"):
            port = self.chance.choice([None, self.any("ports")])
            self.ask("PUT", f"/network/v2.0/floatingips/{address}", {"floatingip": {"port_id": port}})

    def create_image(self):
        image = self.ask("POST", PATHS["images"], {"name": self.fresh(), "disk_format": "raw", "container_format": "bare"})
        if image is None or image.status >= 300:
            return
        image = image.json["id"]
        self.things["images"][image] = Told()
        data = self.chance.randbytes(1 << self.chance.randrange(10, 20))
        self.ask("PUT", f"{PATHS['images']}/{image}/file", data, headers={"Content-Type": "application/octet-stream"})

    def change_image(self):
        if image := self.any("images"):
            change = [{"op": "replace", "path": "/name", "value": self.fresh()}]
            self.ask("PATCH", f"{PATHS['images']}/{image}", change,
                     headers={"Content-Type": "application/openstack-images-v2.1-json-patch"})

    def create_keypair(self):
        self.create("os-keypairs", {"keypair": {"name": self.fresh()}})

    def create_project(self):
        self.create("projects", {"project": {"name": self.fresh()}}, self.cloud.token)

    def change_project(self):
        if project := self.any("projects"):
            self.ask("PATCH", f"{PATHS['projects']}/{project}", {"project": {"description": self.fresh()}},
                     self.cloud.token)

    def delete_project(self):
        self.delete("projects", self.cloud.token)

    ACTS = [create_server, create_server, change_server, rename_server, create_port, change_port, create_floating_ip,
            change_floating_ip, create_image, change_image, create_keypair, create_project, change_project,
            delete_project, *[lambda self, plural=plural: self.delete(plural) for plural in
                              ("servers", "servers", "ports", "floatingips", "images", "os-keypairs")]]

    # ---- what became of it ----

    def compare(self):
        """Lines about what is otherwise than this tenant was told; what ended is forgotten."""
        for plural, told in self.things.items():
            there = self.list(plural)
            for key, knows in list(told.items()):
                if key not in there:
                    del told[key]
                    if not knows.end_asked:
                        yield f"{plural} {key} was acknowledged, and is not there"
                elif knows.end_told:
                    yield f"{plural} {key} was deleted, and is there"
                else:
                    knows.end_asked = False # an end that was lost may be asked for again
            if plural == "servers":
                for one in there.values():
                    if one["status"] not in RESTING:
                        yield f"server {one['id']} stays in {one['status']} ({one['OS-EXT-STS:task_state']})"
                    elif one["status"] == "ERROR" and not one.get("fault", {}).get("message"):
                        yield f"server {one['id']} is in ERROR without a reason"

    def list(self, plural):
        path = {"servers": "/compute/v2.1/servers/detail"}.get(plural, PATHS[plural])
        token = self.cloud.token if plural == "projects" else self.token
        reply = self.ask("GET", path, token=token)
        assert reply is not None and reply.status == 200, f"{path}: {reply}"
        rows = [row["keypair"] if plural == "os-keypairs" else row
                for row in reply.json["keypairs" if plural == "os-keypairs" else plural]]
        return {row[KEYS.get(plural, "id")]: row for row in rows}


PATHS = {
    "servers": "/compute/v2.1/servers",
    "ports": "/network/v2.0/ports",
    "floatingips": "/network/v2.0/floatingips",
    "images": "/image/v2/images",
    "os-keypairs": "/compute/v2.1/os-keypairs",
    "projects": "/identity/v3/projects",
}
KEYS = {"os-keypairs": "name"}


def external_network(cloud):
    network = cloud.call("POST", "/network/v2.0/networks", {"network": {
        "name": "outside", "router:external": True, "provider:network_type": "flat",
        "provider:physical_network": "public"}})["network"]["id"]
    cloud.call("POST", "/network/v2.0/subnets", {"subnet": {
        "network_id": network, "ip_version": 4, "cidr": "172.24.4.0/24", "enable_dhcp": False}})
    return network


def main():
    parser = command_line(__doc__, rounds=12, option="--kills")
    parser.add_argument("--tenants", type=int, default=3)
    choose_drivers(parser)
    wanted = parser.parse_args()
    host = wanted.drivers == "host"
    moments = random.Random(wanted.seed)

    cloud = chosen_cloud(wanted, SPARE)
    cloud.start()
    image, flavor, _ = furnish(cloud, wanted.guest_image)
    furniture = (image, flavor, external_network(cloud))
    tenants = [Tenant(cloud, number, furniture, wanted.seed) for number in range(wanted.tenants)]
    found = []
    for kill in range(1, wanted.kills + 1):
        enough = threading.Event()
        threads = [threading.Thread(target=tenant.work, args=(enough,)) for tenant in tenants]
        for thread in threads:
            thread.start()
        time.sleep(moments.uniform(0.1, 10 if host else 1.5))
        cloud.kill()
        enough.set()
        for thread in threads:
            thread.join()
        cloud.start()
        wait_for_rest(cloud)
        differences = disagreements(cloud)
        for tenant in tenants:
            differences += [f"{tenant.name}: {line}" for line in tenant.compare()]
        found += [f"after kill {kill}: {line}" for line in differences]
    told = sum((tenant.told for tenant in tenants), Counter())
    print(f"seed {wanted.seed}: {wanted.kills} kills among {sum(told.values())} requests, answered {dict(told)}; "
          f"there are {dict((plural, sum(len(t.things[plural]) for t in tenants)) for plural in PATHS)}")
    return ended(cloud, found)


if __name__ == "__main__":
    sys.exit(main())
