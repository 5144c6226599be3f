"""`openstack` commands of the network service."""

import unittest

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
        self.openstack("network set --name wlan lan")
        self.assertIn("wlan", [row["Name"] for row in self.openstack.list("network list")])
        self.openstack("subnet delete renamed")
        self.openstack("network delete wlan")
        self.assertIn("No Network found for wlan", self.openstack("network show wlan", code=1).err)

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


if __name__ == "__main__":
    unittest.main()
