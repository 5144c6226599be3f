"""A real volutusd with a configuration and a state directory of its own, and a small client for it.

    with Cloud(toy()) as cloud:
        reply = cloud.ask("GET", "/toy/v1/widgets")

The folder of the build stands in the environment as VOLUTUS_BUILD_DIR.
"""

import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

BUILD = Path(os.environ["VOLUTUS_BUILD_DIR"])
# A sanitizer, or a machine that does much else, slows all by some factor; a wait ends as soon as what it waits for is there.
PATIENCE = float(os.environ.get("VOLUTUS_TEST_PATIENCE", "60"))

# A line of the level error, in either format of the log.
ERROR = re.compile(r'\S+Z error |\{.*"level":"error"')

OPEN = """
[gateway]
access_log = false
listen = [{name = "main", address = "127.0.0.1", port = 0}]
[auth]
mode = "none"
"""


def toy(link="in-process", quota=10, slots=1000, more=""):
    """conf.d of the toy service and its file driver, without its last line: {state} is the state directory."""
    return f"""{OPEN}
[plugin.toy_service]
link = "{link}"
[plugin.toy_service.config]
quota = {quota}
slots = {slots}
[plugin.toy_file]
link = "{link}"
[plugin.toy_file.config]
directory = "{{state}}/widgets"
{more}
"""


def wait_for(what, condition, patience=None):
    """Until condition() is true; its value."""
    until = time.monotonic() + (patience or PATIENCE)
    while True:
        if value := condition():
            return value
        if time.monotonic() > until:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.01)


def certify(folder):
    """A self-signed certificate in cert.pem, and its key in key.pem; the certificate's bytes."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                   check=True, capture_output=True)
    return ssl.PEM_cert_to_DER_cert((folder / "cert.pem").read_text())


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body

    @property
    def json(self):
        return json.loads(self.text)

    def __repr__(self):
        return f"{self.status} {self.text[:500]!r}"


class Cloud:
    """Where it ends well, its log must have no line of the level error, unless the test says in `expects_errors` which: each
    such line holds one of these texts."""

    expects_errors = ()

    def __init__(self, config):
        self.folder = Path(tempfile.mkdtemp(prefix="volutus-test-"))
        self.state = self.folder / "state"
        self.conf = self.folder / "conf.d"
        self.conf.mkdir()
        self.write("50-test.toml", config)
        self.log = self.folder / "log"
        self.process = None
        self.environment = {}  # of the daemon, beside this process's own

    def write(self, name, config):
        (self.conf / name).write_text(config.replace("{state}", str(self.state)).replace("{build}", str(BUILD)))

    def __enter__(self):
        try:
            self.start()
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind:
            print(f"--- the daemon's log\n{self.log.read_text()[-8000:] if self.log.exists() else ''}\n---")
        wrong = [] if kind else self.errors()
        self.discard()
        assert not wrong, "the daemon's log has errors that the test does not expect:\n" + "\n".join(wrong)

    def errors(self):
        """Lines of the level error in the log that were not expected."""
        if not self.log.exists():
            return []
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if ERROR.match(line)]
        return [line for line in lines if not any(text in line for text in self.expects_errors)]

    def discard(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def spawn(self):
        """Starts the daemon and waits for nothing."""
        (self.state / "ports.json").unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BUILD / "bin" / "volutusd", "--config", self.conf, "--state", self.state],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **self.environment})

    def start(self):
        self.spawn()
        wait_for("volutusd to be ready", self.is_ready)

    def is_ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"volutusd ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
        try:
            return self.ask("GET", "/readyz").status == 200 and (self.state / "admin.sock").exists()
        except (OSError, http.client.HTTPException):
            return False

    def refusal(self):
        """Starts a daemon that must not start: its exit code and the lines it says."""
        self.spawn()
        code = self.process.wait(PATIENCE)
        return code, self.log.read_text()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def kill(self):
        self.stop(signal.SIGKILL)

    def port(self, listener="main"):
        try:
            return json.loads((self.state / "ports.json").read_text())[listener]
        except FileNotFoundError:
            raise ConnectionRefusedError("no ports yet") from None

    def ask(self, method, path, body=None, project=None, headers=(), listener="main", timeout=30):
        """One request on a connection of its own. `project` asks as a user of that project."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port(listener), timeout=timeout)
        sent = dict(headers)
        if project:
            sent["X-Auth-Token"] = f"somebody:{project}"
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=sent)
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read().decode())
        finally:
            connection.close()

    def command(self, *arguments):
        """The command line that runs `volutus` against this cloud."""
        return [BUILD / "bin" / "volutus", "--config", self.conf, "--state", self.state, *arguments]

    def volutus(self, *arguments, code=0):
        """Runs it; what it prints, read as JSON where --json was asked for."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout) if "--json" in arguments else done.stdout + done.stderr


class ServiceTest(unittest.TestCase):
    """Tests of one service's API, on one cloud that takes everybody for whom he says he is.

    Users are "<name>:<project>"; "operator" is one, everybody else is a member of the project named. Whoever is not named
    is "somebody" of the project "one".
    """

    link = "in-process"
    root = ""  # of the service
    operators_rules = ("context_is_admin",)
    successes = {}  # by method; any, where there are none

    @classmethod
    def configuration(cls):
        """The tables of the plugins."""
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        cloud = Cloud(OPEN + '[auth.open]\nroles = ["member"]\n' + cls.configuration())
        cloud.write("policy.yaml", "".join(f'"{rule}": "user_id:operator"\n' for rule in cls.operators_rules))
        cls.cloud = cls.enterClassContext(cloud)

    @classmethod
    def ask(cls, method, path, body=None, project="one", user="somebody", headers=()):
        sent = {"X-Auth-Token": f"{user}:{project}", **dict(headers)}
        return cls.cloud.ask(method, cls.root + path, body, headers=sent)

    @classmethod
    def call(cls, method, path, body=None, code=None, **who):
        reply = cls.ask(method, path, body, **who)
        expected = (code,) if code else cls.successes.get(method, (200, 201, 202, 204))
        assert reply.status in expected, f"{method} {path}: {reply}"
        return reply.json if reply.text else None

    @classmethod
    def as_operator(cls, method, path, body=None, code=None, **who):
        return cls.call(method, path, body, code, **{"user": "operator", "project": "admin", **who})

    def assert_in_order(self):
        """Nothing is under way any more, and all that there is agrees."""
        wait_for("tasks to end", lambda: self.cloud.volutus("tasks", "--json") == [])
        self.assertEqual(self.cloud.volutus("verify", "--json"), [])
