"""What `openstack` prints where something cannot be: it says what, in the words that its users know, and ends with 1."""

import unittest

from whole_cloud import WholeCloud

NOBODY = "00000000-0000-0000-0000-000000000000"

# A command, and a part of what it prints.
NOT_THERE = [
    ("project show nosuch", "No project with a name or ID of 'nosuch' exists."),
    ("user set --name other nosuch", "No user with a name or ID of 'nosuch' exists."),
    ("role delete nosuch", "No role with a name or ID of 'nosuch' exists."),
    ("role add --user tom --project nosuch member", "No project with a name or ID of 'nosuch' exists."),
    ("role remove --user tom --project tenant manager", "Could not find role assignment with role:"),
    ("role assignment list --user nosuch", "No user with a name or ID of 'nosuch' exists."),
    ("service show nosuch", "No service with a type, name or ID of 'nosuch' exists."),
    ("endpoint create nosuch public http://somewhere", "No service with a type, name or ID of 'nosuch' exists."),
    ("image set --name other nosuch", "No Image found for nosuch"),
    ("image delete nosuch", "No Image found for nosuch"),
    ("flavor delete nosuch", "No Flavor found for nosuch"),
    ("keypair show nosuch", "No Keypair found for nosuch"),
    ("keypair delete nosuch", "Keypair nosuch not found for user"),
    ("network set --name other nosuch", "No Network found for nosuch"),
    ("subnet show nosuch", "No Subnet found for nosuch"),
    ("subnet create --network nosuch --subnet-range 10.9.0.0/24 any", "No Network found for nosuch"),
    ("port unset --all-tag nosuch", "No Port found for nosuch"),
    ("router add subnet nosuch lan-v4", "No Router found for nosuch"),
    ("router add subnet gate nosuch", "No Subnet found for nosuch"),
    ("security group show nosuch", "No SecurityGroup found for nosuch"),
    ("security group rule create --protocol tcp nosuch", "No SecurityGroup found for nosuch"),
    (f"security group rule delete {NOBODY}", f"No SecurityGroupRule found for {NOBODY}"),
    ("floating ip create nosuch", "No Network found for nosuch"),
    ("floating ip set --port lan nosuch", "No FloatingIP found for nosuch"),
    ("floating ip delete 192.0.2.1", "No FloatingIP found for 192.0.2.1"),
    ("server delete nosuch", "No server with a name or ID of 'nosuch' exists."),
    ("server reboot nosuch", "No server with a name or ID of 'nosuch' exists."),
    ("server list --image nosuch", "No Image found for nosuch"),
    ("console log show nosuch", "No Server found for nosuch"),
    ("console url show nosuch", "No Server found for nosuch"),
    ("hypervisor show nosuch", "No hypervisor with a name or ID of 'nosuch' exists."),
    ("quota set --cores 1 nosuch", "No project with a name or ID of 'nosuch' exists."),
    (f"resource provider show {NOBODY}", f"No resource provider with uuid {NOBODY} found (HTTP 404)"),
    (f"resource provider inventory list {NOBODY}", f"No resource provider with uuid {NOBODY} found (HTTP 404)"),
    ("extension show nosuch", "No Extension found for nosuch"),
]
BOOT = "server create --image system --flavor tiny"
WRONG = [
    ("project create tenant", "Duplicate entry found with name tenant. (HTTP 409)"),
    ("project create ''", "'project.name': expected at least 1 characters (HTTP 400)"),
    ("user create --password any tom", "Duplicate entry found with name tom. (HTTP 409)"),
    ("role set --name other reader", "Cannot modify or delete the immutable role"),
    ("endpoint create compute public nowhere", "'nowhere' is no URL"),
    ("endpoint create compute public http://any/$(nosuch)s", "Malformed endpoint URL"),
    ("flavor create --ram 1 --vcpus 1 --disk 1 tiny", "Flavor with name tiny already exists."),
    ("flavor create --ram 0 --vcpus 1 --disk 1 none", "'flavor.ram': expected at least 1"),
    ("keypair create --public-key {junk} any", "Keypair data is invalid"),
    ("image create --file {junk} --disk-format qcow2 any", "the image's disk_format is qcow2, and the data is raw"),
    ("image create --file {junk} --id mine any", "'id': expected something of the form 'uuid'"),
    ("network create --mtu 3 any", "Requested MTU is not within 68 and 1500."),
    ("network create --availability-zone-hint mars any", "AvailabilityZone mars could not be found."),
    ("subnet create --network lan --subnet-range 10.0.0.128/25 any", "overlaps with another subnet."),
    ("subnet create --network lan --subnet-range any any", "'any' is not a valid IP subnet."),
    ("subnet create --network lan any", "a subnetpool must be specified in the absence of a cidr"),
    ("subnet set --allocation-pool start=10.9.0.1,end=10.9.0.9 lan-v4", "spans beyond the subnet cidr 10.0.0.0/24."),
    ("port create --network lan --fixed-ip ip-address=10.9.0.1 any", "is not a valid IP for any of the subnets"),
    ("port create --network lan --mac-address any any", "'port.mac_address': expected something of the form 'mac'"),
    ("port create --network lan --mac-address fa:16:3e:00:00:01 any", "The mac address fa:16:3e:00:00:01 is in use."),
    ("port delete taken", "cannot be deleted directly via the port API"),
    ("network delete lan", "There are one or more ports still in use on the network"),
    ("router add subnet gate lan-v4", "Router already has a port on subnet"),
    ("router set --external-gateway lan gate", "is not an external network"),
    ("router set --route destination=10.8.0.0/24,gateway=10.9.0.1 gate", "the nexthop is not connected with router"),
    ("router delete gate", "still has ports"),
    ("floating ip create lan", "is not a valid external network"),
    ("security group create default", "Default security group already exists."),
    ("security group set --name Default web", "Default security group already exists."),
    ("security group set --name other {group}", "Updating default security group not allowed."),
    ("security group rule create --protocol tcp --dst-port 80 web", "Security group rule already exists."),
    ("security group rule create --protocol nosuch web", "Security group rule protocol nosuch not supported."),
    ("security group rule create --protocol icmp --icmp-type 300 web", "Invalid value for ICMP type"),
    ("security group rule create --remote-ip any web", "expected something of the form 'ip-or-cidr'"),
    ("security group rule create --ethertype IPv6 --remote-ip 10.0.0.0/8 web", "Conflicting value ethertype IPv6"),
    (BOOT + " --key-name nosuch any", "Invalid key_name provided. (HTTP 400)"),
    (BOOT + " --availability-zone mars any", "The requested availability zone is not available (HTTP 400)"),
    (BOOT + " --nic net-id=lan,v4-fixed-ip=10.9.0.1 any", "is not a valid ip address for network"),
    (BOOT + " --nic net-id=lan,v4-fixed-ip={address} any", "Fixed IP address {address} is already in use on instance"),
    (BOOT + " --nic net-id=lan --min 101 --max 200 any", "max_count is at most 100"),
    ("server create --image-property nosuch=any --flavor tiny --nic net-id=lan any", "No images match the property expected"),
    ("server start life", "while it is in vm_state active (HTTP 409)"),
    ("server unset --property nosuch life", "Metadata item was not found (HTTP 404)"),
    ("server list --name [", "'[' is no regular expression (HTTP 400)"),
    ("console url show --spice life", "Unavailable console type spice."),
    ("quota set --cores -2 tenant", "Invalid input for field/attribute cores. Value: -2."),
    ("quota set --instances 0 tenant", "must be greater than or equal to already used and reserved 1. (HTTP 400)"),
    ("quota set --networks -5 tenant", "'quota.network': expected at least -1"),
    ("--os-placement-api-version 1.10 allocation candidate list --resource NOSUCH=1", "No such resource class NOSUCH. (HTTP 400)"),
    ("--os-placement-api-version 1.10 allocation candidate list --resource VCPU=any", "expected positive integer amount. Got: any."),
]
# What belongs to another is not there; what is the operator's is forbidden.
STRANGERS = [
    ("project show tenant", "You are not authorized to perform the requested action: identity:list_projects. (HTTP 403)"),
    ("user list", "You are not authorized to perform the requested action: identity:list_users. (HTTP 403)"),
    ("role add --user tom --project tenant member", "HTTP 403"),
    ("endpoint list", "You are not authorized to perform the requested action: identity:list_endpoints. (HTTP 403)"),
    ("image show private", "No Image found for private"),
    ("image delete system", "403"),
    ("image create --public --file {junk} any", "403"),
    ("flavor delete tiny", "Policy doesn't allow os_compute_api:os-flavor-manage:delete to be performed."),
    ("network show lan", "No Network found for lan"),
    ("network create --external any", "disallowed by policy"),
    ("subnet set --name other lan-v4", "No Subnet found for lan-v4"),
    ("port delete {port}", "No Port found for {port}"),
    ("router show gate", "No Router found for gate"),
    ("security group rule list web", "No SecurityGroup found for web"),
    ("server show {server}", "No server with a name or ID of '{server}' exists."),
    ("server stop {server}", "No server with a name or ID of '{server}' exists."),
    ("console log show {server}", "No Server found for {server}"),
    ("server list --all-projects", "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants"),
    ("hypervisor list", "HTTP 403"),
    ("hypervisor stats show", "403"),
    ("keypair show --user tom any", "Policy doesn't allow os_compute_api:os-keypairs:show to be performed."),
    ("resource provider list", "Policy doesn't allow placement:resource_providers:list to be performed. (HTTP 403)"),
]


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = WholeCloud()
        cls.addClassCleanup(cls.cloud.__exit__, None)
        cls.cloud.start()
        junk = cls.cloud.folder / "junk"
        junk.write_bytes(b"junk" * 1000)
        admin = cls.cloud.admin()
        admin(f"image create --public --file {junk} system")
        admin("flavor create --ram 128 --vcpus 1 --disk 1 tiny")
        for user, project in (("tom", "tenant"), ("sue", "strangers")):
            admin(f"project create {project}")
            admin(f"user create --password secret {user}")
            admin(f"role add --user {user} --project {project} member")
        tom = cls.cloud.user("tom", "tenant")
        tom(f"image create --private --file {junk} private")
        tom("network create lan")
        tom("subnet create --network lan --subnet-range 10.0.0.0/24 lan-v4")
        tom("router create gate")
        port = tom.show("port create --network lan --fixed-ip ip-address=10.0.0.1 --mac-address fa:16:3e:00:00:01 taken")["id"]
        tom("router add port gate taken")
        tom("security group create web")
        tom("security group rule create --protocol tcp --dst-port 80 web")
        server = tom.show(BOOT + " --network lan --wait life")
        cls.names = {"junk": str(junk), "port": port, "server": server["id"], "address": server["addresses"]["lan"][0],
                     "group": tom.show("security group show default")["id"]}
        # The operator acts in the tenant's project, so that names mean the same; not as an attribute, to be no method.
        admin("role add --user admin --project tenant admin")
        cls.callers = [cls.cloud.user("admin", "tenant", cls.cloud.password), cls.cloud.user("sue", "strangers")]

    def refuse(self, caller, cases):
        for command, said in cases:
            for name, value in self.names.items():
                command, said = command.replace(f"{{{name}}}", value), said.replace(f"{{{name}}}", value)
            with self.subTest(command):
                printed = caller(command, code=1)
                self.assertIn(said, printed.err + printed.out)

    def test_what_is_not_there_is_named(self):
        self.refuse(self.callers[0], NOT_THERE)

    def test_what_is_wrong_is_told_with_its_reason(self):
        self.refuse(self.callers[0], WRONG)

    def test_a_stranger_is_shown_and_given_nothing(self):
        self.refuse(self.callers[1], STRANGERS)

    def test_nothing_came_of_it(self):
        tenant = self.callers[0]
        self.assertEqual([row["Name"] for row in tenant.list("server list")], ["life"])
        self.assertEqual([row["Name"] for row in tenant.list("network list")], ["lan"])
        self.assertEqual([row["Name"] for row in tenant.list("router list")], ["gate"])


if __name__ == "__main__":
    unittest.main()
