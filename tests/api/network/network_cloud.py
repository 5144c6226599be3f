"""A cloud with the network service on the simulator, and short words for its API.

Users are "<name>:<project>"; "operator" is one, everybody else is a member of the project named.
"""

import json
import unittest

from cloud import OPEN, Cloud, wait_for

ROOT = "/network/v2.0"


def configuration(driver="", service="", link="in-process"):
    return f"""{OPEN}
[auth.open]
roles = ["member"]
[plugin.network_service]
link = "{link}"
[plugin.network_service.config]
{service}
[plugin.network_simulator]
link = "{link}"
[plugin.network_simulator.config]
directory = "{{state}}/simulated"
{driver}
"""


class NetworkTest(unittest.TestCase):
    driver = service = ""
    link = "in-process"

    @classmethod
    def setUpClass(cls):
        cls.cloud = Cloud(configuration(cls.driver, cls.service, cls.link))
        cls.addClassCleanup(cls.cloud.__exit__, None)
        cls.cloud.write("policy.yaml", '"context_is_admin": "user_id:operator"\n')
        cls.cloud.start()

    def ask(self, method, path, body=None, project="one", user="somebody"):
        return self.cloud.ask(method, ROOT + path, body, headers={"X-Auth-Token": f"{user}:{project}"})

    def call(self, method, path, body=None, code=None, **who):
        reply = self.ask(method, path, body, **who)
        expected = code or {"POST": 201, "DELETE": 204}.get(method, 200)
        self.assertEqual(reply.status, expected, f"{method} {path}: {reply}")
        return reply.json if reply.text else None

    def refused(self, method, path, body=None, code=409, kind=None, **who):
        error = self.call(method, path, body, code, **who)["NeutronError"]
        if kind:
            self.assertEqual(error["type"], kind, error)
        return error["message"]

    def operator(self, method, path, body=None, code=None, project="admin"):
        return self.call(method, path, body, code, project=project, user="operator")

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
            found := self.operator("GET", f"/ports/{port['id']}")["port"])["status"] == status and found)

    def at_driver(self, kind, thing_id):
        """What the simulator keeps of a thing; None where it has nothing."""
        try:
            record = json.loads((self.cloud.state / "simulated" / f"{kind}.{thing_id}.json").read_text())
        except FileNotFoundError:
            return None
        return record.get("body")

    def assert_in_order(self):
        wait_for("tasks to end", lambda: self.cloud.volutus("tasks", "--json") == [])
        self.assertEqual(self.cloud.volutus("verify", "--json"), [])
