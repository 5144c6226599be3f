"""Mode tokens: what a service answers to whoever it does not know."""

import unittest

from cloud import Cloud, toy

WIDGETS = "/toy/v1/widgets"
REFUSED = {"error": {"code": 401, "title": "Unauthorized",
                     "message": "The request you have made requires authentication."}}


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        config = toy().replace('mode = "none"', """challenge = 'Keystone uri="{base}/identity"'""")
        cls.cloud = cls.enterClassContext(Cloud(config))

    def test_without_a_token_every_service_says_where_one_is_to_be_had(self):
        for headers in ({}, {"X-Auth-Token": "somebody:toys"}, {"X-Auth-Token": "A" * 5000},
                        {"X-Auth-Token": "x", "X-Service-Token": "y"}):
            reply = self.cloud.ask("GET", WIDGETS, headers=headers)
            self.assertEqual(reply.status, 401)
            self.assertEqual(reply.json, REFUSED)
            self.assertEqual(reply.headers["WWW-Authenticate"],
                             f'Keystone uri="http://127.0.0.1:{self.cloud.port()}/identity"')

    def test_anonymous_routes_take_everybody(self):
        for headers in ({}, {"X-Auth-Token": "gone"}):
            self.assertEqual(self.cloud.ask("GET", "/toy/openapi.json", headers=headers).status, 200)

    def test_no_token_comes_into_a_log(self):
        self.cloud.ask("GET", WIDGETS, headers={"X-Auth-Token": "do-not-write-me-down"})
        self.assertNotIn("do-not-write-me-down", self.cloud.log.read_text())


if __name__ == "__main__":
    unittest.main()
