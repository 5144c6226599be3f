"""Webhooks: events pushed, signed, tried again over a crash, and kept as dead letters."""

import hashlib
import hmac
import http.server
import json
import signal
import threading
import time
import unittest

from cloud import Cloud, toy, wait_for

WIDGETS = "/toy/v1/widgets"
SECRET = "a secret of enough bytes"


class Receiver(http.server.ThreadingHTTPServer):
    """Takes what a webhook sends, or refuses it while `status` says so."""

    def __init__(self):
        self.status, self.taken, self.refused = 204, [], 0
        self.held = threading.Event()
        self.held.set()
        super().__init__(("127.0.0.1", 0), Taker)
        self.url = f"http://somebody:password@127.0.0.1:{self.server_address[1]}/hook?key=hidden"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def events(self):
        return [event for _, body in list(self.taken) for event in json.loads(body)["events"]]

    def created(self):
        """The ids of what was created, each once, in the order in which they were first told."""
        return list(dict.fromkeys(event["id"] for event in self.events() if event["operation"] == "create"))

    def close(self):
        self.held.set()
        self.shutdown()
        self.server_close()


class Taker(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.held.wait()
        status = self.server.status
        if status == 204:
            self.server.taken.append((dict(self.headers), body))
        else:
            self.server.refused += 1
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def write_secret(cloud, secret=SECRET, mode=0o600):
    path = cloud.folder / "secret"
    path.write_text(secret + "\n")
    path.chmod(mode)
    return path


def webhook(receiver, secret, name="ear", more=""):
    return f"""
[events.webhook.{name}]
url = "{receiver.url}"
secret_file = "{secret}"
kinds = ["toy.widget"]
first_pause = "10ms"
longest_pause = "50ms"
{more}
"""


class WebhookTest(unittest.TestCase):
    more = ""

    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.cloud = Cloud(toy())
        self.secret = write_secret(self.cloud)
        self.cloud.write("60-ear.toml", webhook(self.receiver, self.secret, more=self.more))
        self.enterContext(self.cloud)
        wait_for("the webhook to begin", lambda: self.hook()["revision"] > 0)

    def hook(self, name="ear"):
        return next(hook for hook in self.cloud.volutus("webhooks", "--json") if hook["name"] == name)

    def letters(self):
        return self.cloud.volutus("dead-letters", "--json")

    def make(self, name):
        reply = self.cloud.ask("POST", WIDGETS, {"widget": {"name": name}})
        self.assertIn(reply.status, (201, 202), reply)
        return reply.json["widget"]["id"]


class Webhooks(WebhookTest):
    def test_events_come_in_order_and_signed_and_say_who_did_what(self):
        made = [self.make(f"w{i}") for i in range(5)]
        wait_for("all to be told", lambda: self.receiver.created() == made)
        for headers, body in self.receiver.taken:
            signed = headers["X-Volutus-Timestamp"].encode() + b"." + body
            self.assertEqual(headers["X-Volutus-Signature"],
                             "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest())
            self.assertLess(abs(time.time() - int(headers["X-Volutus-Timestamp"])), 300)
            self.assertEqual((headers["X-Volutus-Webhook"], json.loads(body)["webhook"]), ("ear", "ear"))
        event = self.receiver.events()[0]
        self.assertEqual((event["kind"], event["by"]["user_id"]), ("toy.widget", "somebody"))
        revisions = [event["revision"] for event in self.receiver.events()]
        self.assertEqual(revisions, sorted(revisions))

    def test_no_secret_can_be_read_back(self):
        said = self.cloud.volutus("webhooks", "--json")[0]
        self.assertEqual(said["url"], f"http://127.0.0.1:{self.receiver.server_address[1]}/hook")
        self.receiver.status = 500
        self.make("refused")
        wait_for("a refusal", lambda: self.hook()["last_error"] == "it answered 500")
        told = str(self.cloud.volutus("webhooks")) + self.cloud.log.read_text() + self.cloud.ask("GET", "/metrics").text
        for secret in (SECRET, "hidden", "password"):
            self.assertNotIn(secret, told)

    def test_what_a_receiver_refuses_is_delivered_when_it_takes_it(self):
        self.receiver.status = 500
        made = [self.make("first")]
        wait_for("some tries", lambda: self.receiver.refused >= 3)
        made.append(self.make("second"))
        self.receiver.status = 204
        wait_for("both to be told", lambda: self.receiver.created() == made)
        wait_for("all to be settled", lambda: self.hook()["tries"] == 0)
        self.assertEqual(self.letters(), [])

    def test_a_kill_loses_nothing(self):
        made = []
        for status in (500, 204, 500):  # before it is taken, in the middle of taking, and again
            self.receiver.status = status
            made += [self.make(f"{len(made)}-{i}") for i in range(3)]
            if status == 500:
                seen = self.receiver.refused
                wait_for("a try", lambda: self.receiver.refused > seen)
            self.cloud.kill()
            self.cloud.start()
        self.receiver.status = 204
        wait_for("all to be told", lambda: self.receiver.created() == made)

    def test_stopping_waits_for_no_receiver(self):
        self.receiver.held.clear()
        made = self.make("under way")
        wait_for("the request to be under way", lambda: threading.active_count() > 2)
        begun = time.monotonic()
        self.assertEqual(self.cloud.stop(), 0)
        self.assertLess(time.monotonic() - begun, 8)  # the webhook's patience is 10 s
        self.receiver.held.set()
        self.cloud.start()
        wait_for("it to be told", lambda: made in self.receiver.created())

    def test_a_reload_takes_webhooks_over(self):
        other = Receiver()
        self.addCleanup(other.close)
        self.cloud.write("60-other.toml", webhook(other, self.secret, "other"))
        self.cloud.process.send_signal(signal.SIGHUP)
        wait_for("it to be there", lambda: len(self.cloud.volutus("webhooks", "--json")) == 2)
        wait_for("it to begin", lambda: self.hook("other")["revision"] > 0)
        first = self.make("both")
        wait_for("both to be told", lambda: self.receiver.created() == other.created() == [first])
        (self.cloud.conf / "60-other.toml").unlink()
        self.cloud.process.send_signal(signal.SIGHUP)
        wait_for("it to be gone", lambda: len(self.cloud.volutus("webhooks", "--json")) == 1)
        second = self.make("one")
        wait_for("the one to be told", lambda: self.receiver.created() == [first, second])
        self.assertEqual(other.created(), [first])


class DeadLetters(WebhookTest):
    more = 'give_up = "200ms"'

    def test_they_are_kept_and_can_be_delivered_or_dropped_later(self):
        self.receiver.status = 500
        made = self.make("dead")
        letter = wait_for("a dead letter", self.letters)[0]
        self.assertGreater(self.receiver.refused, 1)
        self.assertEqual((letter["webhook"], letter["error"]), ("ear", "it answered 500"))
        said = self.cloud.volutus("dead-letters", "--deliver", letter["id"], code=1)
        self.assertIn("answered 500", said)
        self.cloud.kill()
        self.cloud.start()
        wait_for("all to be settled", lambda: self.hook()["tries"] == 0)
        self.receiver.status = 204
        self.cloud.volutus("dead-letters", "--webhook", "ear", "--deliver", "all")
        self.assertEqual(self.letters(), [])
        self.assertEqual(self.receiver.created(), [made])
        self.assertIn("no dead letter", self.cloud.volutus("dead-letters", "--drop", "no-such", code=1))


class Refused(unittest.TestCase):
    def test_a_configuration_that_cannot_work_is_refused(self):
        for url, secret, mode, why in (("ftp://x/", SECRET, 0o600, "needs a URL"),
                                       ("http://x/", "short", 0o600, "at least 16 bytes"),
                                       ("http://x/", SECRET, 0o644, "chmod 0600")):
            cloud = Cloud(toy())
            self.addCleanup(cloud.discard)
            path = write_secret(cloud, secret, mode)
            cloud.write("60-ear.toml", f'[events.webhook.ear]\nurl = "{url}"\nsecret_file = "{path}"\n')
            code, said = cloud.refusal()
            self.assertEqual(code, 1)
            self.assertIn(why, said)


if __name__ == "__main__":
    unittest.main()
