"""A cloud with the network service on the simulator, and short words for its API."""

import json

from cloud import ServiceTest, wait_for


class NetworkTest(ServiceTest):
    root = "/network/v2.0"
    driver = service = ""
    successes = {"GET": (200,), "POST": (201,), "PUT": (200,), "DELETE": (204,)}

    @classmethod
    def configuration(cls):
        return f"""
[plugin.network_service]
link = "{cls.link}"
[plugin.network_service.config]
{cls.service}
[plugin.network_simulator]
link = "{cls.link}"
[plugin.network_simulator.config]
directory = "{{state}}/simulated"
{cls.driver}
"""

    def refused(self, method, path, body=None, code=409, kind=None, **who):
        error = self.call(method, path, body, code, **who)["NeutronError"]
        if kind:
            self.assertEqual(error["type"], kind, error)
        return error["message"]

    def make(self, noun, collection=None, **fields):
        who = {key: fields.pop(key) for key in ("project", "user") if key in fields}
        return self.call("POST", f"/{collection or noun + 's'}", {noun: fields}, **who)[noun]

    def network(self, **fields):
        return self.make("network", **fields)

    def subnet(self, network, cidr="10.0.0.0/24", **fields):
        return self.make("subnet", network_id=network["id"], cidr=cidr, ip_version=6 if ":" in cidr else 4, **fields)

    def port(self, network, **fields):
        return self.make("port", network_id=network["id"], **fields)

    def show(self, noun, thing, collection=None, **who):
        return self.call("GET", f"/{collection or noun + 's'}/{thing['id']}", **who)[noun]

    def wait_for_port(self, port, status="ACTIVE"):
        return wait_for(f"port {port['id']} to be {status}", lambda: (
            found := self.as_operator("GET", f"/ports/{port['id']}")["port"])["status"] == status and found)

    def at_driver(self, kind, thing_id):
        """What the simulator keeps of a thing; None where it has nothing."""
        try:
            record = json.loads((self.cloud.state / "simulated" / f"{kind}.{thing_id}.json").read_text())
        except FileNotFoundError:
            return None
        return record.get("body")
