"""A daemon with identity and placement, and the words of placement's API for tests."""

import json
import uuid

from identity_cloud import IdentityCloud

PLACEMENT = """
[plugin.placement_service]
enabled = true
"""


def new_id():
    return str(uuid.uuid4())


class PlacementCloud(IdentityCloud):
    """`call` is the operator's; `as_token` another's."""

    def __init__(self):
        super().__init__(more=PLACEMENT)
        self.operator = None

    def call_identity(self, method, path, body=None):
        reply = super().call(self.token(scope="admin"), method, path, body)
        assert 200 <= reply.status < 300, reply
        return json.loads(reply.text) if reply.text else None

    def make_user(self, name, role):
        """A token of a new user with this one role in a project of its own."""
        project = self.call_identity("POST", "/v3/projects", {"project": {"name": name}})["project"]["id"]
        user = self.call_identity("POST", "/v3/users", {"user": {"name": name, "password": "secret"}})["user"]["id"]
        roles = {one["name"]: one["id"] for one in self.call_identity("GET", "/v3/roles")["roles"]}
        self.call_identity("PUT", f"/v3/projects/{project}/users/{user}/roles/{roles[role]}")
        return self.token(name, "secret", scope=name)

    def as_token(self, token, method, path, body=None, version="1.39"):
        headers = {"X-Auth-Token": token} if token else {}
        if version:
            headers["OpenStack-API-Version"] = f"placement {version}"
        return self.ask(method, "/placement" + path, body, headers=headers)

    def reply(self, method, path, body=None, version="1.39"):
        self.operator = self.operator or self.token(scope="admin")
        return self.as_token(self.operator, method, path, body, version)

    def call(self, method, path, body=None, version="1.39", code=None):
        found = self.reply(method, path, body, version)
        if code is None:
            assert 200 <= found.status < 300, f"{method} {path} {body}: {found}"
        else:
            assert found.status == code, f"{method} {path} {body}: {found}"
        return json.loads(found.text) if found.text else None

    def make_provider(self, name=None, parent=None, aggregates=(), traits=(), **inventories):
        """A provider with inventories by class: a total, or all that is said of one."""
        body = {"name": name or new_id()}
        if parent:
            body["parent_provider_uuid"] = parent
        made = self.call("POST", "/resource_providers", body)["uuid"]
        path = f"/resource_providers/{made}"
        if inventories:
            self.call("PUT", path + "/inventories", {
                "resource_provider_generation": self.generation(made),
                "inventories": {name: inventory if isinstance(inventory, dict) else {"total": inventory}
                                for name, inventory in inventories.items()}})
        if aggregates:
            self.call("PUT", path + "/aggregates", {
                "resource_provider_generation": self.generation(made), "aggregates": list(aggregates)})
        if traits:
            for trait in traits:
                if trait.startswith("CUSTOM_"):
                    self.call("PUT", f"/traits/{trait}")
            self.call("PUT", path + "/traits", {
                "resource_provider_generation": self.generation(made), "traits": list(traits)})
        return made

    def generation(self, provider):
        return self.call("GET", f"/resource_providers/{provider}")["generation"]

    def used(self, provider):
        return self.call("GET", f"/resource_providers/{provider}/usages")["usages"]

    def claim(self, consumer, allocations, generation=None, project="p", user="u", kind="INSTANCE", code=204):
        return self.call("PUT", f"/allocations/{consumer}", {
            "allocations": {provider: {"resources": amounts} for provider, amounts in allocations.items()},
            "consumer_generation": generation, "project_id": project, "user_id": user, "consumer_type": kind}, code=code)
