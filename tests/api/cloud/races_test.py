"""Many at once for what there is little of, and several writers of one document, on a whole cloud with simulated drivers."""

import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from cloud import wait_for
from whole_cloud import SIMULATED, WholeCloud

ROOM, WANTED = 50, 200
PATIENCE = 240
MORE = f"""
[plugin.compute_simulator.config]
hosts = 5
vcpus = {ROOM // 5}
[plugin.compute_service.config]
cpu_allocation_ratio = 1.0
quota_instances = -1
quota_cores = -1
quota_ram = -1
"""


class Races(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(WholeCloud(SIMULATED, MORE))
        call = cls.cloud.call
        cls.image = call("POST", "/image/v2/images", {
            "name": "guest", "disk_format": "raw", "container_format": "bare", "visibility": "public"})["id"]
        reply = cls.cloud.ask("PUT", f"/image/v2/images/{cls.image}/file", bytes(1 << 16),
                              headers={"X-Auth-Token": cls.cloud.token, "Content-Type": "application/octet-stream"})
        assert reply.status == 204, reply
        cls.flavor = call("POST", "/compute/v2.1/flavors", {
            "flavor": {"name": "one", "ram": 64, "vcpus": 1, "disk": 1}})["flavor"]["id"]
        cls.project = call("GET", "/identity/v3/auth/tokens", headers={"X-Subject-Token": cls.cloud.token})["token"]["project"]["id"]

    def tearDown(self):
        self.cloud.volutus("verify")

    def ask(self, method, path, body=None, headers=()):
        return self.cloud.ask(method, path, body, headers={"X-Auth-Token": self.cloud.token, **dict(headers)}, timeout=120)

    def at_once(self, count, call, threads=32):
        with ThreadPoolExecutor(min(count, threads)) as pool:
            return list(pool.map(call, range(count)))

    def create_servers(self, count):
        return self.at_once(count, lambda n: self.ask("POST", "/compute/v2.1/servers", {"server": {
            "name": f"many-{n}", "imageRef": self.image, "flavorRef": self.flavor, "networks": "none"}},
            {"OpenStack-API-Version": "compute 2.37"}))

    def resting(self):
        servers = self.cloud.call("GET", "/compute/v2.1/servers/detail?limit=1000")["servers"]
        return servers if all(one["status"] in ("ACTIVE", "ERROR") for one in servers) else None

    def clear(self, servers):
        self.at_once(len(servers), lambda n: self.ask("DELETE", f"/compute/v2.1/servers/{servers[n]['id']}"))
        wait_for("the servers to be gone", lambda: not self.cloud.call("GET", "/compute/v2.1/servers")["servers"], PATIENCE)

    def network(self, name, **subnet):
        network = self.cloud.call("POST", "/network/v2.0/networks", {"network": {"name": name}})["network"]["id"]
        self.cloud.call("POST", "/network/v2.0/subnets", {"subnet": {
            "network_id": network, "ip_version": 4, "cidr": "10.9.0.0/24", "enable_dhcp": False, **subnet}})
        return network

    def test_as_many_servers_run_as_there_is_room_for_and_the_others_say_what_is_short(self):
        replies = self.create_servers(WANTED)
        self.assertEqual(Counter(reply.status for reply in replies), {202: WANTED})
        servers = wait_for("all servers to rest", self.resting, PATIENCE)
        self.assertEqual(Counter(one["status"] for one in servers), {"ACTIVE": ROOM, "ERROR": WANTED - ROOM})
        for one in servers:
            if one["status"] == "ERROR":
                self.assertIn("No valid host was found", one["fault"]["message"])
                self.assertIn("VCPU", one["fault"]["message"])
        self.cloud.volutus("verify")
        self.clear(servers)

    def test_a_quota_is_given_out_to_its_last_core(self):
        self.cloud.call("PUT", f"/compute/v2.1/os-quota-sets/{self.project}", {"quota_set": {"cores": 10}})
        replies = self.create_servers(60)
        self.assertEqual(Counter(reply.status for reply in replies), {202: 10, 403: 50})
        for reply in replies:
            if reply.status == 403:
                self.assertEqual(reply.json["forbidden"]["message"],
                                 "Quota exceeded for cores: Requested 1, but already used 10 of 10 cores")
        self.clear(wait_for("all servers to rest", self.resting, PATIENCE))
        self.cloud.call("DELETE", f"/compute/v2.1/os-quota-sets/{self.project}", code=202)

    def test_networks_end_at_their_quota(self):
        before = len(self.cloud.call("GET", "/network/v2.0/networks")["networks"])
        self.cloud.call("PUT", f"/network/v2.0/quotas/{self.project}", {"quota": {"network": before + 5}})
        replies = self.at_once(30, lambda n: self.ask("POST", "/network/v2.0/networks", {"network": {"name": f"n{n}"}}))
        self.assertEqual(Counter(reply.status for reply in replies), {201: 5, 409: 25})
        for reply in replies:
            if reply.status == 409:
                self.assertEqual(reply.json["NeutronError"]["type"], "OverQuota")
        self.cloud.call("DELETE", f"/network/v2.0/quotas/{self.project}")

    def test_each_address_of_a_subnet_is_given_once(self):
        network = self.network("small", allocation_pools=[{"start": "10.9.0.10", "end": "10.9.0.19"}])
        replies = self.at_once(60, lambda _: self.ask("POST", "/network/v2.0/ports", {"port": {"network_id": network}}))
        self.assertEqual(Counter(reply.status for reply in replies), {201: 10, 409: 50})
        given = [reply.json["port"]["fixed_ips"][0]["ip_address"] for reply in replies if reply.status == 201]
        self.assertEqual(sorted(given), [f"10.9.0.{n}" for n in range(10, 20)])
        for reply in replies:
            if reply.status == 409:
                self.assertEqual(reply.json["NeutronError"]["type"], "IpAddressGenerationFailure")
                self.assertEqual(reply.json["NeutronError"]["message"],
                                 f"No more IP addresses available on network {network}.")

    def test_one_address_that_all_want_is_one_ports(self):
        network = self.network("wanted")
        replies = self.at_once(24, lambda _: self.ask("POST", "/network/v2.0/ports", {"port": {
            "network_id": network, "fixed_ips": [{"ip_address": "10.9.0.77"}]}}))
        self.assertEqual(Counter(reply.status for reply in replies), {201: 1, 409: 23})
        for reply in replies:
            if reply.status == 409:
                self.assertEqual(reply.json["NeutronError"]["type"], "IpAddressAlreadyAllocated")

    def test_a_name_that_is_one_only_is_given_once(self):
        image = "11111111-2222-4333-8444-555555555555"
        for path, body in (
                ("/compute/v2.1/flavors", {"flavor": {"name": "same", "ram": 1, "vcpus": 1, "disk": 1}}),
                ("/compute/v2.1/os-keypairs", {"keypair": {"name": "same"}}),
                ("/identity/v3/projects", {"project": {"name": "same", "domain_id": "default"}}),
                ("/identity/v3/users", {"user": {"name": "same", "domain_id": "default"}}),
                ("/identity/v3/groups", {"group": {"name": "same", "domain_id": "default"}}),
                ("/identity/v3/roles", {"role": {"name": "same"}}),
                ("/identity/v3/domains", {"domain": {"name": "same"}}),
                ("/placement/resource_providers", {"name": "same"}),
                ("/image/v2/images", {"name": "any", "id": image})):
            with self.subTest(path=path):
                replies = self.at_once(12, lambda _, path=path, body=body: self.ask("POST", path, body))
                self.assertEqual(Counter(reply.status // 100 * 100 if reply.status < 400 else reply.status
                                         for reply in replies), {200: 1, 409: 11}, replies)

    def test_a_new_projects_first_group_is_made_once(self):
        project = self.cloud.call("POST", "/identity/v3/projects", {"project": {"name": "fresh"}})["project"]["id"]
        replies = self.at_once(8, lambda n: self.ask("POST", "/network/v2.0/security-groups", {
            "security_group": {"name": f"group-{n}", "project_id": project}}))
        self.assertEqual({reply.status for reply in replies}, {201}, replies)
        groups = self.cloud.call("GET", f"/network/v2.0/security-groups?project_id={project}")["security_groups"]
        self.assertEqual(Counter(one["name"] for one in groups)["default"], 1)

    def test_what_several_write_into_one_document_is_all_there(self):
        reply = self.create_servers(1)[0]
        server = reply.json["server"]["id"]
        self.cloud.wait_for_server(server)
        port = self.cloud.call("POST", "/network/v2.0/ports", {"port": {"network_id": self.network("tags")}})["port"]["id"]
        keys = [f"key{n}" for n in range(40)]
        newest = {"OpenStack-API-Version": "compute 2.85"}
        one = f"/compute/v2.1/servers/{server}"
        for what, write, read in (
                ("metadata", lambda key: self.ask("PUT", f"{one}/metadata/{key}", {"meta": {key: key}}),
                 lambda: self.cloud.call("GET", f"{one}/metadata")["metadata"]),
                ("server tags", lambda key: self.ask("PUT", f"{one}/tags/{key}", headers=newest),
                 lambda: self.cloud.call("GET", f"{one}/tags", headers=newest)["tags"]),
                ("flavor's specs", lambda key: self.ask("POST", f"/compute/v2.1/flavors/{self.flavor}/os-extra_specs",
                                                        {"extra_specs": {f"hw:{key}": key}}),
                 lambda: [key[3:] for key in self.cloud.call(
                     "GET", f"/compute/v2.1/flavors/{self.flavor}/os-extra_specs")["extra_specs"]]),
                ("port's tags", lambda key: self.ask("PUT", f"/network/v2.0/ports/{port}/tags/{key}"),
                 lambda: self.cloud.call("GET", f"/network/v2.0/ports/{port}/tags")["tags"]),
                ("image's tags", lambda key: self.ask("PUT", f"/image/v2/images/{self.image}/tags/{key}"),
                 lambda: self.cloud.call("GET", f"/image/v2/images/{self.image}")["tags"])):
            with self.subTest(what=what):
                replies = self.at_once(len(keys), lambda n, write=write: write(keys[n]))
                self.assertLess(max(reply.status for reply in replies), 300, replies)
                self.assertEqual(sorted(read()), sorted(keys))
        for key in keys:
            self.cloud.call("DELETE", f"/compute/v2.1/flavors/{self.flavor}/os-extra_specs/hw:{key}")
        self.clear([{"id": server}])

    def test_of_those_who_name_the_generation_they_saw_one_wins(self):
        provider = self.cloud.call("POST", "/placement/resource_providers", {"name": "written"},
                                   headers={"OpenStack-API-Version": "placement 1.20"})
        replies = self.at_once(16, lambda n: self.ask(
            "PUT", f"/placement/resource_providers/{provider['uuid']}/inventories",
            {"resource_provider_generation": provider["generation"], "inventories": {"VCPU": {"total": n + 1}}}))
        self.assertEqual(Counter(reply.status for reply in replies), {200: 1, 409: 15})


if __name__ == "__main__":
    unittest.main()
