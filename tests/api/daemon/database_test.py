"""Backup, restore and migration of a real daemon's store, as an operator does them."""

import os
import sqlite3
import stat
import subprocess
import threading
import unittest

from cloud import Cloud, toy, wait_for

WIDGETS = "/toy/v1/widgets"
NOBODY = 65534


def create(cloud, name):
    reply = cloud.ask("POST", WIDGETS, {"widget": {"name": name}})
    assert reply.status == 202, reply
    return reply.json["widget"]["id"]


def names(cloud):
    return sorted(one["name"] for one in cloud.ask("GET", WIDGETS).json["widgets"])


def at_rest(cloud):
    wait_for("tasks to end", lambda: cloud.volutus("tasks", "--json") == [])


class Database(unittest.TestCase):
    def setUp(self):
        self.cloud = self.enterContext(Cloud(toy(quota=-1)))
        self.file = self.cloud.folder / "backup"

    def refused(self, *arguments):
        return self.cloud.volutus("db", *arguments, code=1)

    def test_a_backup_of_a_running_cloud_is_restored(self):
        create(self.cloud, "before")
        at_rest(self.cloud)
        told = self.cloud.volutus("db", "backup", self.file, "--json")
        self.assertEqual(told["file"], str(self.file))
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.assertFalse(self.file.with_name("backup.partial").exists())
        late = create(self.cloud, "after")
        at_rest(self.cloud)
        self.assertEqual(self.cloud.stop(), 0)
        restored = self.cloud.volutus("db", "restore", self.file, "--json")
        self.assertGreater(restored["revision"], told["revision"])
        self.assertRegex(restored["made_by"], r"^volutusd \d")
        self.cloud.start()
        self.assertEqual(names(self.cloud), ["before"])
        # What came after the backup is still on the backend, and the prover says so.
        self.assertIn(late, self.cloud.volutus("verify", code=1))
        # The restored cloud works: its tasks' epochs are beyond those that the driver has seen.
        widget = self.cloud.ask("GET", WIDGETS).json["widgets"][0]["id"]
        self.assertIn(self.cloud.ask("DELETE", f"{WIDGETS}/{widget}").status, (202, 204))
        wait_for("the widget to go", lambda: names(self.cloud) == [])
        aside = sqlite3.connect(f"file:{restored['kept_aside']}?mode=ro", uri=True)
        self.addCleanup(aside.close)
        self.assertEqual(aside.execute("PRAGMA integrity_check").fetchone(), ("ok",))

    def test_backups_under_load_are_whole(self):
        ending, answered = threading.Event(), []

        def client():
            number = 0
            while not ending.is_set():
                number += 1
                answered.append(create(self.cloud, f"w{number}"))

        thread = threading.Thread(target=client)
        thread.start()
        try:
            before = []
            for i in range(3):
                known = len(answered)
                wait_for("writes", lambda known=known: len(answered) > known)
                before.append(set(answered))
                self.cloud.volutus("db", "backup", self.cloud.folder / f"b{i}")
        finally:
            ending.set()
            thread.join()
        self.assertEqual(self.cloud.stop(), 0)
        for i, known in enumerate(before):
            self.cloud.volutus("db", "restore", self.cloud.folder / f"b{i}")
            self.cloud.start()
            missing = [one for one in known if self.cloud.ask("GET", f"{WIDGETS}/{one}").status != 200]
            self.assertEqual(missing, [], "what was answered before the backup began is in it")
            self.assertEqual(self.cloud.stop(), 0)

    def test_a_file_that_is_there_is_not_written_over(self):
        self.file.write_text("precious")
        self.assertIn("is there already", self.refused("backup", self.file))
        self.assertEqual(self.file.read_text(), "precious")
        self.assertIn("cannot be made", self.refused("backup", self.cloud.folder / "none" / "backup"))

    def test_what_takes_the_daemons_place_needs_it_to_be_down(self):
        self.cloud.volutus("db", "backup", self.file)
        for arguments in (("restore", self.file), ("migrate",)):
            self.assertRegex(self.refused(*arguments), rf"another volutusd \(process {self.cloud.process.pid}\)")

    def test_a_file_that_is_no_backup_changes_nothing(self):
        create(self.cloud, "stays")
        self.cloud.volutus("db", "backup", self.file)
        self.cloud.stop()
        self.assertIn("is no backup", self.refused("restore", self.cloud.state / "store.db"))
        whole = self.file.read_bytes()
        self.file.write_bytes(whole[:-2000])
        self.assertIn("is no backup, or not a whole one", self.refused("restore", self.file))
        self.file.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
        self.assertIn("is damaged", self.refused("restore", self.file))
        self.assertIn("No such file", self.refused("restore", self.cloud.folder / "none"))
        self.cloud.start()
        self.assertEqual(names(self.cloud), ["stays"])

    def make_newer(self):
        with sqlite3.connect(self.cloud.state / "store.db") as database:
            database.execute("UPDATE store_head SET format = 99, program = '9.8.7'")
        database.close()

    def test_a_newer_programs_store_is_refused_at_start_and_its_backup_at_restore(self):
        create(self.cloud, "one")
        at_rest(self.cloud)
        self.cloud.volutus("db", "backup", self.cloud.folder / "earlier")
        self.make_newer()  # as if 9.8.7 had been here; the running daemon does not look again
        self.cloud.volutus("db", "backup", self.file)
        self.cloud.stop()
        self.cloud.expects_errors = ("the store was written by volutusd 9.8.7",)
        code, said = self.cloud.refusal()
        self.assertEqual(code, 1)
        for words in ("volutusd 9.8.7 in format 99", "which knows formats up to", "db restore"):
            self.assertIn(words, said)
            self.assertIn(words, self.refused("restore", self.file))
            self.assertIn(words, self.refused("migrate"))
        self.cloud.volutus("db", "restore", self.cloud.folder / "earlier")
        self.cloud.start()
        self.assertEqual(names(self.cloud), ["one"])

    def test_a_migration_is_made_ahead_and_told(self):
        create(self.cloud, "old")
        self.cloud.stop()
        self.assertEqual(self.cloud.volutus("db", "migrate", "--json"), [])
        with sqlite3.connect(self.cloud.state / "store.db") as database:
            database.execute("ALTER TABLE store_head DROP COLUMN program")
            database.execute("UPDATE store_head SET format = 2")
        database.close()
        (told,) = self.cloud.volutus("db", "migrate", "--json")
        self.assertEqual((told["what"], told["was"], told["is"]), ("store", "format 2", "format 3"))
        self.assertEqual(self.cloud.volutus("db", "migrate", "--json"), [])
        self.cloud.start()
        self.assertEqual(names(self.cloud), ["old"])

    @unittest.skipUnless(os.geteuid() == 0, "only root may give files away")
    def test_root_leaves_a_state_that_the_daemons_user_can_use(self):
        self.cloud.volutus("db", "backup", self.file)
        self.cloud.stop()
        subprocess.run(["chown", "-R", str(NOBODY), self.cloud.state], check=True)
        os.chmod(self.cloud.folder, 0o711)  # for that user to reach what is his
        self.cloud.volutus("db", "restore", self.file)
        self.cloud.volutus("db", "migrate")
        for file in self.cloud.state.iterdir():
            self.assertEqual(file.stat().st_uid, NOBODY, file)


if __name__ == "__main__":
    unittest.main()
