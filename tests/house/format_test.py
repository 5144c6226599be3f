#!/usr/bin/env python3
"""The check of the format refuses a badly formatted file and mends it: format_test.py CLANG_FORMAT"""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

here = Path(__file__).resolve().parent
program = sys.argv[1]


class TheFormat(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        shutil.copy(here.parents[1] / ".clang-format", self.root)
        (self.root / "kernel").mkdir()
        self.file = self.root / "kernel" / "a.cpp"
        self.file.write_text("int  f(const char *a){\n  return 1;}\n")

    def run_format(self, *arguments):
        return subprocess.run([sys.executable, here / "format.py", "--with", program, "--root", self.root, *arguments],
                              capture_output=True, text=True)

    def test_is_refused_where_it_is_bad_and_mended(self):
        refused = self.run_format("--check", "kernel")
        self.assertEqual(refused.returncode, 1)
        self.assertTrue(refused.stdout.startswith("kernel/a.cpp:1:"), refused.stdout)
        self.assertEqual(self.run_format().returncode, 0)
        self.assertEqual(self.file.read_text(), "int f(char const* a) { return 1; }\n")
        self.assertEqual(self.run_format("--check", "kernel").returncode, 0)

    def test_of_no_files_is_refused(self):
        self.assertIn("there are no sources", self.run_format("--check", "plugins").stderr)


if __name__ == "__main__":
    if not Path(program).is_file():
        sys.exit("not installed: clang-format-19")
    unittest.main(argv=sys.argv[:1])
