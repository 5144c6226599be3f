"""`openstack` commands of the network service."""

import unittest

from cloud import wait_for
from whole_cloud import WholeCloud


class Network(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(WholeCloud())
        admin = cls.cloud.admin()
        admin("project create tenant")
        admin("user create --password secret tom")
        admin("role add --user tom --project tenant member")
        admin("network create --external --provider-network-type flat --provider-physical-network public outside")
        admin("subnet create --network outside --subnet-range 172.24.4.0/24 --no-dhcp outside-v4")
        cls.both = [admin, cls.cloud.user("tom", "tenant")]

    def setUp(self):
        self.admin, self.openstack = self.both

    def test_a_network_and_its_subnet_live(self):
        made = self.openstack.show("network create --description d lan")
        self.assertEqual((made["name"], made["status"], made["admin_state_up"], made["router:external"]),
                         ("lan", "ACTIVE", True, False))
        subnet = self.openstack.show("subnet create --network lan --subnet-range 10.0.0.0/24 --dns-nameserver 10.0.0.2 lan-v4")
        self.assertEqual((subnet["gateway_ip"], subnet["ip_version"], subnet["enable_dhcp"]), ("10.0.0.1", 4, True))
        self.assertEqual(subnet["allocation_pools"], [{"start": "10.0.0.2", "end": "10.0.0.254"}])
        self.openstack("subnet set --dns-nameserver 10.0.0.3 --name renamed lan-v4")
        self.openstack("subnet unset --dns-nameserver 10.0.0.2 renamed")
        self.assertEqual(self.openstack.show("subnet show renamed")["dns_nameservers"], ["10.0.0.3"])
        overlap = self.openstack("subnet create --network lan --subnet-range 10.0.0.128/25 twice", code=1)
        self.assertIn("overlaps with another subnet", overlap.err)
        self.openstack("network set --name wlan --disable --mtu 1300 --description e lan")
        shown = self.openstack.show("network show wlan")
        self.assertEqual((shown["id"], shown["admin_state_up"], shown["mtu"], shown["description"], shown["subnets"]),
                         (made["id"], False, 1300, "e", [subnet["id"]]))
        self.assertIn("wlan", [row["Name"] for row in self.openstack.list("network list")])
        self.openstack("subnet delete renamed")
        self.openstack("network delete wlan")
        self.assertIn("No Network found for wlan", self.openstack("network show wlan", code=1).err)

    def test_a_subnet_has_pools_routes_and_a_gateway_to_set_and_unset(self):
        self.openstack("network create detailed")
        pool, route = "start=10.5.0.10,end=10.5.0.20", "destination=10.7.0.0/16,gateway=10.5.0.9"
        made = self.openstack.show("subnet create --network detailed --subnet-range 10.5.0.0/24 --gateway 10.5.0.254 --no-dhcp "
                                   f"--allocation-pool {pool} --host-route {route} detailed-v4")
        self.assertEqual((made["gateway_ip"], made["enable_dhcp"]), ("10.5.0.254", False))
        self.assertEqual(made["allocation_pools"], [{"start": "10.5.0.10", "end": "10.5.0.20"}])
        self.assertEqual(made["host_routes"], [{"destination": "10.7.0.0/16", "nexthop": "10.5.0.9"}])
        self.openstack("subnet set --dhcp --gateway 10.5.0.1 --allocation-pool start=10.5.0.30,end=10.5.0.40 detailed-v4")
        self.openstack(f"subnet unset --allocation-pool {pool} --host-route {route} --gateway detailed-v4")
        shown = self.openstack.show("subnet show detailed-v4")
        self.assertEqual((shown["gateway_ip"], shown["enable_dhcp"], shown["host_routes"]), (None, True, []))
        self.assertEqual(shown["allocation_pools"], [{"start": "10.5.0.30", "end": "10.5.0.40"}])
        listed = self.openstack.list("subnet list --long --ip-version 4 --dhcp --subnet-range 10.5.0.0/24 --network detailed")
        self.assertEqual([row["Name"] for row in listed], ["detailed-v4"])
        self.openstack("network delete detailed")

    def test_whatever_has_tags_is_listed_by_them(self):
        self.openstack("network create --tag red --tag blue tagged")
        self.openstack("subnet create --tag red --tag blue --network tagged --subnet-range 10.6.0.0/24 tagged")
        self.openstack("port create --tag red --tag blue --network tagged tagged")
        self.openstack("router create --tag red --tag blue tagged")
        self.openstack("security group create --tag red --tag blue tagged")
        address = self.openstack.show("floating ip create --tag red --tag blue outside")["floating_ip_address"]
        things = [(noun, "tagged") for noun in ("network", "subnet", "port", "router", "security group")]
        for noun, name in [*things, ("floating ip", address)]:
            with self.subTest(noun):
                def listed(by, noun=noun):
                    return len(self.openstack.list(f"{noun} list {by}"))
                rest = listed("--not-any-tags red,blue,green")
                self.assertEqual([listed("--tags red,blue"), listed("--any-tags blue,green"), listed("--tags red,green"),
                                  listed("--not-tags red,blue") - rest], [1, 1, 0, 0])
                self.openstack(f"{noun} set --tag green {name}")
                self.openstack(f"{noun} unset --tag red {name}")
                self.assertEqual(sorted(self.openstack.show(f"{noun} show {name}")["tags"]), ["blue", "green"])
                self.assertEqual([listed("--not-tags red,blue") - rest, listed("--not-any-tags blue") - rest], [1, 0])
                self.openstack(f"{noun} unset --all-tag {name}")
                self.assertEqual(self.openstack.show(f"{noun} show {name}")["tags"], [])
        self.openstack(f"floating ip delete {address}")
        for noun, name in reversed(things):
            if noun != "subnet":
                self.openstack(f"{noun} delete {name}")

    def test_a_port_has_an_address_and_gives_it_back(self):
        self.openstack("network create ports")
        self.openstack("subnet create --network ports --subnet-range 10.1.0.0/29 ports-v4")
        made = self.openstack.show("port create --network ports --fixed-ip subnet=ports-v4,ip-address=10.1.0.5 fixed")
        self.assertEqual(made["fixed_ips"][0]["ip_address"], "10.1.0.5")
        taken = self.openstack("port create --network ports --fixed-ip ip-address=10.1.0.5 again", code=1)
        self.assertIn("10.1.0.5", taken.err)
        self.openstack("port set --name other --disable fixed")
        self.assertEqual(self.openstack.show("port show other")["admin_state_up"], False)
        self.openstack("network delete ports", code=1)
        self.openstack("port unset --fixed-ip subnet=ports-v4,ip-address=10.1.0.5 other")
        self.assertEqual(self.openstack.show("port show other")["fixed_ips"], [])
        self.openstack("port delete other")
        self.openstack("port create --network ports --fixed-ip ip-address=10.1.0.5 third")
        self.assertIn("third", [row["Name"] for row in self.openstack.list("port list --network ports")])
        self.openstack("port delete third")
        self.openstack("network delete ports")

    def test_a_port_has_groups_pairs_and_a_host_to_set_and_unset(self):
        self.openstack("network create guarded")
        self.openstack("subnet create --network guarded --subnet-range 10.8.0.0/24 guarded-v4")
        self.openstack("security group create guard")
        group = self.openstack.show("security group show guard")["id"]
        made = self.openstack.show("port create --network guarded --no-security-group --mac-address fa:16:3e:00:00:aa "
                                   "--allowed-address ip-address=10.8.0.99,mac-address=fa:16:3e:00:00:bb guarded")
        self.assertEqual((made["mac_address"], made["security_group_ids"]), ("fa:16:3e:00:00:aa", []))
        self.assertEqual(made["allowed_address_pairs"], [{"ip_address": "10.8.0.99", "mac_address": "fa:16:3e:00:00:bb"}])
        self.openstack("port set --security-group guard --fixed-ip subnet=guarded-v4,ip-address=10.8.0.50 guarded")
        shown = self.openstack.show("port show guarded")
        self.assertEqual((shown["security_group_ids"], len(shown["fixed_ips"])), ([group], 2))
        for filters in ("--mac-address fa:16:3e:00:00:aa", "--fixed-ip ip-address=10.8.0.50", "--network guarded --name guarded"):
            self.assertEqual([row["ID"] for row in self.openstack.list("port list --long " + filters)], [made["id"]])
        self.openstack("port unset --security-group guard guarded")
        self.openstack("port unset --allowed-address ip-address=10.8.0.99,mac-address=fa:16:3e:00:00:bb guarded")
        shown = self.openstack.show("port show guarded")
        self.assertEqual((shown["security_group_ids"], shown["allowed_address_pairs"]), ([], []))
        self.openstack("port set --disable-port-security guarded")
        self.admin(f"port set --host elsewhere --binding-profile a=b {made['id']}")
        self.assertEqual(self.admin.show(f"port show {made['id']}")["binding_host_id"], "elsewhere")
        self.admin(f"port unset --host --binding-profile a {made['id']}")
        shown = self.admin.show(f"port show {made['id']}")
        self.assertEqual((shown["binding_host_id"], shown["binding_profile"]), ("", {}))
        self.openstack("port delete guarded")
        self.openstack("network delete guarded")
        self.openstack("security group delete guard")

    def test_a_router_has_ports_and_routes(self):
        for name, third in (("left", 10), ("right", 11)):
            self.openstack(f"network create {name}")
            self.openstack(f"subnet create --network {name} --subnet-range 10.{third}.0.0/24 {name}-v4")
        self.openstack("router create --disable --description d crossing")
        self.openstack("router set --name junction --enable crossing")
        self.openstack("router add subnet junction left-v4")
        port = self.openstack.show("port create --network right --fixed-ip ip-address=10.11.0.7 foot")
        self.openstack("router add port junction foot")
        shown = self.openstack.show("router show junction")
        self.assertEqual((shown["admin_state_up"], shown["description"]), (True, "d"))
        self.assertEqual({one["ip_address"] for one in shown["interfaces_info"]}, {"10.10.0.1", "10.11.0.7"})
        self.assertIn(port["id"], [row["ID"] for row in self.openstack.list("port list --router junction")])
        self.openstack("router add route --route destination=10.20.0.0/24,gateway=10.10.0.9 junction")
        self.openstack("router set --route destination=10.21.0.0/24,gateway=10.11.0.9 junction")
        self.openstack("router remove route --route destination=10.20.0.0/24,gateway=10.10.0.9 junction")
        self.assertEqual(self.openstack.show("router show junction")["routes"],
                         [{"destination": "10.21.0.0/24", "nexthop": "10.11.0.9"}])
        self.assertIn("required by one or more routes", self.openstack("router remove port junction foot", code=1).err)
        self.openstack("router unset --route destination=10.21.0.0/24,gateway=10.11.0.9 junction")
        self.openstack("router remove port junction foot")
        self.openstack("port show foot", code=1)
        self.openstack("router remove subnet junction left-v4")
        self.openstack("router delete junction")
        self.openstack("network delete left right")

    def test_a_router_joins_networks(self):
        self.openstack("network create inside")
        self.openstack("subnet create --network inside --subnet-range 10.2.0.0/24 inside-v4")
        self.openstack("router create gate")
        self.openstack("router set --external-gateway outside gate")
        self.openstack("router add subnet gate inside-v4")
        shown = self.openstack.show("router show gate")
        self.assertEqual([one["ip_address"] for one in shown["interfaces_info"]], ["10.2.0.1"])
        self.assertTrue(shown["external_gateway_info"]["network_id"])
        port = self.openstack.show("port create --network inside host")
        floating = self.openstack.show("floating ip create outside")
        self.assertTrue(floating["floating_ip_address"].startswith("172.24.4."))
        self.openstack(f"floating ip set --port host {floating['floating_ip_address']}")
        bound = self.openstack.show(f"floating ip show {floating['floating_ip_address']}")
        self.assertEqual((bound["port_id"], bound["fixed_ip_address"]),
                         (port["id"], port["fixed_ips"][0]["ip_address"]))
        self.openstack("router remove subnet gate inside-v4", code=1)
        self.openstack(f"floating ip unset --port {floating['floating_ip_address']}")
        self.assertIn(floating["id"], [row["ID"] for row in self.openstack.list("floating ip list")])
        self.openstack(f"floating ip delete {floating['floating_ip_address']}")
        self.openstack("router remove subnet gate inside-v4")
        self.openstack("router unset --external-gateway gate")
        self.assertIn("gate", [row["Name"] for row in self.openstack.list("router list")])
        self.openstack("router delete gate")
        self.openstack("port delete host")
        self.openstack("network delete inside")

    def test_security_groups_and_rules_live(self):
        self.assertIn("default", [row["Name"] for row in self.openstack.list("security group list")])
        made = self.openstack.show("security group create web")
        self.assertEqual(len(made["rules"]), 2, made)
        rule = self.openstack.show("security group rule create --protocol tcp --dst-port 80:81 web")
        self.assertEqual((rule["port_range_min"], rule["port_range_max"], rule["direction"], rule["protocol"]),
                         (80, 81, "ingress", "tcp"))
        self.openstack("security group rule create --protocol tcp --dst-port 80:81 web", code=1)
        self.assertIn(rule["id"], [row["ID"] for row in self.openstack.list("security group rule list web")])
        self.assertEqual(self.openstack.show(f"security group rule show {rule['id']}")["id"], rule["id"])
        self.openstack(f"security group rule delete {rule['id']}")
        for asked, kept in (("--protocol icmp --icmp-type 8 --icmp-code 0", ("icmp", 8, 0, "0.0.0.0/0", None)),
                            ("--egress --protocol udp --dst-port 53 --remote-ip 10.0.0.0/8", ("udp", 53, 53, "10.0.0.0/8", None)),
                            ("--ethertype IPv6 --protocol ipv6-icmp", ("ipv6-icmp", None, None, "::/0", None)),
                            ("--protocol any --remote-group web", (None, None, None, None, made["id"])),
                            ("--protocol 112", ("112", None, None, "0.0.0.0/0", None))):
            rule = self.openstack.show(f"security group rule create {asked} web")
            self.assertEqual((rule["protocol"], rule["port_range_min"], rule["port_range_max"], rule["remote_ip_prefix"],
                              rule["remote_group_id"]), kept)
        self.assertEqual(len(self.openstack.list("security group rule list --protocol udp --egress web")), 1)
        self.openstack("security group set --name www --description pages web")
        self.assertEqual(self.openstack.show("security group show www")["description"], "pages")
        self.openstack("security group delete www")

    def test_what_is_anothers_is_not_there(self):
        self.admin("network create hidden")
        self.assertIn("No Network found for hidden", self.openstack("network show hidden", code=1).err)
        self.assertIn("outside", [row["Name"] for row in self.openstack.list("network list --external")])
        self.assertEqual(self.openstack.list("subnet list --network outside"), [])

    def test_a_quota_holds(self):
        self.admin("project create poor")
        self.admin("user create --password secret pia")
        self.admin("role add --user pia --project poor member")
        self.admin("quota set --networks 1 poor")
        pia = self.cloud.user("pia", "poor")
        self.assertEqual(pia.show("quota show")["networks"], 1)
        pia("network create one")
        self.assertIn("Quota exceeded", pia("network create two", code=1).err)
        self.admin("quota set --networks 2 poor")
        pia("network create two")
        self.assertIn("below the 2 that are used", self.admin("quota set --check-limit --networks 1 poor", code=1).err)
        self.admin("quota set --force --networks 0 poor")
        self.assertEqual(pia.show("quota show")["networks"], 0)


class Unwilling(unittest.TestCase):
    def test_a_router_that_the_driver_refuses_says_why(self):
        cloud = WholeCloud()
        cloud.expects_errors = ("the network driver refused",)
        cloud.write("99-unwilling.toml", '[plugin.network_simulator.config]\nfail_call = "ensure_router"\n'
                                         'fail_times = 1000\nfail_code = "exhausted"\n')
        admin = self.enterContext(cloud).admin()
        admin("network create lan")
        admin("subnet create --network lan --subnet-range 10.0.0.0/24 lan-v4")
        admin("router create gate")
        admin("router add subnet gate lan-v4")
        router = wait_for("the router to be in error", lambda: (
            shown := admin.show("router show gate"))["status"] == "ERROR" and shown)
        # The command prints the columns that it knows; its SDK has them all.
        told = cloud.call("GET", f"/network/v2.0/routers/{router['id']}")["router"]
        self.assertEqual(told["status_reason"], "ensure_router fails 1000 times as its configuration says")
        self.assertIn("status_reason", admin("extension show status-reason").out)


if __name__ == "__main__":
    unittest.main()
