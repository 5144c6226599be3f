"""Real guests: three servers of two tenants on libvirt and the kernel's bridges, made by Debian's `openstack` command and
reached by real packets. Runs below own_host.sh; GUEST_IMAGE is a file of contrib/images/build.sh."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

import novnc
from cloud import wait_for
from whole_cloud import HOST, WholeCloud

BOOT = 240  # seconds for three guests at once without KVM, on a host that does other things too
GREETING = "#!/bin/sh\necho \"user data speaks on $(hostname)\"\n"
PORT = 7001


class Tenant:
    """A project with a user, a network behind a router, a key pair and a group that lets ping and SSH in."""

    def __init__(self, cloud, name):
        self.cloud, self.key = cloud, cloud.folder / f"{name}-key"
        admin = cloud.admin()
        admin(f"project create {name}")
        admin(f"user create --password secret {name}")
        admin(f"role add --user {name} --project {name} member")
        self.openstack = cloud.user(name, name)
        self.openstack("network create lan")
        self.openstack("subnet create --network lan --subnet-range 10.0.0.0/24 lan-v4")
        self.openstack("router create gate")
        self.openstack("router set --external-gateway public gate")
        self.openstack("router add subnet gate lan-v4")
        self.openstack("security group create open")
        self.openstack("security group rule create --protocol icmp open")
        self.openstack("security group rule create --protocol tcp --dst-port 22 open")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        self.openstack(f"keypair create --public-key {self.key}.pub key")
        self.floating = {}

    def boot(self, name, address, more=""):
        port = self.openstack.show(f"port create --network lan --fixed-ip ip-address={address} --security-group open {name}")
        server = self.openstack.show(f"server create --flavor tiny --image guest --nic port-id={port['id']} "
                                     f"--key-name key {more} {name}")
        self.cloud.wait_for_server(server["id"])

    def float(self, name):
        self.floating[name] = self.openstack.show("floating ip create public")["floating_ip_address"]
        self.openstack(f"server add floating ip {name} {self.floating[name]}")

    def ssh(self, name, command, code=0):
        """What a command prints in the guest; None where it does not answer, or ends otherwise."""
        done = subprocess.run(
            ["ssh", "-i", self.key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10",
             "-o", "LogLevel=ERROR", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             f"root@{self.floating[name]}", command], capture_output=True, text=True, timeout=BOOT, check=False)
        return done.stdout if done.returncode == code else None

    def wait_for_console(self, name, count=1):
        """Until the guest has reported so often; its console."""
        def reported():
            text = self.openstack(f"console log show {name}").out
            return text if text.count("volutus guest ready") >= count else None
        return wait_for(f"{name} to report", reported, BOOT)


def opens(address, port):
    try:
        with socket.create_connection((address, port), 2):
            return True
    except OSError:
        return False


def end_cloud():
    shutil.copy(cloud.log, tempfile.gettempdir())  # which own_host.sh keeps
    cloud.__exit__(None)


def setUpModule():
    global cloud, red, blue
    cloud = WholeCloud(HOST)
    unittest.addModuleCleanup(end_cloud)
    cloud.start()
    admin = cloud.admin()
    admin(f"image create --public --disk-format qcow2 --file {os.environ['GUEST_IMAGE']} guest")
    admin("flavor create --ram 128 --vcpus 1 --disk 1 tiny")
    admin("network create --external --provider-network-type flat --provider-physical-network public public")
    admin("subnet create --network public --subnet-range 172.24.4.0/24 --gateway 172.24.4.1 --no-dhcp public-v4")
    red, blue = Tenant(cloud, "red"), Tenant(cloud, "blue")
    script = cloud.folder / "user-data"
    script.write_text(GREETING)
    red.boot("web", "10.0.0.10", f"--user-data {script} --property role=front")
    red.boot("peer", "10.0.0.20", "--config-drive True")
    blue.boot("twin", "10.0.0.10")
    red.float("web")
    blue.float("twin")
    for tenant, name in ((red, "web"), (red, "peer"), (blue, "twin")):
        tenant.wait_for_console(name)


# Classes run in the order of their names: guests are there before they are gone.
class AGuest(unittest.TestCase):
    def test_its_console_shows_address_name_metadata_and_user_data(self):
        text = red.wait_for_console("web")
        for line in ("hostname:  web", "address:   eth0 10.0.0.10/24", "metadata:  http://169.254.169.254/openstack/latest",
                     f"instance:  {red.openstack.show('server show web')['id']}", "property:  role=front",
                     "key pair:  key", "user data speaks on web", "user data: script ended with 0"):
            self.assertIn(line, text)

    def test_a_config_drive_that_it_finds_by_its_label_tells_it_the_same(self):
        text = red.wait_for_console("peer")
        for line in ("hostname:  peer", "metadata:  config drive /dev/sr0", "key pair:  key"):
            self.assertIn(line, text)

    def test_it_is_reached_by_its_key_pair_on_its_floating_ip(self):
        self.assertEqual(red.ssh("web", "hostname"), "web\n")
        self.assertEqual(blue.ssh("twin", "hostname"), "twin\n")
        blue.floating["web"] = red.floating["web"]
        self.assertIsNone(blue.ssh("web", "hostname"), "another key logged in")

    def test_it_reaches_the_gateway_outside(self):
        self.assertIsNotNone(red.ssh("web", "ping -c 1 -w 10 172.24.4.1"))

    def test_its_metadata_follows_the_floating_ip(self):
        self.assertEqual(red.ssh("web", "curl -s 169.254.169.254/latest/meta-data/public-ipv4"), red.floating["web"])

    def test_a_password_that_it_posts_is_kept_for_its_owner(self):
        server = red.openstack.show("server show web")["id"]
        self.assertIsNotNone(red.ssh("web", "curl -sf -d sealed 169.254.169.254/openstack/latest/password"))
        self.assertEqual(cloud.call("GET", f"/compute/v2.1/servers/{server}/os-server-password"), {"password": "sealed"})

    def test_a_rule_opens_a_port_and_its_end_closes_it(self):
        red.ssh("web", f"nc -l -k -p {PORT} -e echo hello </dev/null >/dev/null 2>&1 &")
        address = red.floating["web"]
        self.assertFalse(opens(address, PORT))
        rule = red.openstack.show(f"security group rule create --protocol tcp --dst-port {PORT} open")["id"]
        wait_for("the port to open", lambda: opens(address, PORT))
        red.openstack(f"security group rule delete {rule}")
        wait_for("the port to close", lambda: not opens(address, PORT))

    def test_two_on_one_network_reach_each_other(self):
        self.assertIsNotNone(red.ssh("web", "ping -c 1 -w 20 10.0.0.20"))

    def test_those_of_two_tenants_with_the_same_addresses_do_not(self):
        self.assertIsNotNone(blue.ssh("twin", "ping -c 1 -w 20 10.0.0.1"))
        self.assertIsNone(blue.ssh("twin", "ping -c 3 -w 5 10.0.0.20"))

    def test_its_display_speaks_over_a_websocket(self):
        console = red.openstack.show("console url show --novnc web")
        self.assertEqual(console["type"], "novnc")
        self.assertRegex(novnc.greeting(console["url"]), r"^RFB 003\.\d{3}\n$")
        self.assertIn("403", novnc.greeting(console["url"] + "0"))

    def test_a_floating_ip_is_active_while_it_leads_somewhere(self):
        address = red.floating["web"]

        def becomes(status):
            wait_for(f"the floating IP to be {status}",
                     lambda: red.openstack.show(f"floating ip show {address}")["status"] == status)
        becomes("ACTIVE")
        red.openstack(f"server remove floating ip web {address}")
        try:
            becomes("DOWN")
            self.assertFalse(opens(address, 22))
        finally:
            red.openstack(f"server add floating ip web {address}")
        becomes("ACTIVE")
        wait_for("the guest to answer again", lambda: opens(address, 22))

    def test_it_stops_and_starts_and_reboots(self):
        server = red.openstack.show("server show peer")["id"]
        count = red.wait_for_console("peer").count("volutus guest ready")
        red.openstack("server stop peer")
        cloud.wait_for_server(server, "SHUTOFF", BOOT)
        self.assertIn("volutus guest stopping", red.openstack("console log show peer").out)
        self.assertIsNone(red.ssh("web", "ping -c 1 -w 3 10.0.0.20"))
        red.openstack("server start peer")
        cloud.wait_for_server(server, "ACTIVE", BOOT)
        red.wait_for_console("peer", count + 1)
        red.openstack("server reboot --hard --wait peer")
        red.wait_for_console("peer", count + 2)
        self.assertIsNotNone(red.ssh("web", "ping -c 1 -w 20 10.0.0.20"))


class Gone(unittest.TestCase):
    def test_nothing_of_them_is_left(self):
        cloud.volutus("verify")
        for tenant, names in ((red, "web peer"), (blue, "twin")):
            tenant.openstack(f"server delete --wait {names}")
            for address in tenant.floating.values():
                tenant.openstack(f"floating ip delete {address}", code=None)
            tenant.openstack(f"port delete {names}")
            tenant.openstack("router remove subnet gate lan-v4")
            tenant.openstack("router delete gate")
            tenant.openstack("network delete lan")
        cloud.admin()("network delete public")
        wait_for("all tasks to end", lambda: cloud.volutus("tasks", "--json") == [])
        self.assertIn("no differences", cloud.volutus("verify"))
        domains = subprocess.run(["virsh", "-q", "list", "--all", "--name"], capture_output=True, text=True, check=True)
        self.assertEqual(domains.stdout.split(), [])
        self.assertEqual(os.listdir("/sys/class/net"), ["lo"])
        self.assertEqual(os.listdir("/run/netns"), [])
        self.assertEqual(os.listdir(cloud.folder / "guests" / "servers"), [])
        rules = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("10.0.0.", rules)
        self.assertEqual([str(one) for one in Path(cloud.state / "network-linux").rglob("*.pid")], [])


if __name__ == "__main__":
    unittest.main()
