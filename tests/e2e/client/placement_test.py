"""`openstack` commands of placement, from Debian's python3-osc-placement; the room is that of simulated hosts."""

import os
import unittest
import uuid

from whole_cloud import WholeCloud

NEWEST = "--os-placement-api-version 1.39 "


class Placement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(WholeCloud())
        cls.all = [cls.cloud.admin()]

    def setUp(self):
        self.admin = self.all[0]

    def show(self, command):
        return self.admin.show(NEWEST + command)

    def list(self, command):
        return self.admin.list(NEWEST + command)

    def run_it(self, command, code=0):
        return self.admin(NEWEST + command, code=code)

    def make(self, name, *inventories, more=""):
        made = self.show(f"resource provider create {more} {name}")["uuid"]
        if inventories:
            self.run_it(f"resource provider inventory set {made} " + " ".join(f"--resource {one}" for one in inventories))
        return made

    def test_providers_live(self):
        made = self.show("resource provider create first")
        self.assertEqual((made["name"], made["generation"], made["root_provider_uuid"]), ("first", 0, made["uuid"]))
        child = self.make("child", more=f"--parent-provider {made['uuid']}")
        self.assertEqual(self.show(f"resource provider show {child}")["parent_provider_uuid"], made["uuid"])
        self.assertEqual({row["name"] for row in self.list(f"resource provider list --in-tree {made['uuid']}")}, {"first", "child"})
        self.assertEqual(self.show(f"resource provider set --name second {made['uuid']}")["name"], "second")
        self.assertIn("already exists", self.run_it("resource provider create second", code=1).err)
        self.assertIn("child resource providers", self.run_it(f"resource provider delete {made['uuid']}", code=1).err)
        self.run_it(f"resource provider delete {child}")
        self.run_it(f"resource provider delete {made['uuid']}")
        gone = self.run_it(f"resource provider show {made['uuid']}", code=1)
        self.assertIn(f"No resource provider with uuid {made['uuid']} found (HTTP 404)", gone.err)

    def test_hosts_are_providers_in_the_version_that_the_client_takes_by_itself(self):
        name = self.admin.list("hypervisor list")[0]["Hypervisor Hostname"]
        host = self.admin.list(f"resource provider list --name {name}")[0]
        self.assertEqual(set(host), {"uuid", "name", "generation", "root_provider_uuid", "parent_provider_uuid"})
        self.assertEqual(self.admin.show(f"resource provider show {host['uuid']}"), host)
        rows = {row["resource_class"]: row for row in self.admin.list(f"resource provider inventory list {host['uuid']}")}
        self.assertLessEqual({"VCPU", "MEMORY_MB", "DISK_GB"}, set(rows))
        self.assertEqual(rows["VCPU"]["allocation_ratio"], self.admin.show(
            f"resource provider inventory show {host['uuid']} VCPU")["allocation_ratio"])
        self.assertEqual({row["resource_class"] for row in self.admin.list(f"resource provider usage show {host['uuid']}")}, set(rows))

    def test_inventories_are_set_and_deleted(self):
        provider = self.make("stocked", "VCPU=8", "MEMORY_MB=1024", "MEMORY_MB:allocation_ratio=1.5", "MEMORY_MB:reserved=256")
        rows = {row["resource_class"]: row for row in self.list(f"resource provider inventory list {provider}")}
        self.assertEqual((rows["VCPU"]["total"], rows["MEMORY_MB"]["allocation_ratio"], rows["MEMORY_MB"]["reserved"], rows["VCPU"]["used"]),
                         (8, 1.5, 256, 0))
        changed = self.show(f"resource provider inventory class set {provider} VCPU --total 16 --max_unit 4")
        self.assertEqual((changed["total"], changed["max_unit"]), (16, 4))
        self.run_it(f"resource provider inventory set {provider} --amend --resource DISK_GB=10")
        self.run_it(f"resource provider inventory delete {provider} --resource-class DISK_GB")
        self.assertEqual({row["resource_class"] for row in self.list(f"resource provider inventory list {provider}")}, set(rows))
        self.run_it(f"resource provider inventory delete {provider}")
        self.assertEqual(self.list(f"resource provider inventory list {provider}"), [])
        refused = self.run_it(f"resource provider inventory set {provider} --resource UNHEARD=1", code=1)
        self.assertIn("No such resource class UNHEARD", refused.err)

    def test_allocations_are_set_and_unset(self):
        provider, consumer = self.make("allocated", "VCPU=8", "MEMORY_MB=1024"), str(uuid.uuid4())
        made = self.list(f"resource provider allocation set {consumer} --allocation rp={provider},VCPU=2,MEMORY_MB=512 "
                         "--project-id p --user-id u --consumer-type INSTANCE")
        self.assertEqual((made[0]["resource_provider"], made[0]["resources"]), (provider, {"VCPU": 2, "MEMORY_MB": 512}))
        shown = self.list(f"resource provider allocation show {consumer}")[0]
        self.assertEqual((shown["project_id"], shown["user_id"], shown["consumer_type"]), ("p", "u", "INSTANCE"))
        usage = {row["resource_class"]: row["usage"] for row in self.list(f"resource provider usage show {provider}")}
        self.assertEqual(usage, {"VCPU": 2, "MEMORY_MB": 512})
        self.assertEqual(self.show(f"resource provider show --allocations {provider}")["allocations"][consumer]["resources"], usage)
        self.assertEqual({row["resource_class"]: row["usage"] for row in self.admin.list(
            "--os-placement-api-version 1.9 resource usage show p")}, usage)
        self.run_it(f"resource provider allocation unset {consumer} --resource-class VCPU")
        self.assertEqual(self.list(f"resource provider allocation show {consumer}")[0]["resources"], {"MEMORY_MB": 512})
        self.assertIn("in use", self.run_it(f"resource provider inventory delete {provider}", code=1).err)
        self.assertIn("has allocations", self.run_it(f"resource provider delete {provider}", code=1).err)
        too_much = self.run_it(f"resource provider allocation set {consumer} --allocation rp={provider},VCPU=9 --project-id p "
                               "--user-id u --consumer-type INSTANCE", code=1)
        self.assertIn("would exceed the capacity", too_much.err)
        self.run_it(f"resource provider allocation delete {consumer}")
        self.assertEqual(self.list(f"resource provider allocation show {consumer}"), [])
        self.run_it(f"resource provider allocation delete {consumer}", code=1)

    def test_classes_and_traits(self):
        self.assertIn("VCPU", [row["name"] for row in self.list("resource class list")])
        self.run_it("resource class create CUSTOM_LICENCE")
        self.run_it("resource class set CUSTOM_LICENCE")
        self.assertEqual(self.show("resource class show CUSTOM_LICENCE"), {"name": "CUSTOM_LICENCE"})
        self.run_it("resource class delete CUSTOM_LICENCE")
        self.assertIn("No such resource class CUSTOM_LICENCE", self.run_it("resource class show CUSTOM_LICENCE", code=1).err)
        self.assertIn("Cannot delete standard resource class VCPU", self.run_it("resource class delete VCPU", code=1).err)

        self.assertIn("HW_CPU_X86_AVX2", [row["name"] for row in self.list("trait list")])
        self.run_it("trait create CUSTOM_QUIET")
        self.assertEqual(self.list("trait list --name startswith:CUSTOM_Q"), [{"name": "CUSTOM_QUIET"}])
        provider = self.make("quiet")
        self.assertEqual(self.list(f"resource provider trait set {provider} --trait CUSTOM_QUIET"), [{"name": "CUSTOM_QUIET"}])
        self.assertEqual(self.list(f"resource provider trait list {provider}"), [{"name": "CUSTOM_QUIET"}])
        self.assertIn("in use", self.run_it("trait delete CUSTOM_QUIET", code=1).err)
        self.run_it(f"resource provider trait delete {provider}")
        self.run_it("trait delete CUSTOM_QUIET")
        self.run_it("trait show CUSTOM_QUIET", code=1)

    def test_aggregates_and_candidates(self):
        pool = str(uuid.uuid4())
        disk = self.make("pool", "DISK_GB=500")
        host = self.make("poor", "VCPU=4", "MEMORY_MB=2048")
        for provider in (disk, host):
            generation = self.show(f"resource provider show {provider}")["generation"]
            rows = self.list(f"resource provider aggregate set --generation {generation} {provider} --aggregate {pool}")
            self.assertEqual(rows, [{"uuid": pool}])
        self.assertEqual(self.list(f"resource provider aggregate list {disk}"), [{"uuid": pool}])
        self.run_it(f"resource provider trait set {disk} --trait MISC_SHARES_VIA_AGGREGATE")
        self.assertEqual({row["name"] for row in self.list(f"resource provider list --member-of {pool}")}, {"pool", "poor"})
        rows = self.list(f"allocation candidate list --resource VCPU=2 --resource DISK_GB=20 --member-of {pool}")
        self.assertEqual({row["resource provider"]: row["allocation"] for row in rows}, {host: "VCPU=2", disk: "DISK_GB=20"})
        self.assertEqual(self.list(f"allocation candidate list --resource VCPU=5 --member-of {pool}"), [])
        grouped = self.list("allocation candidate list --group 1 --resource VCPU=1 --group 2 --resource MEMORY_MB=128 "
                            f"--group-policy none --limit 1")
        self.assertTrue(grouped)
        self.assertEqual([row["name"] for row in self.list(f"resource provider list --resource VCPU=3 --member-of {pool}")], ["poor"])

    def test_a_server_is_seen_where_it_takes_room(self):
        disk = self.cloud.folder / "disk.raw"
        disk.write_bytes(os.urandom(1 << 20))
        self.admin(f"image create --file {disk} system")
        self.admin("flavor create --ram 128 --vcpus 2 --disk 1 small")
        self.admin("network create lan")
        self.admin("subnet create --network lan --subnet-range 10.0.0.0/24 lan-v4")
        server = self.admin.show("server create --image system --flavor small --network lan --wait seen")
        project = self.admin.show("project show admin")["id"]
        held = self.list(f"resource provider allocation show {server['id']}")[0]
        self.assertEqual((held["resources"], held["project_id"]), ({"VCPU": 2, "MEMORY_MB": 128, "DISK_GB": 1}, project))
        usage = {row["resource_class"]: row["usage"] for row in self.admin.list(f"--os-placement-api-version 1.9 resource usage show {project}")}
        self.assertEqual(usage, held["resources"])
        host = self.show(f"resource provider show --allocations {held['resource_provider']}")
        self.assertEqual(host["name"], server["OS-EXT-SRV-ATTR:hypervisor_hostname"])
        self.assertIn(server["id"], host["allocations"])
        self.admin("server delete --wait seen")
        self.assertEqual(self.list(f"resource provider allocation show {server['id']}"), [])

    def test_a_tenant_may_not(self):
        self.admin("project create tenant")
        self.admin("user create --password secret tom")
        self.admin("role add --user tom --project tenant member")
        tom = self.cloud.user("tom", "tenant")
        for command in ("resource provider list", "--os-placement-api-version 1.10 allocation candidate list --resource VCPU=1",
                        "--os-placement-api-version 1.6 trait list", "--os-placement-api-version 1.2 resource class list"):
            self.assertIn("HTTP 403", tom(command, code=1).err)


if __name__ == "__main__":
    unittest.main()
