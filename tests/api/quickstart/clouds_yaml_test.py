"""What quickstart.sh does to a clouds.yaml that is not its own."""

import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[3] / "contrib" / "clouds_yaml.py"

OTHERS = """\
# written by hand
clouds:
    # the office
    office:
        auth: {auth_url: "https://office.example.org"}   # by VPN
    home:
        auth:
            auth_url: http://home.example.org
cache:
    expiration_time: 1
"""

OURS = """\
  volutus:
    auth:
      auth_url: http://here
      username: admin
      password: 'it''s: #1'
      project_name: admin
      user_domain_id: default
      project_domain_id: default
    region_name: RegionOne
    identity_api_version: 3
"""


class CloudsYaml(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "openstack" / "clouds.yaml"

    def run_program(self, *words, password="it's: #1\n"):
        return subprocess.run([PROGRAM, self.file, *words], input=password, text=True, capture_output=True)

    def set(self):
        return self.run_program("set", "volutus", "http://here", "admin", "admin")

    def write(self, text):
        self.file.parent.mkdir()
        self.file.write_text(text)

    def test_a_file_is_made_for_its_owner_only(self):
        self.assertEqual(self.set().returncode, 0)
        self.assertEqual(self.file.read_text(), "clouds:\n" + OURS)
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)

    def test_a_second_time_changes_nothing(self):
        self.set()
        self.set()
        self.assertEqual(self.file.read_text(), "clouds:\n" + OURS)

    def test_every_other_line_stays_as_it_is(self):
        self.write(OTHERS)
        self.assertEqual(self.set().returncode, 0)
        kept = [line for line in OTHERS.splitlines() if line in self.file.read_text().splitlines()]
        self.assertEqual(kept, OTHERS.splitlines())
        self.assertIn("    volutus:\n", self.file.read_text())
        self.assertEqual(self.run_program("remove", "volutus").returncode, 0)
        self.assertEqual(self.file.read_text(), OTHERS)

    def test_a_file_without_anything_else_goes_with_the_cloud(self):
        self.set()
        self.assertEqual(self.run_program("remove", "volutus").returncode, 0)
        self.assertFalse(self.file.exists())

    def test_an_older_entry_is_replaced(self):
        self.write("clouds:\n  volutus:\n    old: 1\n    # inside\n  # outside\n  home: {}\n")
        self.assertEqual(self.set().returncode, 0)
        self.assertEqual(self.file.read_text(), "clouds:\n" + OURS + "  # outside\n  home: {}\n")

    def test_what_cannot_be_changed_is_left_alone(self):
        for text in ("clouds: {home: {region_name: here}}\n", "clouds: [\n", "- a list\n"):
            with self.subTest(text):
                self.file.parent.mkdir(exist_ok=True)
                self.file.write_text(text)
                self.assertEqual(self.set().returncode, 1)
                self.assertEqual(self.file.read_text(), text)

    def test_removing_from_nothing_succeeds(self):
        self.assertEqual(self.run_program("remove", "volutus").returncode, 0)
        self.assertFalse(self.file.exists())


if __name__ == "__main__":
    unittest.main()
