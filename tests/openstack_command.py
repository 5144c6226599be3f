"""Debian's unmodified `openstack` command, run in this process: starting it anew costs a second each time.

    admin = Openstack(url, "admin", password, "admin")
    project = admin.show("project create demo")
    admin("server delete gone", code=1)
"""

import contextlib
import io
import json
import logging
import os
import shlex
import warnings

from openstackclient import shell
from openstackclient.volume import client as volume_client
from osc_lib.clientmanager import ClientCache, ClientManager

warnings.simplefilter("ignore")


def forget_clients():
    """The command keeps its clients, and so the first caller's token, on a class: they would serve the next caller too."""
    for kept in vars(ClientManager).values():
        if isinstance(kept, ClientCache):
            kept._handle = None
    # Each use of its volume client takes these out of a table of the module, and fails where they are missing.
    for version in ("1", "2"):
        volume_client.API_VERSIONS.setdefault(version, None)


class Printed:
    """What a command printed."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"{self.code}\n{self.out}\n{self.err}"


class Openstack:
    def __init__(self, auth_url, user, password, project, region="RegionOne", **more):
        self.environment = {
            "OS_AUTH_URL": auth_url, "OS_USERNAME": user, "OS_PASSWORD": password, "OS_PROJECT_NAME": project,
            "OS_USER_DOMAIN_ID": "default", "OS_PROJECT_DOMAIN_ID": "default", "OS_REGION_NAME": region,
            "OS_IDENTITY_API_VERSION": "3", "HOME": "/nonexistent", **more}

    def __call__(self, command, code=0):
        """Runs one; `command` is what a person types after `openstack`, or a list of words."""
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
        out, err = io.StringIO(), io.StringIO()
        forget_clients()
        before = dict(os.environ)
        for name in [name for name in os.environ if name.startswith("OS_")]:
            del os.environ[name]
        os.environ.update(self.environment)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    ended = shell.OpenStackShell().run(words)
                except SystemExit as wrong_usage:
                    ended = wrong_usage.code
        finally:
            os.environ.clear()
            os.environ.update(before)
            for handler in list(logging.getLogger("").handlers):
                logging.getLogger("").removeHandler(handler)
        printed = Printed(ended or 0, out.getvalue(), err.getvalue())
        if code is not None and printed.code != code:
            raise AssertionError(f"openstack {' '.join(words)}: {printed}")
        return printed

    def show(self, command):
        """Of a command that prints one thing: its fields."""
        return json.loads(self._formatted(command).out)

    def list(self, command):
        """Of a command that lists: the rows, by column."""
        return json.loads(self._formatted(command).out)

    def _formatted(self, command):
        words = shlex.split(command) if isinstance(command, str) else list(command)
        return self(words + ["-f", "json"])
