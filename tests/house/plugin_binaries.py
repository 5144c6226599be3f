#!/usr/bin/env python3
"""Checks built plugins with readelf: plugin_binaries.py plugin.so...

A plugin exports its entry and nothing else; holds no STB_GNU_UNIQUE symbol, which the loader would share between
plugins; and takes C++ from the standard library only, because another shared one would be whichever was loaded first.
"""

import re
import subprocess
import sys
from collections import namedtuple

ENTRY = "volutus_plugin_1"
# Number, value, size, type, binding, visibility, section, name; readelf knows the names of GNU's own types and
# bindings only where the linker wrote that the file is GNU's, which mold does not.
ROW = re.compile(r"\s*\d+: +\S+ +\S+ +(?:\w+|<.+?>: \d+) +(\w+|<.+?>: 10) +\w+ +(?:\[.*?\] +)?(\w+) (\S*)")
UNIQUE = {"UNIQUE", "<OS specific>: 10"}
Symbol = namedtuple("Symbol", "table binding defined name version")

# What the sanitizers' runtime replaces, and so leaves without the standard library's version.
ALLOCATION = re.compile(r"_Z(nw|na|dl|da)")


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *arguments], check=True, capture_output=True, text=True).stdout


def symbols(path):
    table = None
    for line in readelf("--symbols", path).splitlines():
        if found := re.match(r"Symbol table '(\S+)'", line):
            table = found[1]
        elif row := ROW.match(line):
            binding, section, name = row.groups()
            name, _, version = name.partition("@")
            yield Symbol(table, binding, section != "UND", name, version.lstrip("@"))


def wrongs(path):
    """What is wrong with a plugin, a sentence each."""
    found = list(symbols(path))
    dynamic = [symbol for symbol in found if symbol.table == ".dynsym"]
    exported = sorted(symbol.name for symbol in dynamic if symbol.defined and symbol.binding != "LOCAL")
    if exported != [ENTRY]:
        others = ", ".join(name for name in exported if name != ENTRY)[:300]
        yield (f"exports {len(exported)} symbols instead of {ENTRY} alone{': ' + others if others else ''}; build it "
               "with volutus_plugin()")
    unique = sorted({symbol.name for symbol in found if symbol.binding in UNIQUE})
    if unique:
        yield f"holds {len(unique)} unique symbols, such as {unique[0]}; compile it with -fno-gnu-unique"
    foreign = sorted(symbol.name for symbol in dynamic
                     if not symbol.defined and symbol.name.startswith("_Z") and not ALLOCATION.match(symbol.name)
                     and not symbol.version.startswith(("GLIBCXX_", "CXXABI_")))
    if foreign:
        yield f"needs C++ that is not the standard library's, such as {foreign[0]}; link that library statically"
    for library in re.findall(r"\(NEEDED\).*\[(libboost_[^\]]+|libfmt[^\]]*)\]", readelf("--dynamic", path)):
        yield f"needs {library}; link it statically, or use its headers alone"


def main():
    plugins = sys.argv[1:]
    if not plugins:
        sys.exit("usage: plugin_binaries.py plugin.so...")
    found = [f"{path}: {wrong}" for path in plugins for wrong in wrongs(path)]
    print("\n".join(found) or f"{len(plugins)} plugins are as they should be")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
