"""`volutus verify` finds what somebody changed by hand, and `--repair` mends it."""

import json
import unittest
import uuid

from cloud import wait_for
from compute_cloud import ComputeTest


class Repair(ComputeTest):
    def guest_file(self, server):
        return self.cloud.state / "guests" / f"{server}.json"

    def differences(self):
        return {one["where"]: one["what"] for one in self.cloud.volutus("verify", "--json", code=1)}

    def repair(self, code=0):
        return {one["where"]: one["mended"] for one in self.cloud.volutus("verify", "--repair", "--json", code=code)}

    def change_guest(self, server, **fields):
        record = json.loads(self.guest_file(server).read_text())
        record["body"].update(fields)
        self.guest_file(server).write_text(json.dumps(record))

    def test_nothing_is_mended_where_nothing_differs(self):
        self.assertEqual(self.repair(), {})
        self.assertIn("nothing differs", self.cloud.volutus("verify", "--repair"))

    def test_a_guest_that_no_document_knows_is_removed(self):
        known = self.running()
        stray = str(uuid.uuid4())
        record = json.loads(self.guest_file(known).read_text())
        record["body"].update(id=stray, name="stray")
        self.guest_file(stray).write_text(json.dumps(record))
        where = f"compute.server {stray}"
        self.assertEqual(self.differences(), {where: "is on simulated-1, and no document knows it"})
        self.assertEqual(self.repair(), {where: "the guest was removed"})
        self.remove(known)
        self.assert_in_order()

    def test_data_that_no_image_knows_is_removed(self):
        stray = self.cloud.state / "images" / str(uuid.uuid4())
        stray.write_bytes(b"stray")
        where = f"image.image {stray.name}"
        self.assertEqual(self.differences(), {where: "has 5 bytes at the store, and no document knows it"})
        self.assertEqual(self.repair(), {where: "the data is being removed"})
        self.assert_in_order()
        self.assertFalse(stray.exists())

    def test_a_guest_in_another_state_is_brought_to_its_servers(self):
        server = self.running()
        where = f"compute.server {server}"
        self.change_guest(server, power="paused")
        self.assertEqual(self.differences(), {where: "is active, and its guest is otherwise"})
        self.assertEqual(self.repair(), {where: "it is being made active again"})
        self.wait_until(server)
        self.assertEqual(self.cloud.volutus("verify", "--json"), [])
        self.assertEqual(self.act(server, "os-stop").status, 202)
        self.wait_until(server, "SHUTOFF")
        self.change_guest(server, power="running")
        self.assertEqual(self.repair(), {where: "it is being made stopped again"})
        self.wait_until(server, "SHUTOFF")
        self.remove(server)
        self.assert_in_order()

    def test_a_server_whose_guest_is_lost_with_its_disks_says_so(self):
        server = self.running()
        self.guest_file(server).unlink()
        where = f"compute.server {server}"
        self.assertEqual(self.differences(), {where: "is active, and simulated-1 lacks it"})
        self.assertEqual(self.repair(), {where: "it is being made active again"})
        self.assertIn("has no disks", self.wait_until(server, "ERROR")["fault"]["message"])
        self.remove(server)
        self.assert_in_order()

    def test_claims_that_were_taken_away_are_claimed_anew(self):
        server = self.running()
        operator = {"X-Auth-Token": "operator:admin", "OpenStack-API-Version": "placement 1.28"}
        self.assertEqual(self.cloud.ask("DELETE", f"/placement/allocations/{server}", headers=operator).status, 204)
        where = f"compute.server {server}"
        self.assertEqual(self.differences(), {
            where: "holds nothing of simulated-1, and should hold 1 DISK_GB, 128 MEMORY_MB, 1 VCPU"})
        self.assertEqual(self.repair(), {where: "claimed anew"})
        self.assertEqual(self.cloud.volutus("verify", "--json"), [])
        self.remove(server)
        self.assert_in_order()

    def test_a_network_that_was_taken_from_the_host_is_made_again(self):
        headers = {"X-Auth-Token": "somebody:one"}
        network = self.cloud.ask("POST", "/network/v2.0/networks", {"network": {"name": "lan"}}, headers=headers).json[
            "network"]["id"]
        subnet = self.cloud.ask("POST", "/network/v2.0/subnets", {"subnet": {
            "network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24"}}, headers=headers)
        self.assertEqual(subnet.status, 201, subnet)
        server = self.make("online", networks=[{"uuid": network}])
        self.wait_until(server)
        wait_for("tasks to end", lambda: self.cloud.volutus("tasks", "--json") == [])
        for file in (self.cloud.state / "network").iterdir():
            if json.loads(file.read_text()).get("body"):
                file.unlink()
        self.assertIn(f"network network/{network}", self.differences())
        self.assertEqual(set(self.repair().values()), {"the driver is told again"})
        self.assert_in_order()
        self.remove(server)
        self.assertEqual(self.cloud.ask("DELETE", f"/network/v2.0/networks/{network}", headers=headers).status, 204)
        self.assert_in_order()


if __name__ == "__main__":
    unittest.main()
