"""A machine that fails below a running daemon: what it cannot do is refused and says why, what was answered stays, and
the daemon goes on by itself once it can.

As root, in a mount namespace of its own; what no mount can do comes from the library faults.c below the daemon, whose
path is VOLUTUS_FAULTS_LIBRARY.
"""

import errno
import http.client
import json
import os
import resource
import subprocess
import sys
import threading
import time
import unittest

from cloud import BUILD, Cloud, toy, wait_for
from faults import Faults
from whole_cloud import WholeCloud

WIDGETS = "/toy/v1/widgets"
DAY = 86400
# Beside the state directory, so that only the store meets the faults; tasks are tried again soon.
TOY = toy(quota=-1, slots=100000).replace("{state}/widgets", "{state}/../widgets") + '[tasks]\nlongest_pause = "1s"\n'


class MachineTest(unittest.TestCase):
    def setUp(self):
        self.cloud = Cloud(TOY)
        self.cloud.expects_errors = ("the store cannot commit", "the store could not commit", "cannot accept: Too many open files",
                                     "volutusd does not start: the store's file")
        self.faults = Faults(self.cloud)
        self.cloud.environment = self.faults.environment
        self.answered = set()

    def start(self):
        self.enterContext(self.cloud)

    def create(self):
        """One widget; the reply."""
        reply = self.cloud.ask("POST", WIDGETS, {"widget": {"name": f"w{time.monotonic_ns()}"}})
        if reply.status == 202:
            self.answered.add(reply.json["widget"]["id"])
        return reply

    def create_until_refused(self):
        def refused():
            reply = self.create()
            if "unknown_outcome" in reply.text:  # of the commit under way nobody can tell; those after it are refused
                self.assertEqual(reply.status, 503)
                return None
            return reply if reply.status != 202 else None
        return wait_for("a refusal", refused)

    def assert_in_order(self):
        """All that was answered is there and at rest, and all that there is agrees."""
        wait_for("tasks to end", lambda: self.cloud.volutus("tasks", "--json") == [])
        for widget in self.answered:
            reply = self.cloud.ask("GET", f"{WIDGETS}/{widget}")
            self.assertEqual(reply.status, 200, widget)
            found = reply.json["widget"]
            self.assertTrue(found["status"] == "active" or found["status"] == "error" and found["fault"], found)
        self.assertEqual(self.cloud.volutus("verify", "--json"), [])

    def assert_refuses_and_goes_on(self, says, mend):
        """The store cannot write; `mend` makes it able to."""
        reply = self.create_until_refused()
        self.assertEqual(reply.status, 503, reply)
        for words in says:
            self.assertIn(words, reply.text)
        self.assertEqual(self.cloud.ask("GET", WIDGETS).status, 200, "reading goes on")
        self.assertIn("the store cannot commit", self.cloud.log.read_text())
        mend()
        wait_for("the store to write again", lambda: self.create().status == 202)
        self.assertIn("the store commits again", self.cloud.log.read_text())
        self.assert_in_order()
        self.cloud.kill()  # and what is on the disk says the same
        self.cloud.start()
        self.assert_in_order()


@unittest.skipUnless(os.geteuid() == 0, "mounts need root; CI has it")
class Mounts(MachineTest):
    def mount(self, *options):
        self.cloud.state.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", *options, "volutus-test", self.cloud.state], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.cloud.state], check=True)

    def test_a_full_disk(self):
        self.mount("-o", "size=24m")
        self.start()
        self.assertEqual(self.create().status, 202)
        ballast = self.cloud.state / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as full:
                self.assertEqual(full.errno, errno.ENOSPC)
        refused = self.create_until_refused()
        self.assertEqual(refused.status, 503)
        # Of all moments this is the one to have a backup elsewhere.
        self.cloud.volutus("db", "backup", self.cloud.folder / "backup")
        self.assert_refuses_and_goes_on(["free space on its file system", str(self.cloud.state / "store.db")],
                                        ballast.unlink)

    def test_a_state_directory_that_is_read_only_from_the_start(self):
        self.mount()
        subprocess.run(["mount", "-o", "remount,ro", self.cloud.state], check=True)
        done = subprocess.run([BUILD / "bin" / "volutusd", "--config", self.cloud.conf, "--state", self.cloud.state],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"the state directory {self.cloud.state} cannot be used: Read-only file system", done.stderr)
        subprocess.run(["mount", "-o", "remount,rw", self.cloud.state], check=True)
        self.start()
        self.assertEqual(self.create().status, 202)


class Disks(MachineTest):
    def assert_fails_with(self, number, says):
        self.start()
        self.assertEqual(self.create().status, 202)
        self.faults.set(write_errno=number)
        self.assert_refuses_and_goes_on([says, "look at its disk"], lambda: self.faults.set(write_errno=0))

    def test_a_file_system_that_becomes_read_only(self):
        self.assert_fails_with(errno.EROFS, os.strerror(errno.EROFS))

    def test_a_disk_that_fails(self):
        self.assert_fails_with(errno.EIO, "the store")

    def test_a_slow_disk(self):
        self.start()
        self.faults.set(sync_milliseconds=1000)
        writers = [threading.Thread(target=self.create) for _ in range(16)]
        began = time.monotonic()
        for writer in writers:
            writer.start()
        slowest = 0
        while any(writer.is_alive() for writer in writers):
            asked = time.monotonic()
            self.assertEqual(self.cloud.ask("GET", WIDGETS).status, 200)
            slowest = max(slowest, time.monotonic() - asked)
        took = time.monotonic() - began
        self.faults.set(sync_milliseconds=0)
        self.assertEqual(len(self.answered), 16)
        self.assertGreater(took, 1)
        self.assertLess(took, 16, "writers share their syncs")
        self.assertLess(slowest, 1, "who only reads waits for no sync")
        self.assert_in_order()

    def test_a_log_whose_tail_is_torn(self):
        self.start()
        for _ in range(20):
            self.assertEqual(self.create().status, 202)
        self.cloud.kill()
        log = self.cloud.state / "store.db-wal"
        whole = log.read_bytes()
        self.assertGreater(len(whole), 8192)
        # What a power cut leaves of a commit that was under way: part of a frame, or one that is not what it says.
        for torn in (whole[-3000:], os.urandom(20000), bytes(4120)):
            log.write_bytes(whole + torn)
            self.cloud.start()
            self.assert_in_order()
            self.cloud.kill()
            whole = log.read_bytes()

    def test_a_store_that_is_no_database_any_more(self):
        self.start()
        self.assertEqual(self.create().status, 202)
        self.assert_in_order()
        self.cloud.volutus("db", "backup", self.cloud.folder / "backup")
        self.assertEqual(self.cloud.stop(), 0)
        with open(self.cloud.state / "store.db", "r+b") as file:
            file.write(os.urandom(4096))
        code, said = self.cloud.refusal()
        self.assertEqual(code, 1)
        self.assertIn(str(self.cloud.state / "store.db"), said)
        self.assertIn("`volutus db restore` a backup", said)
        self.cloud.volutus("db", "restore", self.cloud.folder / "backup")
        self.cloud.start()
        self.assert_in_order()


class Descriptors(MachineTest):
    def test_none_are_left(self):
        self.start()
        known = http.client.HTTPConnection("127.0.0.1", self.cloud.port(), timeout=30)
        self.addCleanup(known.close)

        def ask(method, body=None):
            known.request(method, WIDGETS, body=body and json.dumps(body), headers={"Content-Type": "application/json"})
            reply = known.getresponse()
            reply.read()
            return reply.status

        self.assertEqual(ask("GET"), 200)
        pid = self.cloud.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")), before[1]))
        late = http.client.HTTPConnection("127.0.0.1", self.cloud.port(), timeout=30)
        self.addCleanup(late.close)
        late.request("GET", WIDGETS)
        wait_for("the log to tell", lambda: "cannot accept: Too many open files" in self.cloud.log.read_text())
        for _ in range(10):
            self.assertEqual(ask("GET"), 200, "who is connected is served")
        self.assertIn(ask("POST", {"widget": {"name": "between"}}), (202, 503))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        self.assertEqual(late.getresponse().status, 200, "who waited is served")
        self.assertEqual(self.create().status, 202)
        self.assert_in_order()
        self.assertLess(self.cloud.log.read_text().count("cannot accept"), 10, "the log is not flooded")


class Clock(MachineTest):
    def test_tasks_go_on_when_it_jumps(self):
        self.start()
        for ahead in (0, DAY, 0, -DAY, 0):
            self.faults.set(clock_ahead_seconds=ahead)
            for _ in range(5):
                self.assertEqual(self.create().status, 202)
            gone = self.answered.pop()
            self.assertIn(self.cloud.ask("DELETE", f"{WIDGETS}/{gone}").status, (202, 204))
            began = time.monotonic()
            self.assert_in_order()
            self.assertLess(time.monotonic() - began, 30)

    def test_a_restart_after_a_jump_back_waits_for_no_lease(self):
        self.faults.set(clock_ahead_seconds=DAY)
        self.start()
        for _ in range(30):
            self.assertEqual(self.create().status, 202)
        self.cloud.kill()  # in the middle of tasks, whose leases now end tomorrow
        self.faults.set(clock_ahead_seconds=0)
        self.cloud.start()
        self.assert_in_order()

    def test_a_token_ends_by_the_clock_and_a_new_one_is_good(self):
        cloud = WholeCloud()
        faults = Faults(cloud)
        cloud.environment = faults.environment
        self.enterContext(cloud)
        projects = "/identity/v3/projects"

        def status(token):
            return cloud.ask("GET", projects, headers={"X-Auth-Token": token}).status

        token = cloud.issue_token()
        self.assertEqual(status(token), 200)
        faults.set(clock_ahead_seconds=DAY)
        self.assertEqual(status(token), 401)
        tomorrows = cloud.issue_token()
        self.assertEqual(status(tomorrows), 200)
        faults.set(clock_ahead_seconds=-DAY)
        self.assertEqual(status(cloud.issue_token()), 200)
        faults.set(clock_ahead_seconds=0)
        self.assertEqual(status(token), 200, "it had not expired")


if __name__ == "__main__":
    if os.geteuid() == 0 and not os.environ.get("VOLUTUS_OWN_MOUNTS"):
        os.environ["VOLUTUS_OWN_MOUNTS"] = "yes"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, "-B", *sys.argv])
    unittest.main()
