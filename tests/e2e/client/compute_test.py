"""`openstack` commands of the compute service, and of the placement service that it takes room from; on simulated hosts."""

import os
import unittest

from whole_cloud import WholeCloud


class Compute(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(WholeCloud())
        admin = cls.cloud.admin()
        disk = cls.cloud.folder / "disk.raw"
        disk.write_bytes(os.urandom(1 << 20))
        admin(f"image create --public --file {disk} system")
        admin("flavor create --ram 128 --vcpus 1 --disk 1 tiny")
        admin("project create tenant")
        admin("user create --password secret tom")
        admin("role add --user tom --project tenant member")
        tom = cls.cloud.user("tom", "tenant")
        tom("network create lan")
        tom("subnet create --network lan --subnet-range 10.0.0.0/24 lan-v4")
        cls.both = [admin, tom]

    def setUp(self):
        self.admin, self.openstack = self.both

    def make(self, name, more=""):
        return self.openstack.show(f"server create --image system --flavor tiny --network lan --wait {more} {name}")

    def test_flavors_live(self):
        made = self.admin.show("flavor create --ram 512 --vcpus 2 --disk 5 --swap 64 --property hw:a=b bigger")
        self.assertEqual((made["ram"], made["vcpus"], made["disk"], made["swap"]), (512, 2, 5, 64))
        self.assertEqual(self.admin.show("flavor show bigger")["properties"], {"hw:a": "b"})
        self.assertIn("bigger", [row["Name"] for row in self.openstack.list("flavor list")])
        self.openstack("flavor create --ram 1 --vcpus 1 --disk 1 mine", code=1)
        self.admin("flavor set --property hw:c=d --description wide bigger")
        self.admin("flavor unset --property hw:a bigger")
        shown = self.admin.show("flavor show bigger")
        self.assertEqual((shown["properties"], shown["description"]), ({"hw:c": "d"}, "wide"))
        row = next(row for row in self.openstack.list("flavor list --long --min-ram 512") if row["Name"] == "bigger")
        self.assertEqual((row["RAM"], row["Swap"], row["VCPUs"], row["Is Public"]), (512, 64, 2, True))
        self.admin("flavor create --id 77 --ram 1 --vcpus 1 --disk 0 --private --project tenant ours")
        for asker, options, seen in ((self.openstack, "", True), (self.admin, "", False), (self.admin, "--all", True)):
            self.assertEqual("ours" in [row["Name"] for row in asker.list(f"flavor list {options}")], seen)
        self.admin("flavor unset --project tenant 77")
        self.openstack("flavor show ours", code=1)
        self.admin("flavor delete 77")
        self.admin("flavor delete bigger")
        self.assertIn("No Flavor found for bigger", self.admin("flavor show bigger", code=1).err)

    def test_keypairs_live(self):
        private = self.openstack("keypair create made").out
        self.assertIn("PRIVATE KEY", private)
        public = self.cloud.folder / "key.pub"
        public.write_text(self.openstack("keypair show --public-key made").out)
        given = self.openstack.show(f"keypair create --public-key {public} given")
        self.assertEqual(given["fingerprint"], self.openstack.show("keypair show made")["fingerprint"])
        self.assertLessEqual({"made", "given"}, {row["Name"] for row in self.openstack.list("keypair list")})
        private = self.cloud.folder / "private"
        kept = self.openstack.show(f"keypair create --private-key {private} kept")
        self.assertIn("PRIVATE KEY", private.read_text())
        self.assertNotIn("private_key", kept)
        self.assertEqual(self.admin.show(f"keypair show --user tom kept")["fingerprint"], kept["fingerprint"])
        self.openstack("keypair delete made given kept")
        self.openstack("keypair show made", code=1)

    def test_a_server_lives(self):
        made = self.make("life", "--property role=web --user-data /dev/null")
        self.assertEqual((made["status"], made["OS-EXT-STS:vm_state"], made["properties"]), ("ACTIVE", "active", {"role": "web"}))
        self.assertEqual(list(made["addresses"]), ["lan"])
        self.assertTrue(made["addresses"]["lan"][0].startswith("10.0.0."))
        shown = self.admin.show(f"server show {made['id']}")
        self.assertTrue(shown["OS-EXT-SRV-ATTR:hypervisor_hostname"])

        self.openstack("server stop life")
        self.cloud.wait_for_server(made["id"], "SHUTOFF")
        self.openstack("server stop life", code=1)
        self.openstack("server start life")
        self.cloud.wait_for_server(made["id"])
        self.openstack("server reboot --wait life")
        self.openstack("server reboot --hard --wait life")
        self.openstack("server set --name still --property a=b life")
        self.openstack("server unset --property role still")
        self.assertEqual(self.openstack.show("server show still")["properties"], {"a": "b"})
        self.openstack("console log show still")
        console = self.openstack.show("console url show still")
        self.assertEqual((console["type"], console["protocol"]), ("novnc", "vnc"))
        self.openstack("server delete --wait still")
        self.assertIn("No server with a name or ID of 'still' exists.", self.openstack("server show still", code=1).err)

    def test_a_server_is_made_of_all_that_the_command_offers(self):
        self.openstack("keypair create --private-key /dev/null mine")
        self.openstack("security group create doors")
        for name, third in (("one", 1), ("two", 2)):
            self.openstack(f"network create {name}")
            self.openstack(f"subnet create --network {name} --subnet-range 10.1.{third}.0/24 {name}-v4")
        self.openstack("port create --network two --fixed-ip ip-address=10.1.2.9 two")
        script = self.cloud.folder / "user-data"
        script.write_text("#!/bin/sh\n")
        made = self.make_with("--nic net-id=one,v4-fixed-ip=10.1.1.8 --nic port-id=two --key-name mine --security-group doors "
                              f"--user-data {script} --config-drive True --availability-zone nova --wait full")
        self.assertEqual(made["addresses"], {"one": ["10.1.1.8"], "two": ["10.1.2.9"]})
        self.assertEqual((made["key_name"], made["config_drive"], made["OS-EXT-AZ:availability_zone"]), ("mine", "True", "nova"))
        self.assertIn({"name": "doors"}, made["security_groups"])
        port = self.openstack.list("port list --server full --network one")[0]["ID"]
        self.assertEqual(self.openstack.show(f"port show {port}")["security_group_ids"],
                         [self.openstack.show("security group show doors")["id"]])
        self.openstack("security group delete doors", code=1)
        self.openstack("server delete --wait full")
        self.openstack("port delete two")
        self.openstack("network delete one two")
        self.openstack("security group delete doors")
        self.openstack("keypair delete mine")

    def make_with(self, options):
        return self.openstack.show(f"server create --image system --flavor tiny {options}")

    def test_servers_are_listed_by_what_they_are(self):
        self.openstack("keypair create --private-key /dev/null finder")
        first = self.make("found-1", "--key-name finder")
        self.make("found-2")
        address = first["addresses"]["lan"][0].replace(".", "\\\\.")
        host = self.admin.show(f"server show {first['id']}")["OS-EXT-SRV-ATTR:host"]
        self.openstack("server stop found-2")
        self.cloud.wait_for_server(self.openstack.show("server show found-2")["id"], "SHUTOFF")

        def names(asker, options):
            return sorted(row["Name"] for row in asker.list(f"server list {options}") if row["Name"].startswith("found"))
        both = ["found-1", "found-2"]
        for options, wanted in (("--name ^found", both), ("--name found-1", ["found-1"]), (f"--ip ^{address}$", ["found-1"]),
                                ("--status ACTIVE", ["found-1"]), ("--status SHUTOFF", ["found-2"]),
                                ("--flavor tiny --image system", both), ("--no-name-lookup", both),
                                ("--changes-since 2020-01-01T00:00:00Z", both), ("--changes-since 2099-01-01T00:00:00Z", []),
                                ("--name found --limit 1 --sort-column Name", ["found-2"]),
                                ("--name found --limit 1 --marker found-2", ["found-1"])):
            with self.subTest(options):
                self.assertEqual(names(self.openstack, options), wanted)
        for options, wanted in (("--project tenant", both), ("--all-projects --user tom", both), ("", []),
                                (f"--all-projects --host {host}", both), ("--all-projects --host nowhere", []),
                                ("--all-projects --key-name finder", ["found-1"]), ("--all-projects --vm-state stopped", ["found-2"])):
            with self.subTest(options):
                self.assertEqual(names(self.admin, options), wanted)
        self.openstack("server delete --wait found-1 found-2")
        self.assertEqual(names(self.openstack, "--name found"), [])
        self.assertEqual(names(self.admin, "--deleted --all-projects"), both)
        self.assertIn("Policy doesn't allow", self.openstack("server list --all-projects", code=1).err)

    def test_several_servers_at_once(self):
        self.openstack("server create --image system --flavor tiny --network lan --min 2 --max 3 --wait many")
        names = {row["Name"] for row in self.openstack.list("server list --name many")}
        self.assertEqual(names, {"many-1", "many-2", "many-3"})
        long = self.openstack.list("server list --long --status ACTIVE --name many-2")
        self.assertEqual([row["Name"] for row in long], ["many-2"])
        everybody = {row["Name"] for row in self.admin.list("server list --all-projects")}
        self.assertLessEqual(names, everybody)
        self.assertNotIn("many-1", {row["Name"] for row in self.admin.list("server list")})
        self.openstack("server delete --wait many-1 many-2 many-3")

    def test_a_server_on_a_port_with_a_group_and_a_floating_ip(self):
        self.admin("network create --external --provider-network-type flat --provider-physical-network public outside")
        self.admin("subnet create --network outside --subnet-range 172.24.4.0/24 --no-dhcp outside-v4")
        self.openstack("router create gate")
        self.openstack("router set --external-gateway outside gate")
        self.openstack("router add subnet gate lan-v4")
        self.openstack("security group create web")
        self.openstack("port create --network lan --fixed-ip ip-address=10.0.0.77 mine")
        made = self.openstack.show("server create --image system --flavor tiny --port mine --wait served")
        self.assertEqual(made["addresses"], {"lan": ["10.0.0.77"]})
        self.openstack("server add security group served web")
        self.assertIn({"name": "web"}, self.openstack.show("server show served")["security_groups"])
        self.openstack("server remove security group served web")
        address = self.openstack.show("floating ip create outside")["floating_ip_address"]
        self.openstack(f"server add floating ip served {address}")
        self.assertEqual(self.openstack.show("server show served")["addresses"], {"lan": ["10.0.0.77", address]})
        self.openstack(f"server remove floating ip served {address}")
        self.openstack("server delete --wait served")
        self.assertEqual(self.openstack.show("port show mine")["device_id"], "")

    def test_what_cannot_be_is_said(self):
        missing = self.openstack("server create --image system --flavor tiny --network nowhere bad", code=1)
        self.assertIn("No Network found for nowhere", missing.err)
        self.admin("flavor create --ram 999999999 --vcpus 1 --disk 1 huge")
        self.admin("quota set --ram -1 tenant")
        huge = self.openstack("server create --image system --flavor huge --network lan --wait toobig", code=None)
        self.assertIn("Error creating server", huge.err + huge.out)  # its exit code is 0 all the same
        fault = self.openstack.show("server show toobig")["fault"]
        self.assertIn("No valid host was found", fault["message"])
        self.assertIn("MEMORY_MB", fault["message"])
        self.openstack("server delete --wait toobig")

    def test_a_disabled_host_takes_nothing(self):
        name = self.admin.list("hypervisor list")[0]["Hypervisor Hostname"]
        self.admin(f"compute service set --disable --disable-reason repair {name} nova-compute")
        self.assertEqual(self.admin.show(f"hypervisor show {name}")["status"], "disabled")
        service = self.admin.list("compute service list --long")[0]
        self.assertEqual((service["Host"], service["Status"], service["Disabled Reason"]), (name, "disabled", "repair"))
        self.openstack("server create --image system --flavor tiny --network lan --wait homeless", code=None)
        fault = self.openstack.show("server show homeless")["fault"]["message"]
        self.assertIn("No valid host was found", fault)
        self.assertNotIn(name, fault)
        self.admin(f"compute service set --enable {name} nova-compute")
        self.openstack("server delete --wait homeless")

    def test_an_operator_chooses_the_host(self):
        newer = "--os-compute-api-version 2.74 server create --image system --flavor tiny --nic none"
        name = self.admin.list("hypervisor list")[0]["Hypervisor Hostname"]
        made = self.admin.show(f"{newer} --host {name} --wait chosen")
        self.assertEqual(made["OS-EXT-SRV-ATTR:host"], name)
        self.admin("server delete --wait chosen")
        self.assertIn("could not be found", self.admin(f"{newer} --host nowhere chosen", code=1).err)
        self.assertIn("Policy doesn't allow", self.openstack(f"{newer} --host {name} chosen", code=1).err)

    def test_a_server_is_locked_paused_and_tagged(self):
        made = self.make("handled")
        newer = "--os-compute-api-version 2.73"
        self.openstack(f"{newer} server lock --reason mine handled")
        self.assertIn("is locked", self.openstack("server stop handled", code=1).err)
        self.assertEqual(self.openstack.show(f"{newer} server show handled")["locked_reason"], "mine")
        self.openstack("server unlock handled")
        self.openstack("server pause handled")
        self.cloud.wait_for_server(made["id"], "PAUSED")
        self.openstack("server unpause handled")
        self.cloud.wait_for_server(made["id"])
        self.openstack(f"{newer} server set --tag blue --tag red handled")
        self.openstack(f"{newer} server unset --tag red handled")
        self.assertEqual(self.openstack.show(f"{newer} server show handled")["tags"], ["blue"])
        self.assertEqual([row["Name"] for row in self.openstack.list(f"{newer} server list --tags blue")], ["handled"])
        self.assertEqual(self.openstack.list(f"{newer} server list --tags red"), [])
        self.assertEqual(self.openstack.list("server volume list handled"), [])
        actions = [row["Action"] for row in self.openstack.list("server event list handled")]
        self.assertEqual(actions, ["unpause", "pause", "create"])
        self.assertIn("There is no such action: suspend", self.openstack("server suspend handled", code=1).err)
        self.openstack("server delete --force handled")
        self.openstack("server show handled", code=1)

    def test_quota_holds_and_is_shown(self):
        self.admin("project create poor")
        self.admin("user create --password secret pia")
        self.admin("role add --user pia --project poor member")
        self.admin("quota set --instances 1 --cores 30 poor")
        self.admin("quota set --force --cores 30 poor")
        self.assertEqual(self.admin.show("quota show --default poor")["cores"], 20)
        quota = self.admin.show("quota show poor")
        self.assertEqual((quota["instances"], quota["cores"]), (1, 30))
        pia = self.cloud.user("pia", "poor")
        pia("network create own")
        pia("subnet create --network own --subnet-range 10.9.0.0/24 own-v4")
        pia("server create --image system --flavor tiny --network own --wait first")
        self.assertIn("Quota exceeded", pia("server create --image system --flavor tiny --network own second", code=1).err)
        limits = {row["Name"]: row["Value"] for row in pia.list("limits show --absolute")}
        self.assertEqual((limits["maxTotalInstances"], limits["totalInstancesUsed"]), (1, 1))
        pia("server delete --wait first")
        limits = {row["Name"]: row["Value"] for row in pia.list("limits show --absolute")}
        self.assertEqual(limits["totalInstancesUsed"], 0)

    def test_hosts_are_shown_to_the_operator(self):
        hosts = self.admin.list("hypervisor list")
        self.assertTrue(hosts)
        name = hosts[0]["Hypervisor Hostname"]
        shown = self.admin.show(f"hypervisor show {name}")
        self.assertEqual((shown["hypervisor_hostname"], shown["state"], shown["status"]), (name, "up", "enabled"))
        self.assertGreater(self.admin.show("hypervisor stats show")["vcpus"], 0)
        self.openstack("hypervisor list", code=1)
        zones = self.openstack.list("availability zone list")
        self.assertIn(("nova", "available"), [(row["Zone Name"], row["Zone Status"]) for row in zones])

    def test_placement_shows_the_room(self):
        provider = self.admin.list("resource provider list")[0]
        before = {row["resource_class"]: row for row in self.admin.list(f"resource provider inventory list {provider['uuid']}")}
        self.assertLessEqual({"VCPU", "MEMORY_MB", "DISK_GB"}, set(before))
        self.assertEqual(self.admin.show(f"resource provider show {provider['uuid']}")["name"], provider["name"])
        candidates = self.admin.list(
            "--os-placement-api-version 1.10 allocation candidate list --resource VCPU=1 --resource MEMORY_MB=128")
        self.assertIn(provider["uuid"], [row["resource provider"] for row in candidates])

    def test_what_there_is_is_told(self):
        self.assertIn("Availability Zone", {row["Name"] for row in self.openstack.list("extension list --network")})
        aliases = {row["Alias"] for row in self.openstack.list("extension list")}
        self.assertLessEqual({"security-group", "router", "os-availability-zone"}, aliases)
        self.assertEqual(self.openstack.show("extension show router")["name"], "Neutron L3 Router")
        versions = {(row["Service Type"], row["Status"]) for row in self.openstack.list("versions show")}
        for service in ("identity", "image", "placement", "compute", "network"):
            self.assertIn((service, "CURRENT"), versions)


if __name__ == "__main__":
    unittest.main()
