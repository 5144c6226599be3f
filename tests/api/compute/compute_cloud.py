"""A cloud with the compute service on simulated hosts, and short words for its API."""

from cloud import ServiceTest, wait_for

NOBODY = "00000000-0000-4000-8000-000000000000"
NEWEST = "2.85"


class ComputeTest(ServiceTest):
    root = "/compute/v2.1"
    simulator = service = tasks = ""
    operators_rules = ("context_is_admin", "publicize_image")

    @classmethod
    def configuration(cls):
        return f"""
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
link = "{cls.link}"
[plugin.compute_service.config]
{cls.service}
[plugin.compute_simulator]
link = "{cls.link}"
[plugin.compute_simulator.config]
state_directory = "{{state}}/guests"
{cls.simulator}
[tasks]
{cls.tasks}
"""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
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
    def ask(cls, method, path, body=None, version="2.37", **who):
        return super().ask(method, path, body, headers={"OpenStack-API-Version": f"compute {version}"}, **who)

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
