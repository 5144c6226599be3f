"""What a hang-up signal makes a running daemon take over, and what it leaves as it was."""

import http.client
import signal
import ssl
import unittest

from cloud import Cloud, certify, toy, wait_for

WIDGETS = "/toy/v1/widgets"
TLS = """
[gateway]
listen = [{name = "main", address = "127.0.0.1", port = 0},
          {name = "tls", address = "127.0.0.1", port = 0, certificate = "{state}/../cert.pem", key = "{state}/../key.pem"}]
"""


class Reload(unittest.TestCase):
    def setUp(self):
        self.cloud = Cloud(toy())
        self.cloud.write("60-tls.toml", TLS)
        certify(self.cloud.folder)
        self.cloud = self.enterContext(self.cloud)

    def connect(self):
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.cloud.port("tls"), timeout=30, context=trusting)
        connection.connect()
        self.addCleanup(connection.close)
        return connection

    def certificate_of(self, connection):
        return connection.sock.getpeercert(binary_form=True)

    def ask(self, connection):
        connection.request("GET", WIDGETS)
        reply = connection.getresponse()
        reply.read()
        return reply.status

    def hang_up(self, says):
        seen = len(self.cloud.log.read_text())
        self.cloud.process.send_signal(signal.SIGHUP)
        return wait_for(f"the log to say '{says}'", lambda: next(
            (line for line in self.cloud.log.read_text()[seen:].splitlines() if says in line), None))

    def test_a_renewed_certificate_holds_for_handshakes_to_come(self):
        before = self.connect()
        old = self.certificate_of(before)
        new = certify(self.cloud.folder)
        self.hang_up("the configuration was read again")
        self.assertEqual(self.ask(before), 200)  # on the connection that stands
        after = self.connect()
        self.assertEqual(self.certificate_of(after), new)
        self.assertNotEqual(new, old)
        self.assertEqual(self.ask(after), 200)

    def test_what_is_wrong_changes_nothing(self):
        self.cloud.expects_errors = ("the configuration stays as it was",)
        before = self.connect()
        old = self.certificate_of(before)
        (self.cloud.folder / "cert.pem").write_text("no certificate")
        said = self.hang_up("the configuration stays as it was")
        self.assertIn("cert.pem cannot be used", said)
        self.cloud.write("70-wrong.toml", "[gateway.rates]\nuser = -1\n")
        said = self.hang_up("the configuration stays as it was")
        self.assertIn("the configuration in", said)
        self.assertEqual(self.ask(before), 200)
        self.assertEqual(self.certificate_of(self.connect()), old)

    def test_rates_are_taken_over_and_the_rest_is_named(self):
        self.cloud.write("70-more.toml", """
            [gateway]
            server_name = "Other"
            [gateway.rates]
            user = 0.01
            user_burst = 2
            [plugin.toy_service.config]
            quota = 11
        """)
        said = self.hang_up("the configuration was read again")
        self.assertIn("gateway.server_name", said)
        self.assertIn("plugin.toy_service", said)
        self.assertNotIn("gateway.rates", said)
        self.assertNotIn("gateway.listen", said)
        for _ in range(2):
            self.assertEqual(self.cloud.ask("GET", WIDGETS, project="one").status, 200)
        refused = self.cloud.ask("GET", WIDGETS, project="two")  # the same user
        self.assertEqual(refused.status, 429)
        self.assertIn(int(refused.headers["Retry-After"]), range(50, 101))
        self.assertEqual(refused.json["error"]["code"], "rate_limited")
        other = self.cloud.ask("GET", WIDGETS, headers={"X-Auth-Token": "another:one"})
        self.assertEqual(other.status, 200)

    def test_a_rate_of_addresses_does_not_count_health(self):
        self.cloud.write("70-rates.toml", "[gateway.rates]\nclient = 0.01\nclient_burst = 1\n")
        self.hang_up("the configuration was read again")
        self.assertEqual(self.cloud.ask("GET", WIDGETS).status, 200)
        refused = self.cloud.ask("GET", WIDGETS)
        self.assertEqual((refused.status, refused.json["error"]["code"]), (429, "rate_limited"))
        self.assertEqual(self.cloud.ask("GET", "/healthz").status, 200)


if __name__ == "__main__":
    unittest.main()
