"""What the driver does not bring to the host says so, and why, until it is there."""

import unittest

from cloud import wait_for
from routers_test import Outside


class Unwilling(Outside):
    """With a driver that fails at one call, until it is mended."""

    fails, code = "", "exhausted"

    @classmethod
    def configuration(cls):
        cls.driver = f'fail_call = "{cls.fails}"\nfail_times = 1000000\nfail_code = "{cls.code}"'
        return super().configuration() + '[tasks]\ntries = 2\nlongest_pause = "1s"\n'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cloud.expects_errors = ("the network driver refused",)

    def bound_port(self, **fields):
        network = self.network()
        self.subnet(network)
        port = self.port(network, **fields)
        self.as_operator("PUT", f"/ports/{port['id']}", {"port": {"binding:host_id": "simulated"}})
        return network, port

    def assert_says_why(self, noun, thing, collection=None, status="ERROR"):
        def told():
            shown = self.show(noun, thing, collection)
            return shown if "status_reason" in shown else None
        shown = wait_for(f"the reason of a {noun}", told)
        self.assertEqual((shown.get("status"), shown["status_reason"]),
                         (status, f"{self.fails} fails 1000000 times as its configuration says"))

    def mend(self):
        self.cloud.stop()
        self.cloud.write("60-mended.toml", '[plugin.network_simulator.config]\nfail_times = 0\n')
        self.cloud.start()

    def assert_well(self, noun, thing, collection=None, status="ACTIVE"):
        def well():
            shown = self.show(noun, thing, collection)
            return shown.get("status") == status and "status_reason" not in shown
        wait_for(f"a {noun} that is {status} and well", well)


class AtPorts(Unwilling):
    fails = "ensure_port"

    def test_a_port_says_why_until_it_is_plugged(self):
        _, port = self.bound_port()
        self.assert_says_why("port", port)
        listed, = self.call("GET", "/ports?status=ERROR")["ports"]
        self.assertEqual(listed["id"], port["id"])
        self.mend()
        self.assert_well("port", port)
        self.assert_in_order()


class AtUnplugging(Unwilling):
    fails = "remove_port"

    def test_a_port_says_why_until_the_driver_has_let_go(self):
        _, port = self.bound_port()
        self.assert_well("port", port)
        self.as_operator("PUT", f"/ports/{port['id']}", {"port": {"binding:host_id": ""}})
        self.assert_says_why("port", port)
        self.mend()
        self.assert_well("port", port, status="DOWN")
        self.assert_in_order()


class AtNetworks(Unwilling):
    fails = "ensure_network"

    def test_a_network_says_why_until_it_is_there(self):
        network, port = self.bound_port()
        self.assert_says_why("network", network)
        self.mend()
        self.assert_well("network", network)
        self.assert_well("port", port)
        self.assert_in_order()


class AtGroups(Unwilling):
    fails = "ensure_group"

    def test_a_security_group_has_no_status_and_says_why_too(self):
        group = self.make("security_group", "security-groups", name="closed")
        self.bound_port(security_groups=[group["id"]])
        self.assert_says_why("security_group", group, "security-groups", status=None)
        self.mend()
        self.assert_well("security_group", group, "security-groups", status=None)
        self.assert_in_order()


class AtRouters(Unwilling):
    fails = "ensure_router"

    def test_a_router_and_its_floating_ips_say_why_until_they_are_there(self):
        network, subnet, router = self.inside("one", external_gateway_info={"network_id": self.outside["id"]})
        self.add(router, subnet_id=subnet["id"])
        self.assert_says_why("router", router)
        port = self.port(network)
        address = self.make("floatingip", floating_network_id=self.outside["id"], port_id=port["id"])
        path = f"/floatingips/{address['id']}"
        self.assert_says_why("floatingip", address)
        led_away = self.call("PUT", path, {"floatingip": {"port_id": None}})["floatingip"]
        self.assertEqual((led_away["status"], "status_reason" in led_away), ("DOWN", False))
        self.call("PUT", path, {"floatingip": {"port_id": port["id"]}})
        self.assert_says_why("floatingip", address)
        self.mend()
        self.assert_well("floatingip", address)
        self.assert_well("router", router)
        self.assert_in_order()


class Away(Unwilling):
    """It is not the port's fault: the driver does not answer."""

    fails, code = "ensure_port", "unavailable"

    def test_what_waits_for_a_driver_that_is_away_says_so(self):
        ports = [self.bound_port()[1]]
        self.assert_says_why("port", ports[0])
        ports.append(self.bound_port()[1])
        for port in ports:
            self.assert_says_why("port", port)
        self.mend()
        for port in ports:
            self.assert_well("port", port)
        self.assert_in_order()


if __name__ == "__main__":
    unittest.main()
