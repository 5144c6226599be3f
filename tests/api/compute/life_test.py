"""Servers whose daemon dies in the middle, whose driver fails, and that are deleted at any moment."""

import signal
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from cloud import wait_for
from compute_cloud import ComputeTest


class Slow(ComputeTest):
    simulator = "latency_ms = 150"

    def test_a_daemon_that_is_killed_ends_what_it_began(self):
        servers = [self.make(f"made-{n}") for n in range(4)]
        self.cloud.kill()
        self.cloud.start()
        for server in servers:
            self.wait_until(server)
        for server in servers[:2]:
            self.assertEqual(self.act(server, "os-stop").status, 202)
        for server in servers[2:]:
            self.call("DELETE", f"/servers/{server}")
        self.cloud.kill()
        self.cloud.start()
        for server in servers[:2]:
            self.wait_until(server, "SHUTOFF")
        for server in servers[2:]:
            self.wait_until(server, "")
        self.assert_in_order()
        self.remove(*servers[:2])
        self.assertEqual(self.used(), (0, 0, 0))
        self.assert_in_order()

    def test_a_daemon_that_is_asked_to_stop_goes_on_later(self):
        server = self.make("patient")
        self.assertEqual(self.cloud.stop(signal.SIGTERM), 0)
        self.cloud.start()
        self.wait_until(server)
        self.remove(server)
        self.assert_in_order()

    def test_a_server_may_be_deleted_whatever_it_is_doing(self):
        stopped, paused = ("os-stop", None, "SHUTOFF"), ("pause", None, "PAUSED")
        for before, action, body in ((None, None, None), (None, "os-stop", None), (stopped, "os-start", None),
                                     (None, "reboot", {"type": "SOFT"}), (None, "reboot", {"type": "HARD"}),
                                     (None, "pause", None), (paused, "unpause", None)):
            with self.subTest(before=before, action=action, body=body):
                server = self.make("fleeting")
                if action:
                    self.wait_until(server)
                if before:
                    self.assertEqual(self.act(server, before[0], before[1]).status, 202)
                    self.wait_until(server, before[2])
                if action:
                    self.assertEqual(self.act(server, action, body).status, 202)
                for _ in range(2):
                    self.assertIn(self.ask("DELETE", f"/servers/{server}").status, (204, 404))
                self.wait_until(server, "")
        self.assertEqual(self.used(), (0, 0, 0))
        self.assert_in_order()


class Failing(ComputeTest):
    simulator = 'fails = ["prepare:noprepare", "start:nostart", "stop:nostop"]'

    def test_a_create_that_fails_says_why_and_leaves_nothing(self):
        for name, reason in (("noprepare", "fail prepare of noprepare"), ("nostart", "fail start of nostart")):
            with self.subTest(name=name):
                server = self.make(name)
                found = self.wait_until(server, "ERROR")
                self.assertEqual(found["fault"]["code"], 500)
                self.assertIn(reason, found["fault"]["message"])
                self.assert_in_order()
                self.remove(server)
        self.assertEqual(self.used(), (0, 0, 0))

    def test_an_action_that_fails_says_why(self):
        server = self.running("nostop")
        self.assertEqual(self.act(server, "os-stop").status, 202)
        self.assertIn("fail stop", self.wait_until(server, "ERROR")["fault"]["message"])
        self.remove(server)
        self.assert_in_order()


class HeldUp(ComputeTest):
    simulator = 'fails = ["remove:noremove"]'

    def test_a_delete_says_what_it_waits_for_keeps_its_room_and_goes_on_by_itself(self):
        server = self.running("noremove")
        self.call("DELETE", f"/servers/{server}")
        found = wait_for("the delete to be held up", lambda: (shown := self.show(server))["status"] == "ERROR" and shown)
        self.assertIn("fail remove", found["fault"]["message"])
        self.assertEqual(found["OS-EXT-STS:task_state"], "deleting")
        self.assertEqual(self.used(), (1, 1, 128))
        self.cloud.stop()
        self.cloud.write("60-mended.toml", "[plugin.compute_simulator.config]\nfails = []\n")
        self.cloud.start()
        self.wait_until(server, "")
        self.assertEqual(self.used(), (0, 0, 0))
        self.assert_in_order()


class InProcessesOfTheirOwn(ComputeTest):
    link = "process"
    simulator = 'crashes = ["start:crash"]'

    def test_a_server_lives_from_create_to_delete(self):
        server = self.running()
        self.assertEqual(self.act(server, "os-stop").status, 202)
        self.wait_until(server, "SHUTOFF")
        self.remove(server)
        self.assert_in_order()

    def test_a_driver_that_crashes_takes_only_its_server_along(self):
        self.cloud.expects_errors = ("the process of plugin compute_simulator failed",)
        calm = self.running("calm")
        crashed = self.make("crash")
        wait_for("the driver to have crashed",
                 lambda: "compute_simulator failed and is started again" in self.cloud.log.read_text())
        self.call("DELETE", f"/servers/{crashed}")
        self.wait_until(crashed, "")
        self.assertEqual(self.show(calm)["status"], "ACTIVE")
        self.remove(calm)
        self.assertEqual(self.used(), (0, 0, 0))
        self.assert_in_order()


class Hanging(ComputeTest):
    simulator = 'hangs = ["start:hang"]'
    tasks = 'step_limit = "1s"\nlease = "1s"\ntries = 2\nlongest_pause = "200ms"'

    def states(self):
        return {plugin["id"]: plugin["state"] for plugin in self.cloud.volutus("plugins", "--json")}

    def test_a_driver_that_hangs_is_quarantined_and_what_it_has_stays_claimed(self):
        self.cloud.expects_errors = ("did not come back from a call", "a step hangs, and is given up")
        calm = self.running("calm")
        hung = self.make("hang")
        found = self.wait_until_it_failed(hung)
        self.assertEqual(found["fault"]["code"], 500)
        self.assertIn("plugin compute_simulator is quarantined", found["fault"]["message"])
        self.assertEqual(self.states()["compute_simulator"], "quarantined: it did not come back from a call")
        self.assertEqual(self.states()["compute_service"], "running")
        self.assertEqual(self.used(), (2, 2, 256)) # nobody knows what the driver has made
        refused = self.wait_until_it_failed(self.make("after"))
        self.assertIn("quarantined", refused["fault"]["message"])
        self.call("DELETE", f"/servers/{hung}")

        self.cloud.kill()
        self.cloud.write("60-mended.toml", "[plugin.compute_simulator.config]\nhangs = []\n")
        self.cloud.start()
        self.wait_until(hung, "")
        self.assertEqual(self.wait_until(refused["id"], "ERROR")["id"], refused["id"])
        self.remove(calm, refused["id"])
        self.assertEqual(self.used(), (0, 0, 0))
        self.assert_in_order()

    def wait_until_it_failed(self, server):
        """Its undo goes on trying, so its task goes on."""
        def failed():
            found = self.show(server)
            return found if found["status"] == "ERROR" else None
        return wait_for(f"server {server} to fail", failed)


class HangingInAProcessOfItsOwn(ComputeTest):
    link = "process"
    simulator, tasks = Hanging.simulator, Hanging.tasks

    def test_a_driver_that_hangs_costs_one_server(self):
        self.cloud.expects_errors = ("the process of plugin compute_simulator failed", "a step hangs, and is given up")
        hung = self.make("hang")
        found = self.wait_until(hung, "ERROR")
        self.assertIn("did not answer in time", found["fault"]["message"])
        calm = self.running("calm")
        self.remove(hung, calm)
        self.assertEqual(self.used(), (0, 0, 0))
        self.assert_in_order()


class HangingInARequest(ComputeTest):
    simulator = 'hangs = ["console_log:mute"]\nhang_ms = 6000'
    THREADS = 4

    @classmethod
    def configuration(cls):
        return super().configuration() + f"\n[gateway.threads]\npool = {cls.THREADS}\n"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cloud.kill()
        cls.cloud.write("60-impatient.toml", '[gateway]\nrequest_deadline = "1s"\n')
        cls.cloud.start()

    def state(self):
        return {plugin["id"]: plugin["state"] for plugin in self.cloud.volutus("plugins", "--json")}["compute_simulator"]

    def test_its_client_is_told_others_are_served_and_the_driver_is_back_once_it_answers(self):
        self.cloud.expects_errors = ("did not come back from a call", "a request hangs, and is given up", "a service did not answer")
        mute, calm = self.running("mute"), self.running("calm")
        with ThreadPoolExecutor(2 * self.THREADS) as pool:
            # More than there are threads: the first hang, the others find the driver in quarantine.
            asked = [pool.submit(self.act, mute, "os-getConsoleOutput", {}) for _ in range(2 * self.THREADS)]
            wait_for("the quarantine", lambda: self.state() == "quarantined: it did not come back from a call")
            self.assertEqual(self.ask("PUT", f"/servers/{calm}", {"server": {"name": "calmer"}}).status, 200)
            self.assertEqual(self.act(calm, "os-getConsoleOutput", {}).status, 503)
            told = Counter(future.result().status for future in asked)
        self.assertEqual(told, {504: self.THREADS, 503: self.THREADS})
        for words in ("did not answer in time", "compute_simulator is quarantined"):
            self.assertTrue(any(words in future.result().text for future in asked), words)
        wait_for("the driver to be back", lambda: self.state() == "running")
        self.assertEqual(self.act(calm, "os-getConsoleOutput", {}).status, 200)
        self.remove(mute, calm)
        self.assert_in_order()


if __name__ == "__main__":
    unittest.main()
