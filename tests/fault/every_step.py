#!/usr/bin/env python3
"""Each step of each task that the plugins declare, over drivers whose backend fails, hangs, or takes the driver's process along,
at each place where a driver changes something. After each fault: what was worked on rests, and says why if it is in error; what
a driver may still have stays claimed until it has let go; a delete ends in nothing being left, also one that comes in the middle;
and `volutus verify` finds no difference.

The link is that of the drivers. Without --cases each place meets each fault; with it N of them, which the seed chooses: where
there is room a delete in the middle of each task first, so that one comes in every state in which a task is at work.
"""

import http.client
import random
import sys
import threading
import time
from collections import Counter, defaultdict

from cloud import BUILD, OPEN, Cloud, wait_for
from faults import Faults
from killing import command_line, disagreements, ended, wait_for_rest
from spans import Collector

THENS = ("fails once", "fails", "dies", "hangs", "hangs, deleted")
SERVERS, NETWORK, IMAGES, WIDGETS = "/compute/v2.1/servers", "/network/v2.0", "/image/v2/images", "/toy/v1/widgets"
# Of the kernel: what hangs is soon given up, and what fails soon has failed.
IMPATIENT = """
[kernel]
plugin_host = "{state}/../plugin-host"
[gateway]
request_deadline = "2s"
[tasks]
step_limit = "1s"
lease = "1s"
tries = 2
longest_pause = "200ms"
[trace]
pause = "50ms"
endpoint = "http://127.0.0.1:COLLECTOR/v1/traces"
"""
CONFIG = OPEN + """
[auth.open]
roles = ["member", "reader"]
[plugin.image_service]
[plugin.placement_service]
[plugin.network_service]
[plugin.compute_service]
[plugin.toy_service]
[plugin.image_file]
link = "LINK"
[plugin.image_file.config]
directory = "{state}/backends/images"
[plugin.network_simulator]
link = "LINK"
[plugin.network_simulator.config]
directory = "{state}/backends/network"
[plugin.compute_simulator]
link = "LINK"
[plugin.compute_simulator.config]
state_directory = "{state}/backends/guests"
[plugin.toy_file]
link = "LINK"
[plugin.toy_file.config]
directory = "{state}/backends/widgets"
"""


class Api:
    """One tenant's words for the cloud, and the operator's."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.names = 0

    def fresh(self):
        self.names += 1
        return f"thing-{self.names}"

    def ask(self, method, path, body=None, user="somebody:one", **headers):
        """The reply; None where nobody can tell what became of the request."""
        sent = {"X-Auth-Token": user, "OpenStack-API-Version": "compute 2.37",
                **{name.replace("_", "-"): value for name, value in headers.items()}}
        try:
            return self.cloud.ask(method, path, body, headers=sent, timeout=30)
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def call(self, method, path, body=None, user="somebody:one", **headers):
        reply = self.ask(method, path, body, user, **headers)
        assert reply is not None and 200 <= reply.status < 300, f"{method} {path}: {reply}"
        return reply.json if reply.text else None

    def rests(self):
        return self.cloud.volutus("tasks", "--json") == []

    def wait_for_rest(self):
        wait_for_rest(self.cloud)


class Scenario:
    """What makes one task run. A fault may meet `act`, and nothing else."""

    task = kind = None
    deleted = False
    tells = True  # what fails has somebody to tell it to

    def __init__(self, api):
        self.api = api

    def prepare(self):
        """What has to be there first."""

    def act(self):
        raise NotImplementedError

    def path(self):
        """Of what is worked on; None where that is not known, or several things."""
        return None

    def shown(self):
        """What is worked on, as its tenant sees it; None where it is gone."""
        reply = self.api.ask("GET", self.path()) if self.path() else None
        if reply is None or reply.status == 404:
            return None
        assert reply.status == 200, reply
        return next(iter(reply.json.values())) if "id" not in reply.json else reply.json

    def state(self):
        """Its fields that say what is done with it."""
        shown = self.shown() or {}
        return {name: shown[name] for name in ("OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "status") if shown.get(name)}

    def unrest(self):
        """What is wrong with what is left, now that no task is at work; None where it is as it should be."""
        return None

    def told(self):
        """The reason that its tenant can read; None where all went well."""
        return None

    def remove(self):
        self.deleted = True
        if self.path():
            reply = self.api.ask("DELETE", self.path())
            assert reply is None or reply.status in (202, 204, 404), f"DELETE {self.path()}: {reply}"


class Deleted:
    """A scenario of a delete, which goes on by itself whatever it meets."""

    def act(self):
        self.remove()

    def unrest(self):
        found = self.shown()
        return f"its delete has not gone on: it is {found['status']}" if found else None


class OneServer(Scenario):
    kind = "compute.server"
    before = ()  # actions that bring it to where the task begins
    action = None
    becomes = "ACTIVE"

    def path(self):
        return f"{SERVERS}/{self.server}" if self.server else None

    def prepare(self):
        self.server = None
        if self.task == "server.create":
            return
        self.create()
        self.wait("ACTIVE")
        for action, status in self.before:
            self.api.call("POST", f"{self.path()}/action", action)
            self.wait(status)

    def wait(self, status):
        wait_for(f"the server to be {status}", lambda: self.shown()["status"] == status)
        self.api.wait_for_rest()

    def create(self):
        reply = self.api.ask("POST", SERVERS, {"server": {
            "name": self.api.fresh(), "imageRef": self.api.image, "flavorRef": self.api.flavor,
            "networks": [{"uuid": self.api.network}]}})
        if reply is not None and reply.status == 202:
            self.server = reply.json["server"]["id"]

    def act(self):
        if self.action:
            self.api.ask("POST", f"{self.path()}/action", self.action)
        else:
            self.create()

    def unrest(self):
        found = self.shown()
        if found is None:
            return None if self.deleted or not self.server else "it is gone"
        if found["OS-EXT-STS:task_state"] or found["status"] not in ("ACTIVE", "SHUTOFF", "PAUSED", "ERROR"):
            return f"it stays in {found['status']}, {found['OS-EXT-STS:task_state']}"
        if found["status"] == "ERROR" and not found.get("fault", {}).get("message"):
            return "it is in ERROR without a reason"
        return None if found["status"] in ("ERROR", self.becomes) else f"it is {found['status']}"

    def told(self):
        found = self.shown() or {}
        return found.get("fault", {}).get("message")

    def keeps_room(self):
        allocations = self.api.call("GET", f"/placement/allocations/{self.server}", user="operator:admin")
        return bool(allocations["allocations"])


class ServerIsCreated(OneServer):
    task = "server.create"


class ServerIsDeleted(Deleted, OneServer):
    task = "server.delete"


class ServerIsStarted(OneServer):
    task, action, before = "server.start", {"os-start": None}, [({"os-stop": None}, "SHUTOFF")]


class ServerIsStopped(OneServer):
    task, action, becomes = "server.stop", {"os-stop": None}, "SHUTOFF"


class ServerIsRebooted(OneServer):
    task, action = "server.reboot", {"reboot": {"type": "SOFT"}}


class ServerIsReset(OneServer):
    task, action = "server.reset", {"reboot": {"type": "HARD"}}


class ServerIsPaused(OneServer):
    task, action, becomes = "server.pause", {"pause": None}, "PAUSED"


class ServerGoesOn(OneServer):
    task, action, before = "server.unpause", {"unpause": None}, [({"pause": None}, "PAUSED")]


class NetworkIsMade(Scenario):
    """With a port, a router and a rule; all of it goes again."""

    task = "network.realise"
    tells = False  # it may fail at what no tenant sees, such as a router's own port; see tests/api/network/reasons_test.py

    def prepare(self):
        self.made = []

    def make(self, noun, path=None, **body):
        reply = self.api.ask("POST", f"{NETWORK}/{noun}s", {noun: body})
        if reply is None or reply.status != 201:
            return None
        made = reply.json[noun]
        self.made.append(f"{NETWORK}/{noun}s/{made['id']}")
        return made["id"]

    def act(self):
        network = self.make("network", name=self.api.fresh())
        subnet = network and self.make("subnet", network_id=network, ip_version=4, cidr="10.1.0.0/24")
        if network:
            self.make("port", network_id=network)
        router = subnet and self.make("router", name=self.api.fresh())
        if router:
            self.interface = (router, subnet) # also where no answer comes
            self.api.ask("PUT", f"{NETWORK}/routers/{router}/add_router_interface", {"subnet_id": subnet})

    interface = None

    def remove(self):
        if self.interface:
            self.api.ask("PUT", f"{NETWORK}/routers/{self.interface[0]}/remove_router_interface",
                         {"subnet_id": self.interface[1]})
        for path in reversed(self.made):
            reply = self.api.ask("DELETE", path)
            assert reply is None or reply.status in (204, 404), f"DELETE {path}: {reply}"
        self.interface = None

    def unrest(self):
        for path in self.made:
            reply = self.api.ask("GET", path)
            if reply.status == 404:
                continue
            found = next(iter(reply.json.values()))
            if found.get("status", "ACTIVE") not in ("ACTIVE", "DOWN") or "status_reason" in found:
                return f"{path} is {found['status']}: {found.get('status_reason')}"
        return None

    def told(self):
        for path in self.made:
            reply = self.api.ask("GET", path)
            if reply and reply.status == 200 and (reason := next(iter(reply.json.values())).get("status_reason")):
                return reason
        return None


class NetworkIsRemoved(NetworkIsMade):
    def prepare(self):
        super().prepare()
        super().act()
        self.api.wait_for_rest()

    def act(self):
        self.remove()


class ImageIsUploaded(Scenario):
    task, kind, tells = "image.watch", "image.image", False

    def path(self):
        return f"{IMAGES}/{self.image}"

    def prepare(self):
        self.image = self.api.call("POST", IMAGES, {"name": self.api.fresh(), "disk_format": "raw", "container_format": "bare"})["id"]

    def act(self):
        self.api.ask("PUT", f"{self.path()}/file", b"x" * 65536, Content_Type="application/octet-stream", Accept="")

    def unrest(self):
        found = self.shown()
        return f"it stays {found['status']}" if found and found["status"] == "saving" else None


class ImageIsErased(Deleted, ImageIsUploaded):
    task = "image.erase"

    def prepare(self):
        super().prepare()
        ImageIsUploaded.act(self)
        self.api.wait_for_rest()


class WidgetIsMade(Scenario):
    task, kind = "widget.make", "toy.widget"

    def path(self):
        return f"{WIDGETS}/{self.widget}" if self.widget else None

    def prepare(self):
        self.widget = None

    def act(self):
        reply = self.api.ask("POST", WIDGETS, {"widget": {"name": self.api.fresh()}})
        if reply is not None and reply.status == 202:
            self.widget = reply.json["widget"]["id"]

    def unrest(self):
        found = self.shown()
        if found is None:
            return None
        if found["status"] not in ("active", "error"):
            return f"it stays {found['status']}"
        return "it is in error without a reason" if found["status"] == "error" and not found.get("fault") else None

    def told(self):
        return (self.shown() or {}).get("fault")


class WidgetIsPainted(WidgetIsMade):
    task = "widget.paint"

    def prepare(self):
        super().prepare()
        super().act()
        self.api.wait_for_rest()

    def act(self):
        self.api.ask("PUT", self.path(), {"widget": {"colour": self.api.fresh()}})


class WidgetIsRemoved(Deleted, WidgetIsPainted):
    task = "widget.remove"


SCENARIOS = (ServerIsCreated, ServerIsDeleted, ServerIsStarted, ServerIsStopped, ServerIsRebooted, ServerIsReset,
             ServerIsPaused, ServerGoesOn, NetworkIsMade, NetworkIsRemoved, ImageIsUploaded, ImageIsErased, WidgetIsMade,
             WidgetIsPainted, WidgetIsRemoved)


class EveryStep:
    def __init__(self, cloud, faults, collector, in_process):
        self.cloud, self.faults, self.collector, self.in_process = cloud, faults, collector, in_process
        self.api = Api(cloud)
        self.found = []
        self.deaths = 0
        self.met = Counter()         # faults, by task and what then happens
        self.hung = set()            # (task, step) that a driver has hung in
        self.seen = defaultdict(set)  # (kind, field): values in which a delete has come

    def furnish(self):
        api, operator = self.api, {"user": "operator:admin"}
        api.flavor = api.call("POST", "/compute/v2.1/flavors", {"flavor": {"name": "tiny", "ram": 128, "vcpus": 1, "disk": 1}},
                              **operator)["flavor"]["id"]
        api.image = api.call("POST", IMAGES, {"name": "system", "disk_format": "raw", "container_format": "bare",
                                              "visibility": "public"}, **operator)["id"]
        api.call("PUT", f"{IMAGES}/{api.image}/file", b"\0" * 65536, Content_Type="application/octet-stream", Accept="", **operator)
        api.network = api.call("POST", f"{NETWORK}/networks", {"network": {"name": "lan"}})["network"]["id"]
        api.call("POST", f"{NETWORK}/subnets", {"subnet": {"network_id": api.network, "ip_version": 4, "cidr": "10.0.0.0/24"}})
        api.wait_for_rest()

    # ---- without a fault ----

    def count_places(self, kind):
        """How many there are in a scenario of that kind."""
        scenario = kind(self.api)
        scenario.prepare()
        self.faults.arm(0, "nothing")
        scenario.act()
        self.api.wait_for_rest()
        places = self.faults.get("counted")
        wrong = scenario.unrest() or scenario.told()
        assert not wrong, f"{kind.__name__} without any fault: {wrong}"
        scenario.remove()
        self.api.wait_for_rest()
        return places

    def steps_that_ran(self):
        return {tuple(span["name"].split(" ", 1)) for span in self.collector.spans if "." in span["name"].split(" ")[0]}

    # ---- with one ----

    def case(self, kind, turn, then):
        what = f"{kind.__name__}, place {turn} {then}"
        scenario = kind(self.api)
        scenario.prepare()
        self.faults.arm(turn, then.split(",")[0])
        act = threading.Thread(target=scenario.act)
        act.start()
        if not self.is_met(act):
            self.clear(what, scenario, act)
            return
        self.met[f"{kind.task} {then}"] += 1
        self.deaths += then == "dies"
        if then == "dies" and self.in_process:
            self.cloud.process.wait(30)
        elif then.startswith("hangs"):
            act.join(1) # what does not wait for the driver is asked for by then
            self.while_it_hangs(scenario, then)
        elif then == "fails":
            self.while_it_fails(what, scenario)
        self.faults.disarm()
        if self.cloud.process.poll() is not None:
            self.cloud.start()
        self.clear(what, scenario, act)
        if then == "dies" and not self.in_process and self.deaths % 4 == 0: # more in a row are a reason for quarantine
            self.cloud.stop()
            self.cloud.start()

    def is_met(self, act):
        """Whether the fault comes: until then, or until all is done."""
        while not self.faults.get("met"):
            try:
                if not act.is_alive() and self.api.rests():
                    break
            except AssertionError: # it dies, and cannot be asked
                pass
            time.sleep(0.005)
        return bool(self.faults.get("met"))

    def while_it_hangs(self, scenario, then):
        for task in self.cloud.volutus("tasks", "--json"):
            self.hung.add((task["name"], task["step"]))
        if then == "hangs":
            time.sleep(2.5) # it is given up, and tried again
            return
        for field, value in scenario.state().items():
            self.seen[scenario.kind, field].add(value)
        scenario.remove()

    def while_it_fails(self, what, scenario):
        """The task fails, and its tenant is told; what the driver may have is kept."""
        def has_failed():
            tasks = self.cloud.volutus("tasks", "--json")
            if not tasks:
                return True
            if scenario.tells:
                return scenario.told() or scenario.path() and not scenario.shown()
            return any(task["last_error"] or task["name"] == "network.realise" for task in tasks)
        try:
            wait_for("the failure to be told", has_failed, 30)
        except TimeoutError as silent:
            self.found.append(f"{what}: {silent}\n{self.cloud.volutus('tasks')}")
        undone = [task for task in self.cloud.volutus("tasks", "--json")
                  if task["name"] == "server.create" and task["phase"] == "undo" and task["step"] in ("prepare", "attach")]
        if undone and scenario.kind == "compute.server" and not scenario.keeps_room():
            self.found.append(f"{what}: its room was given back before the driver had let go")

    def clear(self, what, scenario, act):
        act.join()
        self.faults.disarm()
        try:
            self.api.wait_for_rest()
            self.compare(what, "after it", scenario)
            scenario.remove()
            self.api.wait_for_rest()
            self.compare(what, "after its delete", scenario)
            assert not scenario.shown(), f"it was deleted, and is {scenario.shown()}"
            self.check_quota(what)
        except (AssertionError, TimeoutError) as wrong:
            self.found.append(f"{what}: {wrong}\n{self.cloud.volutus('tasks')}")

    def compare(self, what, when, scenario):
        if wrong := scenario.unrest():
            self.found.append(f"{what}: {when} {wrong}")
        self.found += [f"{what}: {when} {line}" for line in disagreements(self.cloud)]

    def check_quota(self, what):
        limits = self.api.call("GET", "/compute/v2.1/limits")["limits"]["absolute"]
        used = {name: limits[f"total{name}Used"] for name in ("Instances", "Cores", "RAM") if limits[f"total{name}Used"]}
        ports = self.api.call("GET", f"{NETWORK}/ports?network_id={self.api.network}")["ports"]
        if used or any(port["device_owner"].startswith("compute:") for port in ports):
            self.found.append(f"{what}: is still on the account: {used}, {ports}")

    # ---- all of it ----

    def declared(self):
        return {(row["task"], row["step"]) for row in self.cloud.volutus("steps", "--json")}

    def undeclared_work(self):
        """Kinds on whose documents tasks work, and whose tables do not say when."""
        worked_on = {attribute["value"]["stringValue"] for span in self.collector.spans for attribute in span.get("attributes", ())
                     if attribute["key"] == "volutus.kind"}
        assert worked_on, "no span tells what its task works on"
        declared = set()
        for row in self.cloud.volutus("kinds", "--json"):
            if row["transient"] or row["passing"]:
                declared |= {row["kind"], row["worked_on_at"]}
        return [f"tasks work on {kind}, which declares no transient state" for kind in sorted(worked_on - declared)]

    def missing_states(self):
        """Transient states that tenants can see, and in which no delete has come."""
        for row in self.cloud.volutus("kinds", "--json"):
            for field, values in row["transient"].items():
                seen = self.seen[row["kind"], field]
                if not seen:
                    yield f"no delete came while {row['kind']} had a {field}"
                yield from (f"no delete came while {field} of {row['kind']} was {value}"
                            for value in values if value not in seen and value != "deleted") # which nobody sees


def arguments():
    parser = command_line(__doc__, rounds=None, option="--cases")
    parser.add_argument("--link", choices=["in-process", "process"], default="process")
    parser.add_argument("--task")
    parser.add_argument("--list", action="store_true", help="each case, and what differs after it")
    return parser.parse_args()


def choose(cases, kinds, wanted):
    if wanted.cases is None:
        return cases
    chance = random.Random(wanted.seed)
    if wanted.cases < len(kinds):
        return chance.sample(cases, wanted.cases)
    first = [chance.choice([case for case in cases if case[0] is kind and case[2] == "hangs, deleted"]) for kind in kinds]
    others = [case for case in cases if case not in first]
    return first + chance.sample(others, min(wanted.cases - len(first), len(others)))


def run(wanted, cloud, faults, collector):
    work = EveryStep(cloud, faults, collector, wanted.link == "in-process")
    work.furnish()
    kinds = [kind for kind in SCENARIOS if wanted.task in (None, kind.task)]
    places = {kind: work.count_places(kind) for kind in kinds}
    wait_for("the last spans", lambda: wanted.task or not work.declared() - work.steps_that_ran(), 10)
    work.found += work.undeclared_work()
    cases = [(kind, turn, then) for kind in kinds for turn in range(1, places[kind] + 1) for then in THENS]
    print(f"{len(kinds)} scenarios, {sum(places.values())} places, {len(cases)} cases", flush=True)
    cases = choose(cases, kinds, wanted)
    for kind, turn, then in cases:
        before = len(work.found)
        work.case(kind, turn, then)
        if wanted.list:
            print(f"{kind.__name__}, place {turn} {then}: {len(work.found) - before} differences", *work.found[before:],
                  sep="\n", flush=True)
    if not wanted.task and len(cases) >= len(kinds):
        work.found += work.missing_states()
    print(f"{sum(work.met.values())} faults met: {dict(sorted(work.met.items()))}")
    print(f"hung in: {sorted(work.hung)}; deleted in: {dict(work.seen)}")
    return work.found


def main():
    wanted = arguments()
    collector = Collector()
    cloud = Cloud(CONFIG.replace("LINK", wanted.link))
    cloud.write("60-impatient.toml", IMPATIENT.replace("COLLECTOR", str(collector.server_address[1])))
    cloud.write("policy.yaml", '"context_is_admin": "user_id:operator"\n"publicize_image": "user_id:operator"\n')
    faults = Faults(cloud, cloud.state / "backends")
    if wanted.link == "in-process":
        cloud.environment = faults.environment
    faults.wrap(BUILD / "bin" / "volutus-plugin-host", cloud.folder / "plugin-host")
    cloud.start()
    try:
        found = run(wanted, cloud, faults, collector)
    except BaseException:
        cloud.kill()
        raise
    return ended(cloud, found)


if __name__ == "__main__":
    sys.exit(main())
