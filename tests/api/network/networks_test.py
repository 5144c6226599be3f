"""Networks, subnets and ports through a real daemon."""

import ipaddress
import unittest

from network_cloud import NetworkTest


class Networks(NetworkTest):
    def test_a_network_lives_from_create_to_delete(self):
        made = self.network(name="first", project="life")
        self.assertEqual((made["status"], made["admin_state_up"], made["shared"], made["router:external"], made["subnets"]),
                         ("ACTIVE", True, False, False, []))
        self.assertEqual(made["project_id"], made["tenant_id"])
        self.assertEqual(made["mtu"], 1500)
        self.assertNotIn("provider:network_type", made)
        self.assertEqual(self.show("network", made, project="life"), made)
        self.assertEqual(self.as_operator("GET", f"/networks/{made['id']}")["network"]["provider:network_type"], "local")
        changed = self.call("PUT", f"/networks/{made['id']}", {"network": {"name": "other"}}, project="life")["network"]
        self.assertEqual((changed["name"], changed["revision_number"]), ("other", made["revision_number"] + 1))
        self.assertEqual([one["name"] for one in self.call("GET", "/networks?name=other", project="life")["networks"]], ["other"])
        self.call("DELETE", f"/networks/{made['id']}", project="life")
        self.refused("GET", f"/networks/{made['id']}", code=404, kind="NetworkNotFound", project="life")

    def test_what_is_missing_and_what_is_anothers_are_the_same(self):
        mine = self.network(project="mine")
        message = self.refused("GET", f"/networks/{mine['id']}", code=404, kind="NetworkNotFound", project="theirs")
        self.assertEqual(message, f"Network {mine['id']} could not be found.")
        self.assertEqual(self.refused("GET", "/networks/nope", code=404, project="theirs"), "Network nope could not be found.")
        self.refused("DELETE", f"/networks/{mine['id']}", code=404, project="theirs")
        self.refused("POST", "/ports", {"port": {"network_id": mine["id"]}}, 404, "NetworkNotFound", project="theirs")
        self.assertNotIn(mine["id"], [one["id"] for one in self.call("GET", "/networks", project="theirs")["networks"]])

    def test_an_external_network_is_seen_by_all_and_its_subnets_by_operators(self):
        outside = self.as_operator("POST", "/networks", {"network": {
            "name": "outside", "router:external": True, "provider:network_type": "flat",
            "provider:physical_network": "public"}})["network"]
        subnet = self.as_operator("POST", "/subnets", {"subnet": {
            "network_id": outside["id"], "cidr": "203.0.113.0/24", "ip_version": 4, "enable_dhcp": False}})["subnet"]
        seen = self.show("network", outside, project="anybody")
        self.assertTrue(seen["router:external"])
        self.assertNotIn("provider:physical_network", seen)
        self.assertEqual(self.call("GET", "/networks?router:external=True", project="anybody")["networks"], [seen])
        self.refused("GET", f"/subnets/{subnet['id']}", code=404, kind="SubnetNotFound", project="anybody")
        self.assertEqual(self.call("GET", "/subnets", project="anybody")["subnets"], [])
        self.as_operator("DELETE", f"/networks/{outside['id']}")

    def test_what_is_for_operators_is_refused_to_others(self):
        for fields in ({"router:external": True}, {"shared": True}, {"provider:network_type": "local"}, {"tenant_id": "another"}):
            with self.subTest(fields=fields):
                self.refused("POST", "/networks", {"network": fields}, 403, "PolicyNotAuthorized")

    def test_segments_are_taken_once(self):
        vlan = {"provider:network_type": "vlan", "provider:physical_network": "public"}
        first = self.as_operator("POST", "/networks", {"network": vlan})["network"]
        self.assertEqual(first["provider:segmentation_id"], 1)
        wanted = self.as_operator("POST", "/networks", {"network": {**vlan, "provider:segmentation_id": 7}})["network"]
        self.refused("POST", "/networks", {"network": {**vlan, "provider:segmentation_id": 7}}, 409, "NetworkSegmentInUse",
                     user="operator", project="admin")
        for network in (first, wanted):
            self.as_operator("DELETE", f"/networks/{network['id']}")
        self.assert_in_order()
        again = self.as_operator("POST", "/networks", {"network": vlan})["network"]
        self.assertEqual(again["provider:segmentation_id"], 1)
        self.as_operator("DELETE", f"/networks/{again['id']}")

    def test_many_are_made_at_once_or_none(self):
        made = self.call("POST", "/networks", {"networks": [{"name": "a"}, {"name": "b"}]}, project="bulk")["networks"]
        self.assertEqual([one["name"] for one in made], ["a", "b"])
        self.refused("POST", "/networks", {"networks": [{"name": "c"}, {"name": "x" * 300}]}, 400, project="bulk")
        self.assertEqual(len(self.call("GET", "/networks", project="bulk")["networks"]), 2)
        subnets = self.call("POST", "/subnets", {"subnets": [
            {"network_id": one["id"], "cidr": f"10.{n}.0.0/24", "ip_version": 4} for n, one in enumerate(made)]}, project="bulk")["subnets"]
        self.assertEqual({one["network_id"] for one in subnets}, {one["id"] for one in made})
        ports = self.call("POST", "/ports", {"ports": [{"network_id": one["id"]} for one in made]}, project="bulk")["ports"]
        self.assertEqual([one["fixed_ips"][0]["ip_address"] for one in ports], ["10.0.0.3", "10.1.0.3"])

    def test_quota_is_kept(self):
        self.as_operator("PUT", "/quotas/small", {"quota": {"network": 1}})
        self.network(project="small")
        self.refused("POST", "/networks", {"network": {}}, 409, "OverQuota", project="small")
        quota = self.call("GET", "/quotas/small", project="small")["quota"]
        self.assertEqual((quota["network"], quota["subnet"]), (1, 100))
        details = self.call("GET", "/quotas/small/details.json", project="small")["quota"]["network"]
        self.assertEqual((details["limit"], details["used"]), (1, 1))
        self.refused("PUT", "/quotas/small", {"quota": {"network": 5}}, 403, project="small")
        self.as_operator("DELETE", "/quotas/small")
        self.assertEqual(self.call("GET", "/quotas/small", project="small")["quota"]["network"], 100)
        self.network(project="small")

    def test_tags_are_put_on_and_filtered_by(self):
        one, other = self.network(project="tags"), self.network(project="tags")
        self.call("PUT", f"/networks/{one['id']}/tags", {"tags": ["red", "blue"]}, project="tags")
        self.call("PUT", f"/networks/{other['id']}/tags/red", code=201, project="tags")
        def ids(query):
            return {found["id"] for found in self.call("GET", f"/networks?{query}", project="tags")["networks"]}
        self.assertEqual(ids("tags=red"), {one["id"], other["id"]})
        self.assertEqual(ids("tags=red,blue"), {one["id"]})
        self.assertEqual(ids("tags-any=blue,green"), {one["id"]})
        self.call("GET", f"/networks/{one['id']}/tags/red", code=204, project="tags")
        self.refused("GET", f"/networks/{one['id']}/tags/green", code=404, project="tags")
        self.call("DELETE", f"/networks/{one['id']}/tags/red", project="tags")
        self.assertEqual(self.call("GET", f"/networks/{one['id']}/tags", project="tags"), {"tags": ["blue"]})

    def test_lists_come_by_fields_sorted_and_in_pages(self):
        for name in ("b", "a", "c"):
            self.network(name=name, project="pages")
        rows = self.call("GET", "/networks?fields=name&fields=id&sort_key=name&sort_dir=desc", project="pages")["networks"]
        self.assertEqual([one["name"] for one in rows], ["c", "b", "a"])
        self.assertEqual(set(rows[0]), {"name", "id"})
        page = self.call("GET", "/networks?limit=2&sort_key=name&sort_dir=asc", project="pages")
        self.assertEqual([one["name"] for one in page["networks"]], ["a", "b"])
        self.assertEqual([link["rel"] for link in page["networks_links"]], ["next"])


class Subnets(NetworkTest):
    def test_a_subnet_has_a_gateway_pools_and_a_port_that_answers_dhcp(self):
        network = self.network(project="s1")
        subnet = self.subnet(network, project="s1")
        self.assertEqual((subnet["gateway_ip"], subnet["allocation_pools"], subnet["enable_dhcp"]),
                         ("10.0.0.1", [{"start": "10.0.0.2", "end": "10.0.0.254"}], True))
        self.assertEqual(self.show("network", network, project="s1")["subnets"], [subnet["id"]])
        ports = self.call("GET", f"/ports?network_id={network['id']}", project="s1")["ports"]
        self.assertEqual([(one["device_owner"], one["fixed_ips"][0]["ip_address"]) for one in ports], [("network:dhcp", "10.0.0.2")])
        self.call("PUT", f"/subnets/{subnet['id']}", {"subnet": {"enable_dhcp": False}}, project="s1")
        self.assertEqual(self.call("GET", f"/ports?network_id={network['id']}", project="s1")["ports"], [])
        self.call("DELETE", f"/subnets/{subnet['id']}", project="s1")
        self.assertEqual(self.show("network", network, project="s1")["subnets"], [])

    def test_overlaps_and_bad_values_are_refused_in_words_that_clients_know(self):
        network = self.network(project="s2")
        self.subnet(network, project="s2")
        body = {"network_id": network["id"], "ip_version": 4}
        said = self.refused("POST", "/subnets", {"subnet": {**body, "cidr": "10.0.0.128/25"}}, 400, "InvalidInput", project="s2")
        self.assertIn("overlaps with another subnet", said)
        for wrong in ({"cidr": "10.1.0.0"}, {"cidr": "x/24"}, {"cidr": "2001:db8::/64"}, {},
                      {"cidr": "10.1.0.0/24", "gateway_ip": "10.1.0.255"},
                      {"cidr": "10.1.0.0/24", "allocation_pools": [{"start": "10.2.0.1", "end": "10.2.0.9"}]},
                      {"cidr": "10.1.0.0/24", "dns_nameservers": ["not an address"]},
                      {"cidr": "10.1.0.0/24", "ipv6_ra_mode": "slaac"}):
            with self.subTest(wrong=wrong):
                self.refused("POST", "/subnets", {"subnet": {**body, **wrong}}, 400, project="s2")
        self.refused("POST", "/subnets", {"subnet": {**body, "cidr": "10.1.0.0/24", "gateway_ip": "10.1.0.5",
                     "allocation_pools": [{"start": "10.1.0.2", "end": "10.1.0.9"}]}}, 409, "GatewayConflictWithAllocationPools", project="s2")

    def test_a_gateway_may_be_none_and_attributes_change(self):
        network = self.network(project="s3")
        subnet = self.subnet(network, gateway_ip=None, dns_nameservers=["8.8.8.8", "9.9.9.9"], project="s3",
                             host_routes=[{"destination": "10.20.0.0/32", "nexthop": "10.0.0.9"}])
        self.assertIsNone(subnet["gateway_ip"])
        self.assertEqual(subnet["allocation_pools"], [{"start": "10.0.0.1", "end": "10.0.0.254"}])
        changed = self.call("PUT", f"/subnets/{subnet['id']}", {"subnet": {
            "dns_nameservers": ["8.8.8.8"], "host_routes": [], "name": "renamed"}}, project="s3")["subnet"]
        self.assertEqual((changed["dns_nameservers"], changed["host_routes"], changed["name"]), (["8.8.8.8"], [], "renamed"))

    def test_ports_on_an_ipv6_subnet_make_their_own_addresses(self):
        network = self.network(project="s4")
        self.subnet(network, "2001:db8::/64", ipv6_ra_mode="slaac", ipv6_address_mode="slaac", project="s4")
        port = self.port(network, mac_address="fa:16:3e:01:02:03", project="s4")
        self.assertEqual([one["ip_address"] for one in port["fixed_ips"]], ["2001:db8::f816:3eff:fe01:203"])
        stateful = self.network(project="s4")
        subnet = self.subnet(stateful, "2001:db8:1::/64", project="s4")
        self.assertEqual(subnet["gateway_ip"], "2001:db8:1::1")
        self.assertIn(ipaddress.ip_address(self.port(stateful, project="s4")["fixed_ips"][0]["ip_address"]), ipaddress.ip_network("2001:db8:1::/64"))
        for wanted in ("2001:db8:1:0:6901:b234:b19:ff8c", "2001:db8:1:0:f816:3eff:fe01:203", "2001:db8:1:0:ffff:ffff:ffff:ffff"):
            fixed = [{"subnet_id": subnet["id"], "ip_address": wanted}]
            self.assertEqual(self.port(stateful, fixed_ips=fixed, project="s4")["fixed_ips"][0]["ip_address"], wanted)
            self.refused("POST", "/ports", {"port": {"network_id": stateful["id"], "fixed_ips": fixed}}, 409,
                         "IpAddressAlreadyAllocated", project="s4")

    def test_pools_hand_out_subnets(self):
        pool = self.make("subnetpool", name="pool", prefixes=["10.10.0.0/16", "10.11.0.0/16"], default_prefixlen=24, project="s5")
        self.assertEqual((pool["prefixes"], pool["ip_version"], pool["min_prefixlen"], pool["max_prefixlen"]), (["10.10.0.0/15"], 4, 8, 32))
        network = self.network(project="s5")
        def subnet(**fields):
            return self.make("subnet", network_id=network["id"], ip_version=4, subnetpool_id=pool["id"], project="s5", **fields)
        self.assertEqual([subnet()["cidr"], subnet(prefixlen=20)["cidr"], subnet(cidr="10.11.0.0/24")["cidr"], subnet()["cidr"]],
                         ["10.10.0.0/24", "10.10.16.0/20", "10.11.0.0/24", "10.10.1.0/24"])
        self.refused("DELETE", f"/subnetpools/{pool['id']}", code=409, project="s5")
        self.call("DELETE", f"/networks/{network['id']}", project="s5")
        self.call("DELETE", f"/subnetpools/{pool['id']}", project="s5")

    def test_a_subnet_in_use_stays(self):
        network = self.network(project="s6")
        subnet = self.subnet(network, project="s6")
        port = self.port(network, project="s6")
        self.refused("DELETE", f"/subnets/{subnet['id']}", code=409, kind="SubnetInUse", project="s6")
        self.refused("DELETE", f"/networks/{network['id']}", code=409, kind="NetworkInUse", project="s6")
        self.call("DELETE", f"/ports/{port['id']}", project="s6")
        self.call("DELETE", f"/networks/{network['id']}", project="s6")
        self.refused("GET", f"/subnets/{subnet['id']}", code=404, project="s6")


class Ports(NetworkTest):
    def test_a_port_has_an_address_a_mac_and_the_default_group(self):
        network = self.network(project="p1")
        subnet = self.subnet(network, project="p1")
        port = self.port(network, name="p", project="p1")
        self.assertEqual(port["fixed_ips"], [{"subnet_id": subnet["id"], "ip_address": "10.0.0.3"}])
        self.assertRegex(port["mac_address"], "^fa:16:3e(:[0-9a-f]{2}){3}$")
        groups = self.call("GET", "/security-groups?name=default", project="p1")["security_groups"]
        self.assertEqual(port["security_groups"], [groups[0]["id"]])
        self.assertEqual((port["status"], port["device_id"], port["binding:vnic_type"]), ("DOWN", "", "normal"))
        self.assertNotIn("binding:host_id", port)
        self.assertEqual(self.show("port", port, project="p1"), port)
        self.assertEqual(self.call("GET", "/ports?fixed_ips=ip_address%3D10.0.0.3", project="p1")["ports"], [port])

    def test_addresses_are_given_once_and_come_back(self):
        network = self.network(project="p2")
        self.subnet(network, "10.0.0.0/29", project="p2")
        ports = [self.port(network, project="p2") for _ in range(4)]
        self.assertEqual({one["fixed_ips"][0]["ip_address"] for one in ports}, {f"10.0.0.{n}" for n in (3, 4, 5, 6)})
        self.refused("POST", "/ports", {"port": {"network_id": network["id"]}}, 409, "IpAddressGenerationFailure", project="p2")
        self.refused("POST", "/ports", {"port": {"network_id": network["id"], "fixed_ips": [{"ip_address": "10.0.0.4"}]}}, 409,
                     "IpAddressAlreadyAllocated", project="p2")
        self.call("DELETE", f"/ports/{ports[1]['id']}", project="p2")
        self.assertEqual(self.port(network, project="p2")["fixed_ips"][0]["ip_address"], ports[1]["fixed_ips"][0]["ip_address"])

    def test_several_pools_and_subnets_are_used_up_one_after_another(self):
        network = self.network(project="p3")
        self.subnet(network, "10.0.0.0/24", project="p3", enable_dhcp=False, allocation_pools=[
            {"start": "10.0.0.10", "end": "10.0.0.10"}, {"start": "10.0.0.20", "end": "10.0.0.20"}])
        self.subnet(network, "10.0.1.0/30", project="p3", enable_dhcp=False)
        got = {self.port(network, project="p3")["fixed_ips"][0]["ip_address"] for _ in range(3)}
        self.assertEqual(got, {"10.0.0.10", "10.0.0.20", "10.0.1.2"})
        self.refused("POST", "/ports", {"port": {"network_id": network["id"]}}, 409, "IpAddressGenerationFailure", project="p3")

    def test_addresses_change(self):
        network = self.network(project="p4")
        subnet = self.subnet(network, project="p4")
        port = self.port(network, project="p4", fixed_ips=[{"subnet_id": subnet["id"], "ip_address": "10.0.0.50"}])
        changed = self.call("PUT", f"/ports/{port['id']}", {"port": {"fixed_ips": [
            {"ip_address": "10.0.0.50"}, {"subnet_id": subnet["id"]}]}}, project="p4")["port"]
        self.assertEqual([one["ip_address"] for one in changed["fixed_ips"]], ["10.0.0.50", "10.0.0.3"])
        changed = self.call("PUT", f"/ports/{port['id']}", {"port": {"fixed_ips": [{"ip_address": "10.0.0.3"}]}}, project="p4")["port"]
        self.assertEqual([one["ip_address"] for one in changed["fixed_ips"]], ["10.0.0.3"])
        self.port(network, project="p4", fixed_ips=[{"ip_address": "10.0.0.50"}])

    def test_bad_addresses_and_groups_are_refused(self):
        network = self.network(project="p5")
        self.subnet(network, project="p5")
        for wrong, code in (({"fixed_ips": [{"ip_address": "10.9.9.9"}]}, 400), ({"fixed_ips": [{"ip_address": "10.0.0.255"}]}, 400),
                            ({"fixed_ips": [{"subnet_id": "00000000-0000-4000-8000-000000000000"}]}, 400), ({"fixed_ips": [{}]}, 400),
                            ({"security_groups": ["nope"]}, 404), ({"mac_address": "zz"}, 400),
                            ({"port_security_enabled": False, "allowed_address_pairs": [{"ip_address": "10.0.0.9"}]}, 409)):
            with self.subTest(wrong=wrong):
                self.refused("POST", "/ports", {"port": {"network_id": network["id"], **wrong}}, code, project="p5")
        port = self.port(network, mac_address="fa:16:3e:00:00:01", project="p5")
        self.refused("POST", "/ports", {"port": {"network_id": network["id"], "mac_address": port["mac_address"]}}, 409, "MacAddressInUse", project="p5")

    def test_what_is_switched_off_reaches_the_driver_as_off(self):
        network = self.network(project="p9")
        subnet = self.subnet(network, project="p9")
        port = self.port(network, project="p9")
        self.as_operator("PUT", f"/ports/{port['id']}", {"port": {"binding:host_id": "simulated"}})
        self.wait_for_port(port)
        def told(of, kind, thing):
            self.assert_in_order()
            return self.at_driver(kind, thing["id"]).get(of, True)
        self.assertTrue(told("up", "port", port) and told("security", "port", port))
        self.call("PUT", f"/ports/{port['id']}", {"port": {
            "admin_state_up": False, "port_security_enabled": False, "security_groups": []}}, project="p9")
        self.assertFalse(told("up", "port", port) or told("security", "port", port))
        def dhcp():
            self.assert_in_order()
            return self.at_driver("network", network["id"])["subnets"][0].get("dhcp", True)
        self.assertTrue(dhcp())
        self.call("PUT", f"/networks/{network['id']}", {"network": {"admin_state_up": False}}, project="p9")
        self.assertFalse(dhcp())
        self.call("PUT", f"/networks/{network['id']}", {"network": {"admin_state_up": True}}, project="p9")
        self.call("PUT", f"/subnets/{subnet['id']}", {"subnet": {"enable_dhcp": False}}, project="p9")
        self.assertFalse(dhcp())

    def test_an_allowed_pair_without_a_mac_is_of_the_ports_own(self):
        network = self.network(project="p7")
        port = self.port(network, allowed_address_pairs=[{"ip_address": "10.0.0.9"}], project="p7")
        self.assertEqual(port["allowed_address_pairs"], [{"ip_address": "10.0.0.9", "mac_address": port["mac_address"]}])
        changed = self.as_operator("PUT", f"/ports/{port['id']}", {"port": {"mac_address": "fa:16:3e:00:00:09"}})["port"]
        self.assertEqual(changed["allowed_address_pairs"], [{"ip_address": "10.0.0.9", "mac_address": "fa:16:3e:00:00:09"}])

    def test_operators_see_how_many_addresses_are_left(self):
        network = self.network(name="counted", project="p8")
        self.subnet(network, "10.8.0.0/24", project="p8")
        self.subnet(network, "fd00::/64", project="p8")
        port = self.port(network, project="p8")
        query = "/network-ip-availabilities?network_name=counted"
        shown = self.as_operator("GET", query)["network_ip_availabilities"]
        self.assertEqual([(one["network_id"], one["project_id"]) for one in shown], [(network["id"], "p8")])
        self.assertEqual({one["ip_version"]: one["used_ips"] for one in shown[0]["subnet_ip_availability"]}, {4: 2, 6: 2})
        four = self.as_operator("GET", query + "&ip_version=4")["network_ip_availabilities"][0]
        self.assertEqual((four["total_ips"], four["used_ips"]), (253, 2))
        self.call("DELETE", f"/ports/{port['id']}", project="p8")
        own = self.as_operator("GET", f"/network-ip-availabilities/{network['id']}")["network_ip_availability"]
        self.assertEqual(own["used_ips"], 2)
        self.as_operator("GET", "/network-ip-availabilities/nothing", code=404)
        self.as_operator("GET", query + "&ip_version=5", code=400)
        self.call("GET", query, code=403, project="p8")

    def test_a_bound_port_is_brought_to_the_driver_and_away_again(self):
        network = self.network(project="p6")
        self.subnet(network, project="p6")
        port = self.port(network, project="p6")
        self.assertIsNone(self.at_driver("network", network["id"]))
        self.as_operator("PUT", f"/ports/{port['id']}", {"port": {"binding:host_id": "simulated", "device_id": "s", "device_owner": "compute:nova"}})
        bound = self.wait_for_port(port)
        self.assertEqual((bound["binding:vif_type"], bound["binding:vif_details"]["bridge_name"]), ("bridge", "sim" + network["id"][:11]))
        self.assertEqual(self.at_driver("port", port["id"])["addresses"], ["10.0.0.3"])
        self.assertEqual(self.at_driver("network", network["id"])["dhcp_addresses"], ["10.0.0.2/24"])
        self.assert_in_order()
        self.call("DELETE", f"/ports/{port['id']}", project="p6")
        self.assert_in_order()
        self.assertIsNone(self.at_driver("port", port["id"]))
        self.assertIsNone(self.at_driver("network", network["id"]))
        self.assertEqual(self.port(network, project="p6")["fixed_ips"][0]["ip_address"], "10.0.0.3")


if __name__ == "__main__":
    unittest.main()
