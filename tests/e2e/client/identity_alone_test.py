"""All commands about users, roles and the catalog, against a daemon with the identity service alone."""

import unittest

from identity_cloud import IdentityCloud


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(IdentityCloud())
        cls.admin = cls.cloud.openstack()

    def names(self, command, column="Name"):
        return {row[column] for row in self.admin.list(command)}

    def test_token_and_catalog(self):
        token = self.admin.show("token issue")
        self.assertTrue(token["id"] and token["project_id"] and token["user_id"])
        self.assertIn("identity", self.names("catalog list", "Type"))
        self.assertEqual(self.admin.show("catalog show identity")["type"], "identity")
        self.assertEqual(self.admin("token revoke " + token["id"]).out, "")

    def test_projects(self):
        made = self.admin.show("project create --description first --property colour=red --tag a demo")
        self.assertEqual((made["name"], made["description"], made["enabled"], made["colour"]), ("demo", "first", True, "red"))
        self.assertEqual(self.admin.show("project show demo")["id"], made["id"])
        self.admin("project set --name demo2 --disable --tag b demo")
        shown = self.admin.show("project show demo2")
        self.assertEqual((shown["enabled"], sorted(shown["tags"])), (False, ["a", "b"]))
        self.assertIn("demo2", self.names("project list"))
        self.assertIn("demo2", self.names("project list --domain default"))
        self.assertIn("admin", self.names("project list --my-projects"))
        self.admin("project create demo2", code=1)
        self.admin("project delete demo2")
        self.assertIn("No project with a name or ID", self.admin("project show demo2", code=1).err)

    def test_users(self):
        self.admin("project create people")
        made = self.admin.show("user create --project people --password first --email a@b.c --description d ada")
        self.assertEqual((made["name"], made["email"], made["domain_id"]), ("ada", "a@b.c", "default"))
        self.admin("role add --user ada --project people member")
        self.assertEqual(self.names("user list --project people"), {"ada"})
        ada = self.cloud.openstack("ada", "first", "people")
        ada.show("token issue")
        self.assertEqual(ada.show("user show ada")["id"], made["id"])
        self.assertEqual(ada.show("project show people")["name"], "people")
        self.assertIn("not authorized", ada("user list", code=1).err)
        ada("user password set --original-password first --password second")
        self.cloud.openstack("ada", "first", "people")("token issue", code=1)
        self.admin("user set --name eve --password third ada")
        self.cloud.openstack("eve", "third", "people").show("token issue")
        self.admin("user set --disable eve")
        self.cloud.openstack("eve", "third", "people")("token issue", code=1)
        self.admin("user delete eve")
        self.admin("user show eve", code=1)
        self.admin("project delete people")

    def test_roles_and_assignments(self):
        self.admin("role create auditor")
        self.admin("role set --name inspector auditor")
        self.assertEqual(self.admin.show("role show inspector")["name"], "inspector")
        self.assertIn("inspector", self.names("role list"))
        self.admin("project create team")
        self.admin("user create --password pw bob")
        self.admin("group create crew")
        self.admin("group add user crew bob")
        self.admin("group contains user crew bob")
        for where in ("--project team", "--domain default", "--system all"):
            for who in ("--user bob", "--group crew"):
                self.admin(f"role add {who} {where} inspector")
        rows = self.admin.list("role assignment list --names --user bob")
        self.assertEqual({row["Role"] for row in rows}, {"inspector"})
        self.assertEqual({row["User"] for row in rows}, {"bob@Default"})
        self.assertEqual({row["Project"] for row in rows}, {"team@Default", ""})
        self.assertEqual(len(self.admin.list("role assignment list --group crew")), 3)
        effective = self.admin.list("role assignment list --effective --names --project admin --user admin")
        self.assertEqual({row["Role"] for row in effective}, {"admin", "manager", "member", "reader"})
        self.admin("implied role create --implied-role reader inspector")
        self.assertIn("inspector", self.names("implied role list", "Prior Role Name"))
        self.admin("implied role delete --implied-role reader inspector")
        for where in ("--project team", "--domain default", "--system all"):
            for who in ("--user bob", "--group crew"):
                self.admin(f"role remove {who} {where} inspector")
        self.assertEqual(self.admin.list("role assignment list --user bob"), [])
        self.admin("group remove user crew bob")
        self.admin("group delete crew")
        self.admin("user delete bob")
        self.admin("project delete team")
        self.admin("role delete inspector")

    def test_domains_and_groups(self):
        made = self.admin.show("domain create --description d acme")
        self.assertEqual(made["name"], "acme")
        self.admin("group create --domain acme --description g makers")
        self.admin("group set --domain acme --name doers makers")
        self.assertEqual(self.admin.show("group show --domain acme doers")["name"], "doers")
        self.assertEqual(self.names("group list --domain acme"), {"doers"})
        self.admin("domain delete acme", code=1)
        self.admin("domain set --disable acme")
        self.assertFalse(self.admin.show("domain show acme")["enabled"])
        self.admin("domain delete acme")
        self.assertNotIn("acme", self.names("domain list"))

    def test_services_endpoints_and_regions(self):
        self.admin("region create --description r Mars")
        self.admin("region set --description red Mars")
        self.assertEqual(self.admin.show("region show Mars")["description"], "red")
        self.assertEqual(self.names("region list", "Region"), {"Mars", "RegionOne"})
        self.admin("service create --name rover --description d exploration")
        self.admin("service set --name rover2 rover")
        self.assertEqual(self.admin.show("service show exploration")["name"], "rover2")
        self.assertIn("exploration", self.names("service list", "Type"))
        made = self.admin.show("endpoint create --region Mars exploration public http://mars/%(tenant_id)s")
        self.assertEqual((made["region"], made["service_type"]), ("Mars", "exploration"))
        self.admin(["endpoint", "set", "--url", "http://mars/v2", made["id"]])
        self.assertEqual(self.admin.show("endpoint show " + made["id"])["url"], "http://mars/v2")
        self.assertEqual(self.names("endpoint list --region Mars", "URL"), {"http://mars/v2"})
        self.assertEqual(len(self.admin.list("endpoint list --service identity")), 3)
        self.admin("region delete Mars", code=1)
        self.admin("endpoint delete " + made["id"])
        self.admin("service delete exploration")
        self.admin("region delete Mars")

    def test_trusts_and_credentials(self):
        self.admin("project create vault")
        for user in ("carol", "dave"):
            self.admin(f"user create --password pw {user}")
        self.admin("role add --user carol --project vault member")
        # A member finds nobody by name: all are ids.
        carol, dave = (self.admin.show(f"user show {user}")["id"] for user in ("carol", "dave"))
        vault, member = self.admin.show("project show vault")["id"], self.admin.show("role show member")["id"]
        as_carol = self.cloud.openstack("carol", "pw", "vault")
        made = as_carol.show(f"trust create --project {vault} --role {member} --impersonate {carol} {dave}")
        self.assertEqual(as_carol.show("trust show " + made["id"])["trustee_user_id"], dave)
        self.assertEqual([row["ID"] for row in self.admin.list("trust list")], [made["id"]])
        as_carol("trust delete " + made["id"])
        credential = self.admin.show("credential create --type cert --project vault carol blob")
        self.assertEqual(self.admin.show("credential show " + credential["id"])["type"], "cert")
        self.admin(f"credential set --user carol --type cert --data other --project vault {credential['id']}")
        self.admin("credential delete " + credential["id"])
        self.admin("project delete vault")
        self.admin("user delete carol dave")


if __name__ == "__main__":
    unittest.main()
