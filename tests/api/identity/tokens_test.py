"""Tokens of a real daemon: sealed, cached, and dead as soon as what they rest on is."""

import stat
import unittest

from identity_cloud import IdentityCloud


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(IdentityCloud())
        cls.admin = cls.cloud.token(scope="admin")

    def call(self, method, path, body=None, status=None, token=None):
        reply = self.cloud.call(token or self.admin, method, path, body)
        if status:
            self.assertEqual(reply.status, status, reply)
        else:
            self.assertLess(reply.status, 300, reply)
        return reply.json if reply.text else None

    def tenant(self, name):
        project = self.call("POST", "/v3/projects", {"project": {"name": name}})["project"]["id"]
        user = self.call("POST", "/v3/users", {"user": {"name": name, "password": "pw"}})["user"]["id"]
        member = self.call("GET", "/v3/roles?name=member")["roles"][0]["id"]
        grant = f"/v3/projects/{project}/users/{user}/roles/{member}"
        self.call("PUT", grant, status=204)
        return user, project, grant

    def works(self, token):
        status = self.cloud.call(token, "GET", "/v3/auth/projects").status
        self.assertIn(status, (200, 401))
        return status == 200

    def test_the_password_of_the_administrator_is_the_daemons_alone(self):
        self.assertEqual(stat.S_IMODE((self.cloud.state / "admin.password").stat().st_mode), 0o600)

    def test_versions_are_told_to_everybody(self):
        self.assertEqual(self.cloud.ask("GET", "/identity").status, 300)
        self.assertEqual(self.cloud.ask("GET", "/identity/").json["versions"]["values"][0]["id"], "v3.14")
        self.assertEqual(self.cloud.ask("GET", "/identity/v3").json["version"]["status"], "stable")
        self.assertEqual(self.cloud.ask("GET", "/identity/v3/").status, 200)

    def test_the_catalog_leads_back_here(self):
        token = self.cloud.log_in(scope="admin").json["token"]
        identity = next(service for service in token["catalog"] if service["type"] == "identity")
        self.assertEqual({endpoint["interface"] for endpoint in identity["endpoints"]}, {"public", "internal", "admin"})
        self.assertEqual({endpoint["url"] for endpoint in identity["endpoints"]}, {f"{self.cloud.url}/identity/v3"})

    def test_without_a_token_the_answer_names_where_to_get_one(self):
        for token in (None, "forged", "x" * 4000):
            headers = {"X-Auth-Token": token} if token else {}
            reply = self.cloud.ask("GET", "/identity/v3/users", headers=headers)
            self.assertEqual(reply.status, 401)
            self.assertEqual(reply.json["error"]["title"], "Unauthorized")
            self.assertIn("Keystone uri=", reply.headers["WWW-Authenticate"])

    def test_a_refused_login_says_the_same_whatever_was_wrong(self):
        texts = {self.cloud.log_in(user, "wrong").text for user in ("admin", "nobody")}
        self.assertEqual(len(texts), 1)
        self.assertNotIn("wrong\"", self.cloud.log.read_text())

    def test_a_token_dies_at_once_with_what_it_rests_on(self):
        ends = {
            "revoked": lambda user, project, grant, token: self.cloud.call(
                self.admin, "DELETE", "/v3/auth/tokens", headers={"X-Subject-Token": token}),
            "disabled": lambda user, project, grant, token: self.call(
                "PATCH", f"/v3/users/{user}", {"user": {"enabled": False}}),
            "password": lambda user, project, grant, token: self.call(
                "PATCH", f"/v3/users/{user}", {"user": {"password": "other"}}),
            "role": lambda user, project, grant, token: self.call("DELETE", grant),
            "project": lambda user, project, grant, token: self.call("DELETE", f"/v3/projects/{project}"),
            "user": lambda user, project, grant, token: self.call("DELETE", f"/v3/users/{user}"),
        }
        for name, end in ends.items():
            with self.subTest(name):
                made = self.tenant(name)
                token = self.cloud.token(name, "pw", scope=name)
                self.assertTrue(self.works(token))
                end(*made, token)
                self.assertFalse(self.works(token))

    def test_a_token_lives_through_a_restart_and_a_revoked_one_stays_dead(self):
        self.tenant("lasting")
        alive, dead = (self.cloud.token("lasting", "pw", scope="lasting") for _ in range(2))
        self.cloud.call(dead, "DELETE", "/v3/auth/tokens", headers={"X-Subject-Token": dead})
        self.cloud.kill()
        self.cloud.start()
        self.assertTrue(self.works(alive))
        self.assertFalse(self.works(dead))


if __name__ == "__main__":
    unittest.main()
