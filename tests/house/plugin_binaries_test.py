#!/usr/bin/env python3
"""Builds one good and several bad plugins: plugin_binaries_test.py COMPILER VERSION_SCRIPT"""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from plugin_binaries import wrongs

ENTRY = '#include <string>\nextern "C" std::size_t volutus_plugin_1() { return std::string(30, 0).find(\'a\'); }\n'
UNIQUE = "template <class T> struct Kept { static inline int value = 1; };\nint* use() { return &Kept<int>::value; }\n"
compiler, version_script = sys.argv[1:3]


class APlugin(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def build(self, name, source, *options):
        path = self.folder / f"{name}.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-x", "c++", "-", "-x", "none", "-o", path, *options],
                       input=source, text=True, check=True)
        return path

    def wrong(self, *arguments):
        return "\n".join(wrongs(self.build("plugin", *arguments)))

    def scripted(self):
        return f"-Wl,--version-script={version_script}"

    def test_that_is_well_built_is_accepted(self):
        self.assertEqual(self.wrong(ENTRY, self.scripted()), "")

    def test_that_exports_more_is_refused(self):
        self.assertIn("instead of volutus_plugin_1 alone: _Z4morev", self.wrong(ENTRY + "void more() {}"))

    def test_without_its_entry_is_refused(self):
        self.assertIn("exports 0 symbols", self.wrong("void more() {}", self.scripted()))

    def test_with_unique_symbols_is_refused(self):
        if "clang" in subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout:
            self.skipTest("clang makes no unique symbols")
        for linker in ("bfd", "mold"):
            if linker == "bfd" or shutil.which(linker):
                wrong = self.wrong(ENTRY + UNIQUE, "-fgnu-unique", f"-fuse-ld={linker}")
                self.assertIn("unique symbols, such as _ZN4KeptIiE5valueE", wrong)

    def test_that_needs_another_cpp_library_is_refused(self):
        self.build("libother", "void other() {}")
        source = ENTRY.replace("return", "other(); return").replace("extern", "void other();\nextern")
        library = self.folder / "libother.so"
        self.assertIn("such as _Z5otherv", self.wrong(source, self.scripted(), str(library)))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
