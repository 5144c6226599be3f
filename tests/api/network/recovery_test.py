"""What a host lost while nobody looked is made again by a daemon that starts."""

import unittest

from network_cloud import NetworkTest


class Recovery(NetworkTest):
    def test_what_the_driver_lacks_and_what_nobody_needs_is_found_and_put_right(self):
        network, spare = self.network(), self.network()
        self.subnet(network)
        port = self.port(network)
        self.as_operator("PUT", f"/ports/{port['id']}", {"port": {"binding:host_id": "simulated"}})
        self.wait_for_port(port)
        self.assert_in_order()
        records = self.cloud.state / "simulated"
        told = self.at_driver("port", port["id"])
        (records / f"network.{spare['id']}.json").write_text((records / f"network.{network['id']}.json").read_text().replace(
            network["id"], spare["id"]))
        (records / f"port.{port['id']}.json").unlink()
        found = {one["where"] for one in self.cloud.volutus("verify", "--json", code=1)}
        self.assertEqual(found, {f"network port/{port['id']}", f"network network/{spare['id']}"})
        self.cloud.stop()
        self.cloud.start()
        self.assert_in_order()
        self.assertEqual(self.at_driver("port", port["id"]), told)
        self.assertIsNone(self.at_driver("network", spare["id"]))


class AbsentDriver(NetworkTest):
    def test_a_daemon_starts_while_the_driver_does_not_answer(self):
        self.cloud.stop()
        self.cloud.write("60-broken.toml", '[plugin.network_simulator.config]\nfail_call = "list"\nfail_times = 1\n')
        self.cloud.start()
        self.assertIn("nothing is made again that was lost", self.cloud.log.read_text())
        self.network(name="made")


if __name__ == "__main__":
    unittest.main()
