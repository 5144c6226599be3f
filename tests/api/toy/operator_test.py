"""The operator's command against a real daemon."""

import json
import os
import signal
import stat
import subprocess
import unittest

from cloud import BUILD, Cloud, toy, wait_for


class Operator(unittest.TestCase):
    link = "process"

    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(Cloud(toy(cls.link)))
        made = cls.cloud.ask("POST", "/toy/v1/widgets", {"widget": {"name": "seen"}}).json["widget"]
        wait_for("the widget", lambda: cls.cloud.ask("GET", f"/toy/v1/widgets/{made['id']}").json["widget"]["status"] == "active")
        wait_for("its task to end", lambda: cls.cloud.volutus("tasks", "--json") == [])

    def test_status_tells_how_the_daemon_fares(self):
        status = self.cloud.volutus("status", "--json")
        self.assertEqual(status["documents"]["toy.widget"], len(self.cloud.ask("GET", "/toy/v1/widgets").json["widgets"]))
        self.assertGreater(status["revision"], 0)
        self.assertGreater(status["memory_bytes"], 1_000_000)
        self.assertIn("toy.widget", self.cloud.volutus("status"))

    def test_plugins_and_their_links_are_listed(self):
        plugins = {one["id"]: one for one in self.cloud.volutus("plugins", "--json")}
        self.assertEqual(set(plugins), {"toy_service", "toy_file"})
        self.assertEqual(plugins["toy_file"]["link"], "process")
        self.assertEqual(plugins["toy_file"]["state"], "running")
        self.assertIn("volutus.toy.maker/1", plugins["toy_file"]["contracts"])

    def test_a_table_has_a_line_a_row_below_its_head(self):
        lines = self.cloud.volutus("plugins").splitlines()
        self.assertEqual(len(lines), 3)
        columns = [lines[0].index(name) for name in ("ID", "VERSION", "LINK", "STATE", "CONTRACTS")]
        for line in lines[1:]:
            self.assertTrue(all(line[at - 1] == " " and line[at] != " " for at in columns[1:]), lines)

    def test_routes_tell_where_services_are_found(self):
        routes = [(one["method"], one["path"]) for one in self.cloud.volutus("routes", "--json")]
        self.assertIn(("POST", "/toy/v1/widgets"), routes)
        self.assertIn(("DELETE", "/toy/v1/widgets/{widget_id}"), routes)
        self.assertEqual(len(self.cloud.volutus("routes").splitlines()), 1 + len(routes))

    def test_what_plugins_declare_is_listed(self):
        kinds = {one["kind"]: one for one in self.cloud.volutus("kinds", "--json")}
        self.assertEqual(kinds["toy.widget"]["transient"], {"status": ["building", "painting", "deleting"]})
        self.assertEqual((kinds["toy.widget"]["plugin"], kinds["toy.create_key"]["transient"]), ("toy_service", {}))
        steps = [(one["task"], one["step"]) for one in self.cloud.volutus("steps", "--json")]
        self.assertEqual(steps[:4], [("widget.make", step) for step in ("place", "make", "paint", "activate")])

    def test_this_node_is_the_cloud(self):
        self.assertEqual([one["state"] for one in self.cloud.volutus("nodes", "--json")], ["up"])
        head, line = self.cloud.volutus("nodes").splitlines()
        self.assertEqual((head.split(), line.split()[1]), (["NODE", "STATE", "VERSION", "PLUGINS"], "up"))

    def test_a_task_that_cannot_go_on_is_seen_with_its_reason(self):
        def worker():
            return [int(name) for name in os.listdir("/proc") if name.isdigit() and parent(name) == self.cloud.process.pid
                    and "toy_file" in command_line(name)]
        for pid in worker():
            os.kill(pid, signal.SIGSTOP)
        try:
            made = self.cloud.ask("POST", "/toy/v1/widgets", {"widget": {"name": "stuck"}}).json["widget"]
            tasks = wait_for("a task at the stopped driver", lambda: [
                one for one in self.cloud.volutus("tasks", "--json") if one["step"] == "make"])
            self.assertEqual((tasks[0]["name"], tasks[0]["resource"], tasks[0]["phase"]),
                             ("widget.make", f"toy.widget/{made['id']}", "forward"))
            self.assertRegex(tasks[0]["started"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
            head, line = self.cloud.volutus("tasks").splitlines()
            self.assertEqual(line[head.index("STARTED"):].split()[0], tasks[0]["started"])
        finally:
            for pid in worker():
                os.kill(pid, signal.SIGCONT)
        wait_for("the task to end", lambda: self.cloud.volutus("tasks", "--json") == [])

    def test_watch_shows_changes_as_they_come_and_from_a_revision_on(self):
        since = self.cloud.volutus("status", "--json")["revision"]
        with subprocess.Popen(self.cloud.command("watch", "--json", "--kind", "toy.widget", "--since", str(since)),
                              stdout=subprocess.PIPE, text=True) as watching:
            made = self.cloud.ask("POST", "/toy/v1/widgets", {"widget": {"name": "watched"}}).json["widget"]
            first = json.loads(watching.stdout.readline())
            self.assertEqual((first["kind"], first["id"], first["change"]), ("toy.widget", made["id"], "put"))
            self.assertGreater(first["revision"], since)
            self.assertEqual((first["project_id"], first["user_id"], first["plugin"]), ("toys", "somebody", "toy_service"))
            self.assertTrue(first["request_id"].startswith("req-"), first)
            watching.terminate()
        with subprocess.Popen(self.cloud.command("watch", "--kind", "toy.widget", "--since", str(since)),
                              stdout=subprocess.PIPE, text=True) as watching:
            line = watching.stdout.readline()
            self.assertEqual(line.split()[:4], [str(first["revision"]), "put", "toy.widget", made["id"]])
            self.assertIn(first["request_id"], line.split())
            watching.terminate()
        with subprocess.Popen(self.cloud.command("watch", "--json", "--project", "another", "--since", str(since)),
                              stdout=subprocess.PIPE, text=True) as watching:
            other = self.cloud.ask("POST", "/toy/v1/widgets", {"widget": {"name": "x"}}, project="another").json["widget"]
            self.assertEqual(json.loads(watching.stdout.readline())["id"], other["id"])
            watching.terminate()

    def test_verify_finds_no_difference_in_a_sound_cloud(self):
        self.assertEqual(self.cloud.volutus("verify", "--json"), [])
        self.assertIn("no differences", self.cloud.volutus("verify"))

    def test_verify_tells_what_the_backend_lacks(self):
        with Cloud(toy()) as cloud:
            made = cloud.ask("POST", "/toy/v1/widgets", {"widget": {"name": "lost"}}).json["widget"]
            wait_for("the widget", lambda: cloud.ask("GET", f"/toy/v1/widgets/{made['id']}").json["widget"]["status"] == "active")
            (cloud.state / "widgets" / f"{made['id']}.json").unlink()
            self.assertEqual(cloud.volutus("verify", "--json", code=1),
                             [{"where": f"toy.widget {made['id']}", "what": "is active, and the maker lacks it"}])
            self.assertIn(f"toy.widget {made['id']}  is active, and the maker lacks it", cloud.volutus("verify", code=1))

    def test_the_socket_is_for_the_daemons_user_only(self):
        self.assertEqual(stat.S_IMODE((self.cloud.state / "admin.sock").stat().st_mode), 0o600)

    def test_exit_codes_part_failure_from_wrong_usage(self):
        self.cloud.volutus("frobnicate", code=2)
        self.cloud.volutus(code=2)
        self.cloud.volutus("status", "--frobnicate", code=2)
        said = self.cloud.volutus("--socket", "/nonexistent/admin.sock", "status", code=1)
        self.assertIn("no volutusd answers at /nonexistent/admin.sock", said)

    def test_the_configuration_is_checked_without_a_daemon(self):
        self.assertIn("is in order", self.cloud.volutus("check-config"))
        self.assertEqual({one["plugin"] for one in self.cloud.volutus("check-config", "--json")}, {"toy_service", "toy_file"})
        broken = Cloud("[gateway]\nlistn = 1\n[plugin.ghost]\n")
        self.addCleanup(broken.discard)
        said = broken.volutus("check-config", code=1)
        self.assertIn("50-test.toml:2: gateway.listn", said)
        self.assertIn("50-test.toml:3: plugin.ghost", said)

    def test_the_repositorys_own_configuration_is_in_order(self):
        own = os.path.join(os.path.dirname(__file__), "../../../conf.d")
        done = subprocess.run([BUILD / "bin" / "volutus", "--config", own, "check-config"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


def parent(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return int(file.read().rsplit(")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


if __name__ == "__main__":
    unittest.main()
