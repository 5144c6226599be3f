#!/usr/bin/python3
"""Adds a cloud to a clouds.yaml, or takes it out, and leaves every other line as it is, comments included.

    clouds_yaml.py FILE set NAME AUTH_URL USER PROJECT    the password comes on standard input
    clouds_yaml.py FILE remove NAME

The file is replaced at once, readable by its owner only; one without any cloud left is removed. A file that PyYAML
cannot read is left alone.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

import yaml


class Refused(Exception):
    pass


def parsed(text):
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise Refused(f"is no YAML: {error}") from error


def without(lines, name, clouds):
    """The lines without the cloud's block, and the indentation of clouds ('  ' where there is none)."""
    kept, inside, indentation = [], False, None
    in_clouds = False
    for line in lines:
        if re.match(r"\S", line) and not line.startswith("#"):
            in_clouds, inside = bool(re.match(r"clouds\s*:", line)), False
        depth = re.match(r"( +)(\S)", line)
        if in_clouds and depth:
            if depth[2] != "#":
                indentation = indentation or depth[1]
            if depth[1] == indentation:  # a cloud's name, or a comment between two
                key = re.match(r"""\s*(["']?)([^#]+?)\1\s*:""", line)
                inside = bool(key) and key[2] == name
        if not inside:
            kept.append(line)
    if name in clouds and len(kept) == len(lines):
        raise Refused(f"has the cloud {name} in a form that this program cannot change; take it out by hand")
    return kept, indentation or "  "


def block(name, cloud, indentation):
    text = yaml.safe_dump({name: cloud}, sort_keys=False, default_flow_style=False)
    return [indentation + line + "\n" for line in text.splitlines()]


def changed(text, name, cloud):
    before = parsed(text)
    clouds = before.get("clouds") or {}
    if not isinstance(before, dict) or not isinstance(clouds, dict):
        raise Refused("does not look like a clouds.yaml")
    if text and not text.endswith("\n"):
        text += "\n"
    lines, indentation = without(text.splitlines(keepends=True), name, clouds)
    heads = [at for at, line in enumerate(lines) if re.match(r"clouds\s*:", line)]
    if cloud is not None:
        if not heads:
            lines.append("clouds:\n")
            heads = [len(lines) - 1]
        lines[heads[0]] = re.sub(r":\s*(\{\s*\}|null|~)", ":", lines[heads[0]])
        lines[heads[0] + 1:heads[0] + 1] = block(name, cloud, indentation)
    after_text = "".join(lines)
    wanted = {key: value for key, value in clouds.items() if key != name}
    if cloud is not None:
        wanted[name] = cloud
    by_hand = Refused("is written in a form that this program cannot change; do it by hand")
    try:
        after = parsed(after_text)
    except Refused:
        raise by_hand from None
    others = {key: value for key, value in after.items() if key != "clouds"}
    if (after.get("clouds") or {}) != wanted or others != {k: v for k, v in before.items() if k != "clouds"}:
        raise by_hand
    return after_text


def replace(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve()
    handle, half = tempfile.mkstemp(dir=target.parent, prefix=".clouds-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chown(half, target.stat().st_uid, target.stat().st_gid)
        os.replace(half, target)
    except BaseException:
        os.unlink(half)
        raise


def main(arguments):
    if len(arguments) == 3 and arguments[1] == "remove":
        path, name, cloud = Path(arguments[0]), arguments[2], None
    elif len(arguments) == 6 and arguments[1] == "set":
        path, name = Path(arguments[0]), arguments[2]
        cloud = {"auth": {"auth_url": arguments[3], "username": arguments[4], "password": sys.stdin.readline().rstrip("\n"),
                          "project_name": arguments[5], "user_domain_id": "default", "project_domain_id": "default"},
                 "region_name": "RegionOne", "identity_api_version": 3}
    else:
        print(__doc__, file=sys.stderr)
        return 2
    text = path.read_text() if path.exists() else ""
    if cloud is None and not text:
        return 0
    try:
        after = changed(text, name, cloud)
        if cloud is None and after.strip() == "clouds:":
            path.unlink()  # nothing of anybody else is in it
        else:
            replace(path, after)
    except Refused as error:
        print(f"clouds_yaml.py: {path} {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
