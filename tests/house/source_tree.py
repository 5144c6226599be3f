"""The project's files as the rules of the house see them: which there are, their text, their code, their includes."""

import os
import re
import subprocess
from functools import lru_cache
from pathlib import Path, PurePosixPath

CPP = (".cpp", ".hpp", ".c", ".h")
INCLUDE_FOLDERS = ("", "sdk/abi", "sdk/include")
NOT_OURS = {".git", "build", "__pycache__"}

TOKEN = re.compile(
    r"""(?P<comment> //(?:[^\n\\]|\\.)* | /\*.*?\*/ )
      | (?P<raw> R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)" )
      | (?P<text> "(?:\\.|[^"\\\n])*" )
      | (?P<letter> (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+' )  # not the separator in 1'000
    """,
    re.DOTALL | re.VERBOSE,
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def blank(text):
    """Spaces of the same shape, so that places stay what they were."""
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    return TOKEN.sub(lambda found: blank(found[0]) if found["comment"] else found[0], text)


def without_comments_and_literals(text):
    return TOKEN.sub(
        lambda found: blank(found[0]) if found["comment"] else found[0][0] + blank(found[0][1:-1]) + found[0][-1], text
    )


def line_of(text, position):
    return text.count("\n", 0, position) + 1


class SourceTree:
    def __init__(self, root):
        self.root = Path(root).resolve()
        self.files = sorted(self._tracked() if (self.root / ".git").exists() else self._found())

    def _tracked(self):
        """What git would commit; so a build folder or an editor's files never count."""
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=self.root, check=True, capture_output=True, text=True,
        ).stdout
        return {name for name in listed.split("\0") if name and (self.root / name).is_file()}

    def _found(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if name not in NOT_OURS]
            for name in names:
                yield (Path(folder) / name).relative_to(self.root).as_posix()

    def cpp(self, *tops):
        """C and C++ files; of the top folders named, or all."""
        return [name for name in self.files if name.endswith(CPP) and (not tops or name.split("/")[0] in tops)]

    def headers(self, *tops):
        return [name for name in self.cpp(*tops) if name.endswith((".hpp", ".h"))]

    @lru_cache(maxsize=None)
    def text(self, name):
        """The file's text; empty for a file that is not text."""
        content = (self.root / name).read_bytes()
        return "" if b"\0" in content else content.decode("utf-8", errors="replace")

    @lru_cache(maxsize=None)
    def code(self, name):
        return without_comments_and_literals(self.text(name))

    def matches(self, name, pattern, text=None):
        """(line, match) of each place in the code, or in the `text` given."""
        text = self.code(name) if text is None else text
        for found in re.finditer(pattern, text):
            yield line_of(text, found.start()), found

    @lru_cache(maxsize=None)
    def includes(self, name):
        """[(line, as written, the tree's file that it means or None)]."""
        text = without_comments(self.text(name))
        return [(line_of(text, found.start(2)), found[2], self._resolve(name, found[1], found[2]))
                for found in INCLUDE.finditer(text)]

    def _resolve(self, name, quote, written):
        folders = ([str(PurePosixPath(name).parent)] if quote == '"' else []) + list(INCLUDE_FOLDERS)
        for folder in folders:
            path = os.path.normpath(os.path.join(folder, written))
            if path in self._all:
                return path
        return None

    @property
    @lru_cache(maxsize=None)
    def _all(self):
        return frozenset(self.files)


def top(name):
    return name.split("/")[0]


def plugin_of(name):
    """The folder of the plugin that a file belongs to: plugins/<area>/service or plugins/<area>/drivers/<backend>."""
    found = re.match(r"plugins/[^/]+/(?:service|drivers/[^/]+)(?=/)", name)
    return found[0] if found else None


def plugin_name(folder):
    """As volutus_plugin() of sdk/cmake names its library."""
    return folder.removeprefix("plugins/").replace("/drivers/", "_").replace("/", "_")


def words(text):
    """The words of identifiers and prose in lower case: of OvnBridge, ovn_bridge and "OVN bridge" alike."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)
    return {part.lower() for part in parts + re.findall(r"[A-Za-z]+", text)}
