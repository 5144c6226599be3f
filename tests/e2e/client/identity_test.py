"""`openstack` commands of the identity service."""

import unittest

from whole_cloud import WholeCloud


class Identity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(WholeCloud())
        # Not `openstack` itself as an attribute of the class: it would become a method.
        cls.admin = [cls.cloud.admin()]

    def setUp(self):
        self.openstack = self.admin[0]

    def test_a_token_says_whose_it_is(self):
        token = self.openstack.show("token issue")
        self.assertEqual(set(token), {"expires", "id", "project_id", "user_id"})
        self.assertEqual(token["project_id"], self.openstack.show("project show admin")["id"])
        self.assertEqual(token["user_id"], self.openstack.show("user show admin")["id"])

    def test_the_catalog_names_every_service_with_three_interfaces(self):
        catalog = {row["Type"]: row for row in self.openstack.list("catalog list")}
        self.assertLessEqual({"identity", "image", "placement", "compute", "network"}, set(catalog))
        for row in catalog.values():
            self.assertEqual(sorted(one["interface"] for one in row["Endpoints"]), ["admin", "internal", "public"], row)
            for endpoint in row["Endpoints"]:
                self.assertTrue(endpoint["url"].startswith(self.cloud.url), endpoint)
        self.assertTrue(catalog["compute"]["Endpoints"][0]["url"].endswith("/v2.1"))

    def test_a_wrong_password_is_refused_without_saying_why(self):
        wrong = self.cloud.user("admin", "admin", "not this")("token issue", code=1)
        unknown = self.cloud.user("nobody", "admin", "not this")("token issue", code=1)
        self.assertIn("The request you have made requires authentication.", wrong.err)
        self.assertIn("(HTTP 401)", unknown.err)

    def test_a_project_lives(self):
        made = self.openstack.show("project create --description first --tag one demo")
        self.assertEqual((made["name"], made["description"], made["enabled"], made["domain_id"], made["tags"]),
                         ("demo", "first", True, "default", ["one"]))
        self.openstack("project create demo", code=1)
        self.openstack("project set --name renamed --disable demo")
        self.openstack("project set --tag two renamed")
        shown = self.openstack.show("project show renamed")
        self.assertEqual((shown["id"], shown["enabled"], sorted(shown["tags"])), (made["id"], False, ["one", "two"]))
        self.assertIn(made["id"], [row["ID"] for row in self.openstack.list("project list")])
        self.openstack("project delete renamed")
        gone = self.openstack("project show renamed", code=1)
        self.assertIn("No project with a name or ID of 'renamed' exists.", gone.err)

    def test_a_user_lives_and_logs_in(self):
        self.openstack("project create home")
        made = self.openstack.show("user create --project home --password secret --email a@example.org anna")
        self.assertEqual((made["name"], made["email"], made["enabled"]), ("anna", "a@example.org", True))
        self.assertNotIn("password", made)
        self.openstack("role add --user anna --project home member")
        self.cloud.user("anna", "home")("token issue")
        self.openstack("user set --password other --description changed anna")
        self.cloud.user("anna", "home")("token issue", code=1)
        self.cloud.user("anna", "home", "other")("token issue")
        self.openstack("user set --disable anna")
        self.cloud.user("anna", "home", "other")("token issue", code=1)
        self.assertIn("anna", [row["Name"] for row in self.openstack.list("user list --project home")])
        self.openstack("user delete anna")
        self.assertNotIn("anna", [row["Name"] for row in self.openstack.list("user list")])

    def test_roles_are_given_and_taken(self):
        self.openstack("project create stage")
        self.openstack("user create --password secret ben")
        self.openstack("role create player")
        self.openstack("role set --name actor player")
        self.assertEqual(self.openstack.show("role show actor")["name"], "actor")
        self.openstack("role add --user ben --project stage actor")
        given = self.openstack.list("role assignment list --user ben --names")
        self.assertEqual([(row["Role"], row["User"], row["Project"]) for row in given],
                         [("actor", "ben@Default", "stage@Default")])
        self.cloud.user("ben", "stage")("token issue")
        self.openstack("role remove --user ben --project stage actor")
        self.assertEqual(self.openstack.list("role assignment list --user ben"), [])
        self.cloud.user("ben", "stage")("token issue", code=1)
        self.openstack("role delete actor")
        self.assertNotIn("actor", [row["Name"] for row in self.openstack.list("role list")])

    def test_implied_roles_count(self):
        self.openstack("project create implied")
        self.openstack("user create --password secret cleo")
        self.openstack("role add --user cleo --project implied member")
        effective = {row["Role"] for row in self.openstack.list("role assignment list --user cleo --effective --names")}
        self.assertEqual(effective, {"member", "reader"})

    def test_services_and_endpoints_live(self):
        service = self.openstack.show("service create --name bench --description sits furniture")
        endpoint = self.openstack.show("endpoint create --region RegionOne furniture public http://bench.example/")
        self.assertEqual((endpoint["service_id"], endpoint["interface"], endpoint["url"]),
                         (service["id"], "public", "http://bench.example/"))
        self.openstack(f"endpoint set --url http://other.example/ {endpoint['id']}")
        self.assertEqual(self.openstack.show(f"endpoint show {endpoint['id']}")["url"], "http://other.example/")
        self.assertIn(endpoint["id"], [row["ID"] for row in self.openstack.list("endpoint list")])
        self.openstack("service set --name stool bench")
        self.assertEqual(self.openstack.show("service show stool")["type"], "furniture")
        self.openstack(f"endpoint delete {endpoint['id']}")
        self.openstack("service delete stool")
        self.assertNotIn("stool", [row["Name"] for row in self.openstack.list("service list")])

    def test_who_is_no_admin_may_not(self):
        self.openstack("project create small")
        self.openstack("user create --password secret dora")
        self.openstack("role add --user dora --project small member")
        refused = self.cloud.user("dora", "small")("user create evil", code=1)
        self.assertIn("HTTP 403", refused.err)


if __name__ == "__main__":
    unittest.main()
