"""Routers, floating IPs and security groups through a real daemon."""

import unittest

from cloud import wait_for
from network_cloud import NetworkTest


class Outside(NetworkTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outside = cls.as_operator("POST", "/networks", {"network": {
            "name": "outside", "router:external": True, "provider:network_type": "flat",
            "provider:physical_network": "public"}})["network"]
        cls.outside_subnet = cls.as_operator("POST", "/subnets", {"subnet": {
            "network_id": cls.outside["id"], "cidr": "203.0.113.0/24", "ip_version": 4, "enable_dhcp": False}})["subnet"]

    def inside(self, project, cidr="10.0.0.0/24", **router):
        network = self.network(project=project)
        subnet = self.subnet(network, cidr, project=project)
        router = self.make("router", project=project, **router)
        return network, subnet, router

    def add(self, router, code=200, project="one", **what):
        return self.call("PUT", f"/routers/{router['id']}/add_router_interface", what, code, project=project)

    def drop(self, router, code=200, project="one", **what):
        return self.call("PUT", f"/routers/{router['id']}/remove_router_interface", what, code, project=project)


class Routers(Outside):
    def test_a_router_joins_subnets_and_the_outside(self):
        network, subnet, router = self.inside("r1", external_gateway_info={"network_id": self.outside["id"]})
        self.assertEqual((router["status"], router["external_gateway_info"]["enable_snat"]), ("ACTIVE", True))
        self.assertEqual(router["external_gateway_info"]["external_fixed_ips"][0]["subnet_id"], self.outside_subnet["id"])
        joined = self.add(router, project="r1", subnet_id=subnet["id"])
        self.assertEqual((joined["id"], joined["subnet_id"], joined["network_id"]), (router["id"], subnet["id"], network["id"]))
        port = self.show("port", {"id": joined["port_id"]}, project="r1")
        self.assertEqual((port["device_id"], port["device_owner"], port["fixed_ips"][0]["ip_address"]),
                         (router["id"], "network:router_interface", "10.0.0.1"))
        self.wait_for_port(port)
        self.assertEqual(self.at_driver("router", router["id"])["gateway_nexthops"], ["203.0.113.1"])
        self.assert_in_order()
        gateways = self.as_operator("GET", f"/ports?device_owner=network:router_gateway&device_id={router['id']}")["ports"]
        self.assertEqual(len(gateways), 1)
        self.assertNotIn("network:router_gateway", [one["device_owner"] for one in self.call("GET", "/ports", project="r1")["ports"]])
        self.refused("DELETE", f"/routers/{router['id']}", kind="RouterInUse", project="r1")
        self.refused("DELETE", f"/ports/{port['id']}", kind="ServicePortInUse", project="r1")
        self.drop(router, project="r1", subnet_id=subnet["id"])
        self.drop(router, 404, project="r1", subnet_id=subnet["id"])
        changed = self.call("PUT", f"/routers/{router['id']}", {"router": {"external_gateway_info": {}}}, project="r1")["router"]
        self.assertIsNone(changed["external_gateway_info"])
        self.call("DELETE", f"/routers/{router['id']}", project="r1")
        self.assert_in_order()
        self.assertIsNone(self.at_driver("router", router["id"]))

    def test_a_router_without_translation_and_one_that_is_off_reach_the_driver_so(self):
        outside = {"network_id": self.outside["id"]}
        router = self.make("router", project="admin", user="operator", external_gateway_info={**outside, "enable_snat": False})
        def told(key):
            self.assert_in_order()
            return self.at_driver("router", router["id"]).get(key, True)
        self.assertEqual((told("snat"), told("up")), (False, True))
        self.as_operator("PUT", f"/routers/{router['id']}", {"router": {"admin_state_up": False, "external_gateway_info": outside}})
        self.assertEqual((told("snat"), told("up")), (True, False))
        self.as_operator("DELETE", f"/routers/{router['id']}", code=204)

    def test_an_interface_may_be_a_port_of_the_user(self):
        network, subnet, router = self.inside("r2")
        port = self.port(network, project="r2")
        self.add(router, project="r2", port_id=port["id"])
        self.assertEqual(self.show("port", port, project="r2")["device_id"], router["id"])
        other = self.make("router", project="r2")
        self.refused("PUT", f"/routers/{other['id']}/add_router_interface", {"port_id": port["id"]}, 409, "PortInUse", project="r2")
        self.refused("PUT", f"/routers/{router['id']}/add_router_interface", {"subnet_id": subnet["id"]}, 400, project="r2")
        self.drop(router, project="r2", port_id=port["id"])
        self.refused("GET", f"/ports/{port['id']}", code=404, project="r2")

    def test_subnets_of_a_router_do_not_overlap(self):
        _, first, router = self.inside("r3")
        self.add(router, project="r3", subnet_id=first["id"])
        second = self.subnet(self.network(project="r3"), "10.0.0.0/16", project="r3")
        said = self.refused("PUT", f"/routers/{router['id']}/add_router_interface", {"subnet_id": second["id"]}, 400, "BadRequest", project="r3")
        self.assertIn("overlaps", said)

    def test_extra_routes_lead_over_the_routers_own_networks(self):
        _, subnet, router = self.inside("r4")
        self.add(router, project="r4", subnet_id=subnet["id"])
        path = f"/routers/{router['id']}"
        one, two = ({"destination": f"10.{n}.0.0/16", "nexthop": "10.0.0.77"} for n in (8, 9))
        self.refused("PUT", path, {"router": {"routes": [{**one, "nexthop": "192.0.2.1"}]}}, 400, "InvalidRoutes", project="r4")
        self.assertEqual(self.call("PUT", path, {"router": {"routes": [one]}}, project="r4")["router"]["routes"], [one])
        self.assertEqual(self.call("PUT", path + "/add_extraroutes", {"router": {"routes": [one, two]}}, project="r4")["router"]["routes"], [one, two])
        self.refused("PUT", path + "/remove_router_interface", {"subnet_id": subnet["id"]}, 409, "RouterInterfaceInUseByRoute", project="r4")
        self.assertEqual(self.call("PUT", path + "/remove_extraroutes", {"router": {"routes": [one, two]}}, project="r4")["router"]["routes"], [])
        self.call("PUT", path, {"router": {"routes": [one]}}, project="r4")
        self.assertEqual(self.call("PUT", path, {"router": {"routes": None}}, project="r4")["router"]["routes"], [])


class FloatingIps(Outside):
    def test_a_floating_ip_is_active_while_it_leads_somewhere(self):
        network, subnet, router = self.inside("f1", external_gateway_info={"network_id": self.outside["id"]})
        self.add(router, project="f1", subnet_id=subnet["id"])
        ports = [self.port(network, project="f1") for _ in range(2)]
        made = self.make("floatingip", floating_network_id=self.outside["id"], port_id=ports[0]["id"], project="f1")
        self.assertEqual((made["fixed_ip_address"], made["router_id"]), (ports[0]["fixed_ips"][0]["ip_address"], router["id"]))
        path = f"/floatingips/{made['id']}"
        def wait_until(status):
            return wait_for(f"the floating IP to be {status}", lambda: self.call("GET", path, project="f1")["floatingip"]["status"] == status)
        wait_until("ACTIVE")
        self.assertEqual([one["address"] for one in self.at_driver("router", router["id"])["floating_ips"]], [made["floating_ip_address"]])
        self.refused("POST", "/floatingips", {"floatingip": {"floating_network_id": self.outside["id"], "port_id": ports[0]["id"]}}, 409,
                     "FloatingIPPortAlreadyAssociated", project="f1")
        moved = self.call("PUT", path, {"floatingip": {"port_id": ports[1]["id"]}}, project="f1")["floatingip"]
        self.assertEqual(moved["fixed_ip_address"], ports[1]["fixed_ips"][0]["ip_address"])
        wait_until("ACTIVE")
        self.refused("PUT", f"/routers/{router['id']}/remove_router_interface", {"subnet_id": subnet["id"]}, 409, "RouterInterfaceInUseByFloatingIP", project="f1")
        self.refused("PUT", f"/routers/{router['id']}", {"router": {"external_gateway_info": None}}, 409, "RouterExternalGatewayInUseByFloatingIp", project="f1")
        freed = self.call("PUT", path, {"floatingip": {"port_id": None}}, project="f1")["floatingip"]
        self.assertEqual((freed["port_id"], freed["fixed_ip_address"], freed["router_id"]), (None, None, None))
        wait_until("DOWN")
        self.call("PUT", path, {"floatingip": {"port_id": ports[0]["id"]}}, project="f1")
        self.call("DELETE", f"/ports/{ports[0]['id']}", project="f1")
        self.assertIsNone(self.call("GET", path, project="f1")["floatingip"]["port_id"])
        self.call("DELETE", path, project="f1")
        self.assert_in_order()

    def test_what_cannot_lead_is_refused(self):
        network = self.network(project="f2")
        self.subnet(network, project="f2")
        port = self.port(network, project="f2")
        self.refused("POST", "/floatingips", {"floatingip": {"floating_network_id": network["id"]}}, 400, "BadRequest", project="f2")
        self.refused("POST", "/floatingips", {"floatingip": {"floating_network_id": self.outside["id"], "port_id": port["id"]}}, 404,
                     "ExternalGatewayForFloatingIPNotFound", project="f2")
        free = self.make("floatingip", floating_network_id=self.outside["id"], project="f2")
        self.assertEqual((free["status"], free["port_id"]), ("DOWN", None))
        self.refused("GET", f"/floatingips/{free['floating_ip_address']}", code=404, project="f2")
        self.call("DELETE", f"/floatingips/{free['id']}", project="f2")

    def test_floating_ips_that_lead_nowhere_go_with_their_network(self):
        other = self.as_operator("POST", "/networks", {"network": {
            "name": "other", "router:external": True, "provider:network_type": "flat",
            "provider:physical_network": "second"}})["network"]
        self.as_operator("POST", "/subnets", {"subnet": {
            "network_id": other["id"], "cidr": "198.51.100.0/24", "ip_version": 4, "enable_dhcp": False}})
        free = self.make("floatingip", floating_network_id=other["id"], project="f3")
        self.as_operator("DELETE", f"/networks/{other['id']}")
        self.refused("GET", f"/floatingips/{free['id']}", code=404, project="f3")
        self.assert_in_order()


class SecurityGroups(NetworkTest):
    def groups(self, project):
        return self.call("GET", "/security-groups", project=project)["security_groups"]

    def test_the_default_group_is_there_at_first_sight(self):
        default, = self.groups("g1")
        self.assertEqual(default["name"], "default")
        self.assertEqual(sorted((one["direction"], one["ethertype"], one["remote_group_id"]) for one in default["security_group_rules"] if one["direction"] == "ingress"),
                         [("ingress", "IPv4", default["id"]), ("ingress", "IPv6", default["id"])])
        self.refused("DELETE", f"/security-groups/{default['id']}", kind="SecurityGroupCannotRemoveDefault", project="g1")
        found, = self.as_operator("GET", "/security-groups?tenant_id=g1&name=default")["security_groups"]
        self.assertEqual(found["id"], default["id"])
        self.as_operator("DELETE", f"/security-groups/{default['id']}")
        self.assertNotEqual(self.groups("g1")[0]["id"], default["id"])
        unseen, = self.as_operator("GET", "/security-groups?tenant_id=g1b&name=default")["security_groups"]
        self.as_operator("DELETE", f"/security-groups/{unseen['id']}")

    def test_a_new_group_lets_everything_out(self):
        made = self.make("security_group", "security-groups", name="web", description="web", project="g2")
        self.assertEqual([(one["direction"], one["ethertype"], one["protocol"]) for one in made["security_group_rules"]].sort(),
                         [("egress", "IPv4", None), ("egress", "IPv6", None)].sort())
        self.assertEqual(len(made["security_group_rules"]), 2)
        changed = self.call("PUT", f"/security-groups/{made['id']}", {"security_group": {"name": "www"}}, project="g2")["security_group"]
        self.assertEqual(changed["name"], "www")
        self.call("DELETE", f"/security-groups/{made['id']}", project="g2")
        self.refused("GET", f"/security-groups/{made['id']}", code=404, project="g2")

    def test_rules_of_every_kind(self):
        group = self.make("security_group", "security-groups", name="all", project="g3")
        def rule(code=201, **fields):
            return self.call("POST", "/security-group-rules", {"security_group_rule": {
                "security_group_id": group["id"], "direction": "ingress", **fields}}, code, project="g3")
        for fields in ({"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "0.0.0.0/0"}, {"protocol": "udp"},
                       {"protocol": "icmp"}, {"protocol": "icmp", "ethertype": "IPv6"}, {"protocol": "icmp", "port_range_min": 8, "port_range_max": 0},
                       {"protocol": "132", "port_range_min": 1, "port_range_max": 9}, {"protocol": 17, "port_range_min": 5, "port_range_max": 5},
                       {"remote_group_id": group["id"]}, {"protocol": "ipv6-icmp", "ethertype": "IPv6", "remote_ip_prefix": "::/0"}):
            with self.subTest(fields=fields):
                made = rule(**fields)["security_group_rule"]
                self.assertEqual(self.call("GET", f"/security-group-rules/{made['id']}", project="g3")["security_group_rule"], made)
        rule(409, protocol="TCP", port_range_min=22, port_range_max=22, remote_ip_prefix="0.0.0.0/0")
        for fields in ({"protocol": "carrot"}, {"protocol": "tcp", "port_range_min": 9, "port_range_max": 8}, {"protocol": "tcp", "port_range_min": 9},
                       {"protocol": "icmp", "port_range_min": 256}, {"protocol": "icmp", "port_range_max": 1}, {"remote_ip_prefix": "::/0"},
                       {"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": group["id"]}, {"port_range_min": 1, "port_range_max": 2},
                       {"direction": "sideways"}, {"ethertype": "IPX"}, {"protocol": "ipv6-icmp"}):
            with self.subTest(fields=fields):
                rule(400, **fields)
        rule(404, remote_group_id="00000000-0000-4000-8000-000000000000")
        found = self.call("GET", f"/security-group-rules?security_group_id={group['id']}&protocol=tcp", project="g3")["security_group_rules"]
        self.assertEqual(len(found), 1)
        self.call("DELETE", f"/security-group-rules/{found[0]['id']}", project="g3")

    def test_a_group_in_use_stays_and_reaches_the_driver_with_its_members(self):
        group = self.make("security_group", "security-groups", name="used", project="g4")
        network = self.network(project="g4")
        self.subnet(network, project="g4")
        port = self.port(network, security_groups=[group["id"]], project="g4")
        self.refused("DELETE", f"/security-groups/{group['id']}", kind="SecurityGroupInUse", project="g4")
        self.assertIsNone(self.at_driver("group", group["id"]))
        self.as_operator("PUT", f"/ports/{port['id']}", {"port": {"binding:host_id": "simulated"}})
        self.wait_for_port(port)
        self.make("security_group_rule", "security-group-rules", security_group_id=group["id"], direction="ingress", protocol="tcp",
                  port_range_min=80, port_range_max=80, project="g4")
        self.assert_in_order()
        told = self.at_driver("group", group["id"])
        self.assertEqual(told["members"], ["10.0.0.3"])
        self.assertIn(80, [one.get("port_min") for one in told["rules"]])
        self.call("PUT", f"/ports/{port['id']}", {"port": {"security_groups": []}}, project="g4")
        self.assert_in_order()
        self.assertIsNone(self.at_driver("group", group["id"]))


class Discovery(NetworkTest):
    def test_versions_extensions_and_zones(self):
        versions = self.cloud.ask("GET", "/network/")
        self.assertEqual((versions.status, versions.json["versions"][0]["id"]), (200, "v2.0"))
        self.assertTrue(versions.json["versions"][0]["links"][0]["href"].endswith("/network/v2.0/"))
        self.assertIn("network", [one["name"] for one in self.call("GET", "/")["resources"]])
        extensions = self.call("GET", "/extensions")["extensions"]
        self.assertIn("Availability Zone", [one["name"] for one in extensions])
        for one in extensions:
            self.assertEqual(self.call("GET", f"/extensions/{one['alias']}")["extension"], one)
        self.call("GET", "/extensions/dns-integration", code=404)
        self.assertEqual({one["resource"] for one in self.call("GET", "/availability_zones")["availability_zones"]}, {"network", "router"})


if __name__ == "__main__":
    unittest.main()
