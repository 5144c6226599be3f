"""GET /events: everyone can watch what changes, as far as policy lets them."""

import socket
import sqlite3
import threading
import unittest
from pathlib import Path

from cloud import Cloud, toy, wait_for
from identity_cloud import IdentityCloud
from watching import Refused, ServerSent, Socket

WIDGETS = "/toy/v1/widgets"
OPERATOR = "operator:toys"
QUICK = "\n[gateway.limits]\npulse = \"200ms\"\n"


def is_of(widget, operation=None):
    return lambda event: event.get("id") == widget and operation in (None, event["operation"])


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = Cloud(toy() + QUICK)
        cls.cloud.write("policy.yaml", '"events:get_all": "user_id:operator"\n')
        cls.enterClassContext(cls.cloud)

    def make(self, name, project="toys"):
        reply = self.cloud.ask("POST", WIDGETS, {"widget": {"name": name}}, project=project)
        self.assertIn(reply.status, (201, 202), reply)
        return reply.json["widget"]["id"], reply.headers["x-openstack-request-id"]

    def revision(self):
        return self.cloud.volutus("status", "--json")["revision"]

    def test_each_entry_says_who_did_what_to_which_resource_in_which_request(self):
        with ServerSent(self.cloud, "?kind=toy.widget") as watch:
            widget, request = self.make("told")
            heard = watch.until(lambda event: event["id"] == widget and event["by"].get("task"))
            events = [event for event in heard if event["id"] == widget]
        self.assertEqual(watch.reply.headers["Content-Type"], "text/event-stream")
        first, last = events[0], events[-1]
        self.assertEqual((first["operation"], first["kind"], first["id"], first["project_id"]),
                         ("create", "toy.widget", widget, "toys"))
        self.assertIn("name", first["fields"])
        for event in (first, last):  # what its task does later is of the same request
            self.assertEqual(event["by"]["request_id"], request)
            self.assertEqual((event["by"]["user_id"], event["by"]["project_id"]), ("somebody", "toys"))
            self.assertEqual(event["by"]["plugin"], "toy_service")
            self.assertNotIn("client_address", event["by"], "which is not for members")
        self.assertEqual(last["operation"], "update")
        self.assertTrue(last["by"]["task"] and last["by"]["task_id"])

    def test_a_websocket_tells_the_same(self):
        since = self.revision()
        widget, _ = self.make("twice")
        with ServerSent(self.cloud, f"?since={since}") as watch, Socket(self.cloud, f"?since={since}") as peer:
            self.assertEqual(watch.until(is_of(widget)), peer.until(is_of(widget)))
            another, _ = self.make("live")
            self.assertEqual(watch.until(is_of(another))[-1], peer.until(is_of(another))[-1])

    def test_a_member_hears_of_his_own_project_and_an_operator_of_all(self):
        since = self.revision()
        foreign, _ = self.make("foreign", project="others")
        own, _ = self.make("own")
        with ServerSent(self.cloud, f"?since={since}") as watch:
            events = watch.until(is_of(own))
            self.assertEqual({event["project_id"] for event in events}, {"toys"})
        with ServerSent(self.cloud, f"?since={since}", OPERATOR) as watch:
            events = watch.until(is_of(own))
            self.assertIn(foreign, [event.get("id") for event in events])
            self.assertIn("client_address", events[0]["by"])
            self.assertIn("kernel.account", [event["kind"] for event in events], "what is no project's too")
        with ServerSent(self.cloud, f"?since={since}&project_id=others", OPERATOR) as watch:
            self.assertEqual(watch.until(is_of(foreign))[0]["id"], foreign)
        with self.assertRaises(Refused) as refused:
            ServerSent(self.cloud, "?project_id=others")
        self.assertEqual(refused.exception.status, 403)

    def test_a_client_that_comes_again_goes_on_where_it_was(self):
        since = self.revision()
        made = [self.make(f"again-{i}")[0] for i in range(3)]
        with ServerSent(self.cloud, f"?since={since}&kind=toy.widget") as watch:
            watch.until(is_of(made[0], "create"))
            last = watch.last_id
        with ServerSent(self.cloud, "?since=0&kind=toy.widget", headers={"Last-Event-ID": last}) as watch:
            events = watch.until(is_of(made[2], "create"))
        self.assertGreater(events[0]["revision"], last)
        created = [event["id"] for event in events if event["operation"] == "create"]
        self.assertEqual(created, made[1:])

    def test_whoever_hears_nothing_still_learns_how_far_all_is(self):
        with ServerSent(self.cloud, "?kind=no.such") as watch, Socket(self.cloud, "?kind=no.such") as peer:
            self.make("unheard")
            now = self.revision()
            for _, data in watch.messages():
                self.assertIsNone(data)
                if watch.last_id >= now:
                    break
            while peer.message()["revision"] < now:
                pass

    def test_what_makes_no_sense_is_refused(self):
        for query, status in (("?since=x", 400), ("?since=", 400), ("?since=-1", 400), ("?since=99999999", 400),
                              ("?since=99999999999999999999999", 400), ("?colour=red", 400), ("?kind=", 400),
                              ("?" + "&".join(f"kind=k{i}" for i in range(101)), 400)):
            for watch in (ServerSent, Socket):
                with self.assertRaises(Refused, msg=query) as refused:
                    watch(self.cloud, query)
                self.assertEqual(refused.exception.status, status, query)
        self.assertEqual(self.cloud.ask("POST", "/events").status, 405)
        self.assertEqual(self.cloud.ask("HEAD", "/events").status, 200)

    def test_a_slow_reader_is_cut_and_nobody_waits_for_it(self):
        with socket.create_connection(("127.0.0.1", self.cloud.port())) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(b"GET /events?since=0 HTTP/1.1\r\nHost: t\r\nX-Auth-Token: operator:toys\r\n\r\n")
            with ServerSent(self.cloud) as watch:
                widget, _ = self.make("despite")
                watch.until(is_of(widget))

    def test_many_watch_at_once_and_all_hear(self):
        before = self.threads()
        watches = [ServerSent(self.cloud, "?kind=toy.widget") for _ in range(200)]
        self.assertLess(self.threads(), before + 10, "a thread a watcher")
        widget, _ = self.make("famous")
        for watch in watches:
            self.assertEqual(watch.until(is_of(widget, "create"))[-1]["id"], widget)
            watch.close()
        wait_for("them to be forgotten", lambda: self.cloud.volutus("status", "--json")["connections"] < 50)

    def threads(self):
        status = Path(f"/proc/{self.cloud.process.pid}/status").read_text()
        return int(status.split("Threads:")[1].split()[0])


class Limits(unittest.TestCase):
    def test_stopping_ends_the_streams_in_order(self):
        with Cloud(toy() + QUICK) as cloud:
            watch, peer = ServerSent(cloud), Socket(cloud)
            ended = []
            reader = threading.Thread(target=lambda: ended.extend(watch.messages()))
            reader.start()
            self.assertEqual(cloud.stop(), 0)
            reader.join()
            with self.assertRaises(EOFError):
                peer.until(lambda event: False)

    def test_what_is_no_longer_kept_is_told_as_gone(self):
        with Cloud(toy(more="[store]\nfeed_retention = \"60s\"\n") + QUICK) as cloud:
            for i in range(3):
                cloud.ask("POST", WIDGETS, {"widget": {"name": f"old-{i}"}})
            cloud.stop()
            self.age(cloud)
            cloud.start()
            for i in range(3):
                cloud.ask("POST", WIDGETS, {"widget": {"name": f"new-{i}"}})
            for watch in (ServerSent, Socket):
                with self.assertRaises(Refused) as refused:
                    watch(cloud, "?since=0")
                self.assertEqual(refused.exception.status, 410)
                self.assertIn("list again", refused.exception.text) if watch is ServerSent else None

    @staticmethod
    def age(cloud):
        with sqlite3.connect(cloud.state / "store.db") as store:
            store.execute("UPDATE store_marks SET at = at - 3600000000")
        store.close()


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(IdentityCloud(QUICK))

    def test_who_shows_no_token_is_refused(self):
        for watch in (ServerSent, Socket):
            with self.assertRaises(Refused) as refused:
                watch(self.cloud, token="nonsense")
            self.assertEqual(refused.exception.status, 401)

    def test_a_revoked_token_ends_its_stream_and_no_other(self):
        kept, revoked = (self.cloud.token(scope="admin") for _ in range(2))
        with ServerSent(self.cloud, token=revoked) as watch, Socket(self.cloud, token=revoked) as peer, \
                ServerSent(self.cloud, token=kept) as other:
            self.cloud.call(kept, "DELETE", "/v3/auth/tokens", headers={"X-Subject-Token": revoked})
            last = list(watch.messages())[-1]
            self.assertEqual(last, ("end", {"end": "the token is no longer valid here"}))
            self.assertEqual(peer.until(lambda event: "end" in event)[-1]["end"], last[1]["end"])
            made = self.cloud.call(kept, "POST", "/v3/projects", {"project": {"name": "after"}}).json["project"]
            other.until(is_of(made["id"], "create"))

    def test_an_expired_token_ends_its_stream(self):
        cloud = IdentityCloud(QUICK)
        cloud.write("60-short.toml", '[auth]\ntoken_lifetime = "2s"\n')
        with cloud:
            with ServerSent(cloud, token=cloud.token(scope="admin")) as watch:
                self.assertEqual(list(watch.messages())[-1], ("end", {"end": "the token has expired"}))

    def test_no_secret_is_told(self):
        token = self.cloud.token(scope="admin")
        with ServerSent(self.cloud, token=token) as watch:
            body = {"user": {"name": "secretive", "password": "do-not-tell-me", "default_project_id": None}}
            user = self.cloud.call(token, "POST", "/v3/users", body).json["user"]["id"]
            told = str(watch.until(is_of(user, "create")))
        self.assertNotIn("do-not-tell-me", told)
        self.assertNotIn(token, told)


if __name__ == "__main__":
    unittest.main()
