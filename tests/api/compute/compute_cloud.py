"""A cloud with the compute service on simulated hosts, and short words for its API.

Users are "<name>:<project>"; "operator" is one, everybody else is a member of the project named. Whoever is not named is
"somebody" of the project "one".
"""

import unittest

from cloud import OPEN, Cloud, wait_for

NOBODY = "00000000-0000-4000-8000-000000000000"
NEWEST = "2.85"


def configuration(simulator="", service="", link="in-process"):
    return f"""{OPEN}
[auth.open]
roles = ["member"]
[plugin.image_service]
[plugin.image_file]
[plugin.image_file.config]
directory = "{{state}}/images"
[plugin.placement_service]
[plugin.network_service]
[plugin.network_simulator]
[plugin.network_simulator.config]
directory = "{{state}}/network"
[plugin.compute_service]
link = "{link}"
[plugin.compute_service.config]
{service}
[plugin.compute_simulator]
link = "{link}"
[plugin.compute_simulator.config]
state_directory = "{{state}}/guests"
{simulator}
"""


class ComputeTest(unittest.TestCase):
    simulator = service = ""
    link = "in-process"

    @classmethod
    def setUpClass(cls):
        cls.cloud = Cloud(configuration(cls.simulator, cls.service, cls.link))
        cls.addClassCleanup(cls.cloud.__exit__, None)
        cls.cloud.write("policy.yaml", '"context_is_admin": "user_id:operator"\n"publicize_image": "user_id:operator"\n')
        cls.cloud.start()
        cls.image = cls.make_image()
        cls.flavor = cls.as_operator("POST", "/flavors", {"flavor": {"name": "tiny", "ram": 128, "vcpus": 1, "disk": 1}})[
            "flavor"]["id"]

    @classmethod
    def make_image(cls):
        operator = {"X-Auth-Token": "operator:admin"}
        image = cls.cloud.ask("POST", "/image/v2/images", {
            "name": "system", "disk_format": "raw", "container_format": "bare", "visibility": "public"}, headers=operator)
        assert image.status == 201, image
        put = cls.cloud.ask("PUT", f"/image/v2/images/{image.json['id']}/file", b"\0" * 65536,
                            headers={**operator, "Content-Type": "application/octet-stream"})
        assert put.status == 204, put
        return image.json["id"]

    # ---- asking ----

    @classmethod
    def ask(cls, method, path, body=None, project="one", user="somebody", version="2.37"):
        return cls.cloud.ask(method, "/compute/v2.1" + path, body, headers={
            "X-Auth-Token": f"{user}:{project}", "OpenStack-API-Version": f"compute {version}"})

    @classmethod
    def call(cls, method, path, body=None, code=None, **who):
        reply = cls.ask(method, path, body, **who)
        expected = [code] if code else [200, 201, 202, 204]
        assert reply.status in expected, f"{method} {path}: {reply}"
        return reply.json if reply.text else None

    @classmethod
    def as_operator(cls, method, path, body=None, code=None, **who):
        return cls.call(method, path, body, code, **{"user": "operator", "project": "admin", **who})

    def refused(self, method, path, body=None, code=400, **who):
        """The words of the refusal."""
        return next(iter(self.call(method, path, body, code, **who).values()))["message"]

    # ---- servers ----

    def wanted(self, name="web", **more):
        return {"server": {"name": name, "imageRef": self.image, "flavorRef": self.flavor, "networks": "none", **more}}

    def make(self, name="web", project="one", **more):
        return self.call("POST", "/servers", self.wanted(name, **more), 202, project=project)["server"]["id"]

    def show(self, server, project="one"):
        return self.call("GET", f"/servers/{server}", project=project)["server"]

    def act(self, server, action, body=None, project="one"):
        return self.ask("POST", f"/servers/{server}/action", {action: body}, project=project)

    def wait_until(self, server, status="ACTIVE", project="one"):
        """It, once no task works on it. None when it is to be gone, status ""."""
        def there():
            reply = self.ask("GET", f"/servers/{server}", project=project)
            if reply.status == 404:
                assert not status, f"{server} is gone"
                return True
            found = reply.json["server"]
            if found["OS-EXT-STS:task_state"]:
                return None
            assert found["status"] != "ERROR" or status == "ERROR", found.get("fault")
            return found if found["status"] == status else None
        return wait_for(f"server {server} to be {status or 'gone'}", there)

    def running(self, name="web", project="one"):
        server = self.make(name, project)
        self.wait_until(server, project=project)
        return server

    def remove(self, *servers, project="one"):
        for server in servers:
            self.call("DELETE", f"/servers/{server}", project=project)
        for server in servers:
            self.wait_until(server, "", project)

    def used(self, project="one"):
        limits = self.call("GET", "/limits", project=project)["limits"]["absolute"]
        return tuple(limits[f"total{name}Used"] for name in ("Instances", "Cores", "RAM"))

    def assert_in_order(self):
        """Nothing is under way any more, and all that there is agrees."""
        wait_for("tasks to end", lambda: self.cloud.volutus("tasks", "--json") == [])
        self.assertEqual(self.cloud.volutus("verify", "--json"), [])
