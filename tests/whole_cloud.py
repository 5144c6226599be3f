"""A real volutusd with the repository's conf.d: every service, on simulator drivers or on the host's own."""

import json
import os
import secrets
from pathlib import Path

import cloud
from cloud import wait_for

REPOSITORY = Path(__file__).resolve().parent.parent

SIMULATED = """
[plugin.compute_libvirt]
enabled = false
[plugin.network_linux]
enabled = false
[plugin.compute_simulator]
enabled = true
[plugin.network_simulator]
enabled = true
"""

# This host's own: real guests and packets. own_host.sh gives a test a host of its own.
HOST = """
[plugin.compute_libvirt.config]
directory = "{state}/../guests"
[plugin.network_linux]
enabled = true
[plugin.network_linux.config]
state_directory = "{state}/network-linux"
"""

SITE = """
[kernel]
node = "test-1"
[gateway]
access_log = false
listen = [{name = "main", address = "127.0.0.1", port = 0}]
[plugin.identity_service.config]
admin_password_file = "{state}/admin.password"
[plugin.image_file.config]
directory = "{state}/images"
[plugin.network_simulator.config]
directory = "{state}/network"
"""


class WholeCloud(cloud.Cloud):
    """`drivers`: the part of the configuration that chooses them. `more` comes last."""

    def __init__(self, drivers=SIMULATED, more=""):
        super().__init__("")
        self.folder.chmod(0o711)  # QEMU's user passes through it
        for file in sorted((REPOSITORY / "conf.d").iterdir()):
            self.write(file.name, file.read_text())
        self.write("98-drivers.toml", drivers)
        self.write("99-site.toml", SITE + more)
        self.password = secrets.token_urlsafe(12)
        self.state.mkdir()
        secret = os.open(self.state / "admin.password", os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(secret, self.password.encode())
        os.close(secret)
        self.token = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port()}"

    def admin(self, **more):
        """The operator's `openstack` command."""
        from openstack_command import Openstack
        return Openstack(f"{self.url}/identity/v3", "admin", self.password, "admin", **more)

    def user(self, name, project, password="secret"):
        """Another user's; made by whoever calls this."""
        from openstack_command import Openstack
        return Openstack(f"{self.url}/identity/v3", name, password, project)

    def issue_token(self, user="admin", password=None, project="admin"):
        domain = {"id": "default"}
        reply = self.ask("POST", "/identity/v3/auth/tokens", {"auth": {
            "identity": {"methods": ["password"], "password": {
                "user": {"name": user, "domain": domain, "password": password or self.password}}},
            "scope": {"project": {"name": project, "domain": domain}}}})
        assert reply.status == 201, reply
        return reply.headers["X-Subject-Token"]

    def call(self, method, path, body=None, code=None, headers=()):
        """A request of the operator; the reply's JSON."""
        self.token = self.token or self.issue_token()
        reply = self.ask(method, path, body, headers={"X-Auth-Token": self.token, **dict(headers)})
        if code is None:
            assert 200 <= reply.status < 300, f"{method} {path}: {reply}"
        else:
            assert reply.status == code, f"{method} {path}: {reply}"
        return json.loads(reply.text) if reply.text else None

    def wait_for_server(self, server_id, status="ACTIVE", patience=None):
        def there():
            found = self.call("GET", f"/compute/v2.1/servers/{server_id}")["server"]
            assert found["status"] != "ERROR" or status == "ERROR", found.get("fault")
            return found if found["status"] == status else None
        return wait_for(f"server {server_id} to be {status}", there, patience)
