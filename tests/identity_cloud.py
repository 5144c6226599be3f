"""A real daemon with the identity service alone."""

from cloud import Cloud

CONFIG = """
[gateway]
access_log = false
listen = [{name = "main", address = "127.0.0.1", port = 0}]
[auth]
challenge = 'Keystone uri="{base}/identity"'
[auth.password]
memory = "8MiB"
[plugin.identity_service.config]
admin_password_file = "{state}/admin.password"
"""


class IdentityCloud(Cloud):
    def __init__(self, more=""):
        super().__init__(CONFIG + more)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port()}"

    @property
    def password(self):
        return (self.state / "admin.password").read_text().strip()

    def openstack(self, user="admin", password=None, project="admin"):
        from openstack_command import Openstack  # Debian's client, which the tests of tokens do without
        return Openstack(f"{self.url}/identity/v3", user, password or self.password, project)

    def log_in(self, user="admin", password=None, scope=None):
        domain = {"id": "default"}
        body = {"identity": {"methods": ["password"], "password": {
            "user": {"name": user, "domain": domain, "password": password or self.password}}}}
        if scope is not None:
            body["scope"] = {"project": {"name": scope, "domain": domain}} if isinstance(scope, str) else scope
        return self.ask("POST", "/identity/v3/auth/tokens", {"auth": body})

    def token(self, *who, **more):
        reply = self.log_in(*who, **more)
        assert reply.status == 201, reply
        return reply.headers["X-Subject-Token"]

    def call(self, token, method, path, body=None, headers=()):
        return self.ask(method, "/identity" + path, body, headers={"X-Auth-Token": token, **dict(headers)})
