"""Idempotency-Key on a whole cloud: every create of every service takes it, also over a kill of the daemon."""

import json
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from whole_cloud import SIMULATED, WholeCloud

PATIENT = """
[plugin.compute_simulator.config]
state_directory = "{state}/simulator"
"""
MEMBER = "secret-of-a-member"
# What a create needs, for those whose body is not {} in the envelope that stands here. {name} is one of its own.
BODIES = {
    "POST /compute/v2.1/servers": '{{"server": {{"name": "{name}", "imageRef": "{image}", "flavorRef": "{flavor}", "networks": "none"}}}}',
    "POST /compute/v2.1/flavors": '{{"flavor": {{"name": "{name}", "ram": 1, "vcpus": 1, "disk": 1}}}}',
    "POST /compute/v2.1/os-keypairs": '{{"keypair": {{"name": "{name}"}}}}',
    "POST /network/v2.0/networks": '{{"network": {{"name": "{name}"}}}}',
    "POST /network/v2.0/subnets": '{{"subnet": {{"network_id": "{network}", "ip_version": 4, "cidr": "10.8.0.0/24"}}}}',
    "POST /network/v2.0/ports": '{{"port": {{"network_id": "{network}", "name": "{name}"}}}}',
    "POST /network/v2.0/routers": '{{"router": {{"name": "{name}"}}}}',
    "POST /network/v2.0/security-groups": '{{"security_group": {{"name": "{name}"}}}}',
    "POST /network/v2.0/security-group-rules":
        '{{"security_group_rule": {{"security_group_id": "{group}", "direction": "ingress", "protocol": "tcp"}}}}',
    "POST /network/v2.0/subnetpools": '{{"subnetpool": {{"name": "{name}", "prefixes": ["10.64.0.0/16"], "default_prefixlen": 24}}}}',
    "POST /network/v2.0/floatingips": '{{"floatingip": {{"floating_network_id": "{outside}"}}}}',
    "POST /image/v2/images": '{{"name": "{name}"}}',
    "POST /image/v2/images/{image_id}/members": '{{"member": "{project}"}}',
    "POST /placement/resource_providers": '{{"name": "{name}"}}',
    "POST /identity/v3/projects": '{{"project": {{"name": "{name}"}}}}',
    "POST /identity/v3/users": '{{"user": {{"name": "{name}"}}}}',
    "POST /identity/v3/groups": '{{"group": {{"name": "{name}"}}}}',
    "POST /identity/v3/roles": '{{"role": {{"name": "{name}"}}}}',
    "POST /identity/v3/domains": '{{"domain": {{"name": "{name}"}}}}',
    "POST /identity/v3/credentials": '{{"credential": {{"type": "totp", "blob": "{name}", "user_id": "{user}"}}}}',
    "POST /identity/v3/policies": '{{"policy": {{"type": "text", "blob": "{name}"}}}}',
    "POST /identity/v3/regions": '{{"region": {{}}}}',
    "POST /identity/v3/services": '{{"service": {{"type": "{name}", "name": "{name}"}}}}',
    "POST /identity/v3/endpoints": '{{"endpoint": {{"service_id": "{service}", "interface": "public", "url": "http://cloud.test/"}}}}',
    "POST /identity/v3/OS-TRUST/trusts":
        '{{"trust": {{"trustor_user_id": "{user}", "trustee_user_id": "{user}", "impersonation": false, '
        '"project_id": "{project}", "roles": [{{"name": "admin"}}]}}}}',
}


def creates_of(cloud):
    """The routes that declare the header, as the services' own documents list them, each by its shortest path."""
    found = set()
    for mount, prefix in (("compute", "/v2.1"), ("network", "/v2.0"), ("image", "/v2"), ("placement", ""), ("identity", "/v3")):
        document = cloud.ask("GET", f"/{mount}/openapi.json").json
        for path, methods in document["paths"].items():
            parameters = methods.get("post", {}).get("parameters", [])
            if path.startswith(prefix) and "{project_id}" not in path and any(one["name"] == "Idempotency-Key" for one in parameters):
                found.add(f"POST /{mount}{path}")
    return found


class CreateKeys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(WholeCloud(SIMULATED, PATIENT))
        call = cls.cloud.call
        cls.cloud.token = cls.cloud.issue_token()
        token = call("GET", "/identity/v3/auth/tokens", headers={"X-Subject-Token": cls.cloud.token})["token"]
        cls.things = {
            "project": token["project"]["id"], "user": token["user"]["id"],
            "image": cls.image(), "flavor": call("POST", "/compute/v2.1/flavors", {
                "flavor": {"name": "tiny", "ram": 64, "vcpus": 1, "disk": 1}})["flavor"]["id"],
            "network": call("POST", "/network/v2.0/networks", {"network": {"name": "lan"}})["network"]["id"],
            "group": call("POST", "/network/v2.0/security-groups", {"security_group": {"name": "web"}})["security_group"]["id"],
            "outside": call("POST", "/network/v2.0/networks", {
                "network": {"name": "outside", "router:external": True}})["network"]["id"],
            "service": call("POST", "/identity/v3/services", {"service": {"type": "sample"}})["service"]["id"]}
        call("POST", "/network/v2.0/subnets", {"subnet": {
            "network_id": cls.things["outside"], "ip_version": 4, "cidr": "192.0.2.0/24", "enable_dhcp": False}})

    @classmethod
    def image(cls):
        image = cls.cloud.call("POST", "/image/v2/images", {
            "name": "guest", "disk_format": "raw", "container_format": "bare", "visibility": "shared"})["id"]
        reply = cls.cloud.ask("PUT", f"/image/v2/images/{image}/file", bytes(1 << 16),
                              headers={"X-Auth-Token": cls.cloud.token, "Content-Type": "application/octet-stream"})
        assert reply.status == 204, reply
        return image

    def create(self, path, body, key, token=None):
        return self.cloud.ask("POST", path, body, timeout=120, headers={
            "X-Auth-Token": token or self.cloud.token, "Idempotency-Key": key, "OpenStack-API-Version": "compute 2.37"})

    def wanted(self, route, name):
        return json.loads(BODIES[route].format(name=name, **self.things)), route.removeprefix("POST ").replace(
            "{image_id}", self.things["image"])

    def member(self, name):
        """A token of a member of a project of its own."""
        call = self.cloud.call
        project = call("POST", "/identity/v3/projects", {"project": {"name": name}})["project"]["id"]
        user = call("POST", "/identity/v3/users", {"user": {"name": name, "password": MEMBER}})["user"]["id"]
        role = call("GET", "/identity/v3/roles?name=member")["roles"][0]["id"]
        call("PUT", f"/identity/v3/projects/{project}/users/{user}/roles/{role}")
        return self.cloud.issue_token(name, MEMBER, name)

    def networks(self, name):
        return self.cloud.call("GET", f"/network/v2.0/networks?name={name}")["networks"]

    def test_every_create_of_every_service_answers_a_repeat_with_its_first_answer(self):
        creates = creates_of(self.cloud)
        self.assertEqual(creates, set(BODIES), "a create has no body here, or a body has no create")
        for route in sorted(creates):
            with self.subTest(route=route):
                body, path = self.wanted(route, "once")
                first = self.create(path, body, "walk")
                self.assertLess(first.status, 300, first)
                self.assertIsNone(first.headers["Idempotent-Replayed"])
                again = self.create(path, body, "walk")
                self.assertEqual((again.status, again.text, again.headers["Idempotent-Replayed"]),
                                 (first.status, first.text, "true"))
                self.assertEqual(again.headers["Location"], first.headers["Location"])
                other = self.create(path + "?other=1", body, "walk")
                self.assertEqual(other.status, 422, other)
                self.assertEqual(self.create(path, body, "not a key").status, 400)
        self.cloud.volutus("verify")

    def test_the_answer_lasts_over_a_kill(self):
        for route in ("POST /compute/v2.1/servers", "POST /compute/v2.1/os-keypairs", "POST /network/v2.0/ports",
                      "POST /identity/v3/projects"):
            with self.subTest(route=route):
                body, path = self.wanted(route, "over-a-kill")
                first = self.create(path, body, "kill")
                self.assertLess(first.status, 300, first)
                self.cloud.kill()
                self.cloud.start()
                again = self.create(path, body, "kill")
                self.assertEqual((again.status, again.text), (first.status, first.text))

    def test_a_create_that_a_kill_interrupts_is_made_once(self):
        for number in range(6):
            name = f"interrupted-{number}"
            body, path = self.wanted("POST /network/v2.0/networks", name)
            with ThreadPoolExecutor(4) as pool:
                asked = [pool.submit(self.create, path, body, f"{name}-{n % 2}") for n in range(4)]
                if number % 2:
                    next(iter(asked)).exception()
                self.cloud.kill()
                pool.shutdown()
            self.cloud.start()
            answers = {n: self.create(path, body, f"{name}-{n}") for n in range(2)}
            made = sorted(one["id"] for one in self.networks(name))
            self.assertEqual(sorted(one.json["network"]["id"] for one in answers.values()), made)
        self.cloud.volutus("verify")

    def test_of_equal_creates_at_once_one_is_made(self):
        body, path = self.wanted("POST /network/v2.0/networks", "at-once")
        with ThreadPoolExecutor(16) as pool:
            replies = list(pool.map(lambda _: self.create(path, body, "at-once"), range(16)))
        told = Counter(reply.status for reply in replies)
        self.assertEqual(told[201] + told[409], 16, replies)
        self.assertGreater(told[201], 0)
        self.assertEqual(len({reply.json["network"]["id"] for reply in replies if reply.status == 201}), 1)
        self.assertEqual(len(self.networks("at-once")), 1)

    def test_another_tenants_key_is_another(self):
        body, path = self.wanted("POST /network/v2.0/networks", "shared-key")
        mine = self.create(path, body, "tenants").json["network"]
        theirs = self.create(path, body, "tenants", self.member("stranger"))
        self.assertEqual(theirs.status, 201, theirs)
        self.assertIsNone(theirs.headers["Idempotent-Replayed"])
        self.assertNotEqual(theirs.json["network"]["id"], mine["id"])

    def test_no_secret_of_an_answer_lies_in_the_state_directory(self):
        body, path = self.wanted("POST /compute/v2.1/os-keypairs", "secret")
        told = self.create(path, body, "a-key-that-nobody-stores").json["keypair"]["private_key"]
        self.cloud.stop()
        lines = [line.encode() for line in told.splitlines() if len(line) > 40]
        for file in self.cloud.state.glob("**/*"):
            if file.is_file():
                stored = file.read_bytes()
                self.assertFalse(any(line in stored for line in lines), file)
                self.assertNotIn(b"a-key-that-nobody-stores", stored, file)
        self.cloud.start()


if __name__ == "__main__":
    unittest.main()
