#!/usr/bin/env python3
"""Formats the C and C++ sources, all or those below the folders named.

    format.py --with CLANG_FORMAT [--check] [FOLDER...]

With --check nothing is written; the exit code is 1 and the files are named if some would change.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from source_tree import SourceTree


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--with", dest="program", required=True)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("folders", nargs="*")
    wanted = parser.parse_args()
    if not Path(wanted.program).is_file():
        sys.exit("not installed: clang-format-19")
    files = [name for name in SourceTree(wanted.root).cpp()
             if not wanted.folders or any(Path(name).is_relative_to(folder) for folder in wanted.folders)]
    if not files:
        sys.exit(f"there are no sources in {wanted.root} below {', '.join(wanted.folders) or 'it'}")
    mode = ["--dry-run", "--Werror"] if wanted.check else ["-i"]
    done = subprocess.run([wanted.program, *mode, *files], cwd=wanted.root, capture_output=True, text=True)
    # One line a file: its first place is enough to go and run the target.
    seen = {line.split(":")[0]: line for line in reversed(done.stderr.splitlines()) if ": error: " in line}
    for name in sorted(seen):
        print(seen[name])
    if done.returncode:
        sys.exit(f"{len(seen)} files are not formatted; build the target format" if seen else done.stderr)


if __name__ == "__main__":
    main()
