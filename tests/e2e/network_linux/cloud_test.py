"""A whole cloud on the Linux network driver, and guests that are namespaces where a hypervisor would plug a tap device.

Runs under own_host.sh. Servers are simulated, so what a guest's kernel would do for its link is done here.
"""

import json
import os
import subprocess
import time
import unittest

from cloud import wait_for
from whole_cloud import WholeCloud

DRIVERS = """
[plugin.compute_libvirt]
enabled = false
[plugin.compute_simulator]
enabled = true
[plugin.compute_simulator.config]
state_directory = "{state}/guests"
[plugin.network_simulator]
enabled = false
[plugin.network_linux]
enabled = true
link = "process"
[plugin.network_linux.config]
state_directory = "{state}/network"
"""
LEASE = """#!/bin/busybox sh
[ "$1" = bound ] || exit 0
ip addr replace "$ip/$mask" dev "$interface"
set -- $staticroutes
while [ $# -ge 2 ]; do
    ip route replace "$1" via "$2"
    shift 2
done
echo "$ip"
"""


def run(*words, code=0):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert code is None or done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


class Guest:
    """A namespace whose link goes by the port's tap device on the host."""

    def __init__(self, cloud, name, port):
        self.name = name
        bridge = port["binding:vif_details"]["bridge_name"]
        self.device = "tap" + port["id"][:11]
        run("ip", "netns", "add", name)
        run("ip", "link", "add", "name", self.device, "type", "veth", "peer", "name", "eth0", "address",
            port["mac_address"], "netns", name)
        run("ip", "link", "set", self.device, "mtu", str(1400), "master", bridge, "up")
        self("ip", "link", "set", "eth0", "mtu", str(1400), "up")
        self.script = cloud.folder / "lease.sh"
        self.script.write_text(LEASE)
        self.script.chmod(0o755)

    def __call__(self, *words, code=0):
        return run("ip", "netns", "exec", self.name, *words, code=code)

    def lease(self):
        """Asks by DHCP, keeps what it is told; its address."""
        return self("busybox", "udhcpc", "-n", "-q", "-f", "-t", "5", "-T", "1", "-i", "eth0", "-s", str(self.script),
                    "-O", "staticroutes").stdout.split()[-1]

    def pings(self, address):
        return self("ping", "-c", "2", "-W", "1", address, code=None).returncode == 0

    def metadata(self, path):
        return self("curl", "-sf", "--max-time", "10", f"http://169.254.169.254/{path}", code=None).stdout

    def serve(self, port):
        """Answers connections with its name, until the test ends."""
        return subprocess.Popen(["ip", "netns", "exec", self.name, "busybox", "nc", "-ll", "-p", str(port), "-e",
                                 "echo", self.name], stdin=subprocess.DEVNULL)


def answer_of(address, port):
    """What the host hears there; "" when nobody answers."""
    return run("busybox", "timeout", "3", "busybox", "nc", "-w", "1", address, str(port), code=None).stdout.strip()


class OnLinux(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cloud = cls.enterClassContext(WholeCloud(DRIVERS))
        cloud.expects_errors = ("the process of plugin network_linux failed",)
        image = cls.call("POST", "/image/v2/images", {"name": "system", "disk_format": "raw", "container_format": "bare",
                                                      "visibility": "public"})["id"]
        reply = cloud.ask("PUT", f"/image/v2/images/{image}/file", os.urandom(1 << 16),
                          headers={"X-Auth-Token": cloud.token, "Content-Type": "application/octet-stream"})
        assert reply.status == 204, reply
        flavor = cls.call("POST", "/compute/v2.1/flavors", {"flavor": {"name": "tiny", "ram": 128, "vcpus": 1, "disk": 1}})
        cls.server_of = {"imageRef": image, "flavorRef": flavor["flavor"]["id"]}
        cls.outside = cls.make("network", name="public", **{
            "router:external": True, "provider:network_type": "flat", "provider:physical_network": "public"})
        cls.make("subnet", network_id=cls.outside["id"], ip_version=4, cidr="203.0.113.0/24", enable_dhcp=False)

    def setUp(self):
        self.guests = []
        self.group = self.make("security_group", name=self._testMethodName)
        self.allow(protocol="icmp")

    def tearDown(self):
        for guest in self.guests:
            run("ip", "netns", "delete", guest.name)
            self.call("DELETE", f"/compute/v2.1/servers/{guest.server}", code=204)

    @classmethod
    def call(cls, method, path, body=None, code=None):
        return cls.cloud.call(method, path, body, code)

    @classmethod
    def make(cls, noun, **fields):
        return cls.call("POST", f"/network/v2.0/{noun.replace('_', '-')}s", {noun: fields})[noun]

    def allow(self, **rule):
        return self.make("security_group_rule", security_group_id=self.group["id"], direction="ingress", **rule)

    def lan(self, cidr="10.1.0.0/24", routed=True):
        """A network with a subnet, behind a router of its own that has a way outside."""
        network = self.make("network", name="lan", mtu=1400)
        subnet = self.make("subnet", network_id=network["id"], ip_version=4, cidr=cidr)
        if routed:
            self.router = self.make("router", name="router", external_gateway_info={"network_id": self.outside["id"]})
            self.call("PUT", f"/network/v2.0/routers/{self.router['id']}/add_router_interface", {"subnet_id": subnet["id"]})
        return network

    def guest(self, network, address=None):
        """A server on that network and what runs in it, with its lease."""
        name = f"guest-{time.monotonic_ns()}"
        port = self.make("port", network_id=network["id"], security_groups=[self.group["id"]],
                         **({"fixed_ips": [{"ip_address": address}]} if address else {}))
        server = self.call("POST", "/compute/v2.1/servers", {"server": {
            "name": name, "networks": [{"port": port["id"]}], "metadata": {"role": name}, **self.server_of}})["server"]
        self.cloud.wait_for_server(server["id"])
        port = wait_for("the port to be plugged", lambda: self.plugged(port["id"]))
        guest = Guest(self.cloud, name, port)
        self.guests.append(guest)
        guest.server, guest.port, guest.address = server["id"], port, port["fixed_ips"][0]["ip_address"]
        self.assertEqual(guest.lease(), guest.address)
        return guest

    def plugged(self, port):
        found = self.call("GET", f"/network/v2.0/ports/{port}")["port"]
        return found if found["status"] == "ACTIVE" and "bridge_name" in found["binding:vif_details"] else None

    def float_to(self, guest):
        made = self.make("floatingip", floating_network_id=self.outside["id"], port_id=guest.port["id"])
        wait_for("the floating IP", lambda: self.call(
            "GET", f"/network/v2.0/floatingips/{made['id']}")["floatingip"]["status"] == "ACTIVE")
        return made

    def differences(self):
        """What `volutus verify` finds once nothing is under way."""
        wait_for("tasks to end", lambda: self.cloud.volutus("tasks", "--json") == [])
        found = run(*self.cloud.command("verify", "--json"), code=None)
        lines = json.loads(found.stdout)
        self.assertEqual(found.returncode, 1 if lines else 0, found)
        return lines

    def test_a_guest_gets_its_address_and_its_own_metadata(self):
        lan = self.lan()
        one, two = self.guest(lan), self.guest(lan)
        for guest in (one, two):
            told = json.loads(guest.metadata("openstack/latest/meta_data.json"))
            self.assertEqual((told["uuid"], told["meta"]["role"]), (guest.server, guest.name))
        self.assertTrue(one.pings(two.address))

    def test_a_floating_ip_leads_to_a_guest_until_it_is_taken_away(self):
        guest = self.guest(self.lan())
        self.allow(protocol="tcp", port_range_min=80, port_range_max=80)
        with guest.serve(80) as server:
            floating = self.float_to(guest)
            wait_for("the guest's answer", lambda: answer_of(floating["floating_ip_address"], 80) == guest.name)
            self.call("DELETE", f"/network/v2.0/floatingips/{floating['id']}", code=204)
            wait_for("silence", lambda: answer_of(floating["floating_ip_address"], 80) == "")
            server.terminate()

    def test_a_rule_opens_a_port_and_its_end_closes_it(self):
        guest = self.guest(self.lan())
        floating = self.float_to(guest)["floating_ip_address"]
        with guest.serve(80) as server:
            self.assertEqual(answer_of(floating, 80), "")
            rule = self.allow(protocol="tcp", port_range_min=80, port_range_max=80)
            wait_for("the port to be open", lambda: answer_of(floating, 80) == guest.name)
            self.call("DELETE", f"/network/v2.0/security-group-rules/{rule['id']}", code=204)
            wait_for("the port to be closed", lambda: answer_of(floating, 80) == "")
            server.terminate()

    def test_two_tenants_with_the_same_addresses_do_not_meet(self):
        here, there = self.lan(), self.lan()
        one, two = self.guest(here, "10.1.0.11"), self.guest(here, "10.1.0.12")
        namesake, stranger = self.guest(there, "10.1.0.11"), self.guest(there, "10.1.0.13")
        self.assertTrue(one.pings("10.1.0.12"))
        self.assertTrue(namesake.pings("10.1.0.13"))
        self.assertFalse(one.pings("10.1.0.13"))
        self.assertFalse(namesake.pings("10.1.0.12"))
        for guest in (one, two, namesake, stranger):
            self.assertEqual(json.loads(guest.metadata("openstack/latest/meta_data.json"))["uuid"], guest.server)

    def test_a_port_that_is_switched_off_passes_nothing(self):
        lan = self.lan(routed=False)
        one, two = self.guest(lan), self.guest(lan)
        self.assertTrue(one.pings(two.address))
        path = f"/network/v2.0/ports/{one.port['id']}"
        self.call("PUT", path, {"port": {"admin_state_up": False}})
        wait_for("the port to be closed", lambda: not one.pings(two.address))
        self.call("PUT", path, {"port": {"admin_state_up": True}})
        wait_for("the port to be open", lambda: one.pings(two.address))

    def test_packets_flow_while_the_driver_is_away_and_work_goes_on_when_it_is_back(self):
        lan = self.lan()
        one, two = self.guest(lan), self.guest(lan)
        driver = run("pidof", "-s", "volutus-plugin-host").stdout.strip()
        run("kill", "-9", driver)
        self.assertTrue(one.pings(two.address))
        three = self.guest(lan)
        self.assertNotEqual(run("pidof", "-s", "volutus-plugin-host").stdout.strip(), driver)
        self.assertTrue(one.pings(three.address))
        wait_for("metadata after the driver came back", lambda: one.metadata("openstack/latest/meta_data.json"))
        self.assertEqual(self.differences(), [])

    def test_what_is_changed_by_hand_is_found_and_made_again_by_a_daemon_that_starts(self):
        lan = self.lan()
        guest = self.guest(lan)
        floating = self.float_to(guest)["floating_ip_address"]
        self.assertEqual(self.differences(), [])
        run("nft", "add", "rule", "bridge", "vt", f"ingress-{self.group['id']}", "accept")
        run("ip", "link", "delete", guest.port["binding:vif_details"]["bridge_name"])
        run("ip", "netns", "delete", f"vt-router-{self.router['id']}")
        found = "\n".join(f"{line['where']} {line['what']}" for line in self.differences())
        for thing in (f"group/{self.group['id']} is on the host, but not as it was made",
                      f"network/{lan['id']} is to be on the host, and the driver lacks it",
                      f"router/{self.router['id']} is to be on the host, and the driver lacks it",
                      f"floating IP {self.router['id']} {floating}"):
            self.assertIn(thing, found)
        self.assertFalse(guest.pings("10.1.0.1"))
        self.cloud.stop()
        self.cloud.start()
        wait_for("the network to be there again", lambda: guest.pings("10.1.0.1"))
        self.assertEqual(self.differences(), [])
        self.assertEqual(guest.lease(), guest.address)
        self.assertTrue(guest.metadata("openstack/latest/meta_data.json"))


if __name__ == "__main__":
    unittest.main()
