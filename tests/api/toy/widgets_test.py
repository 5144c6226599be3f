"""The toy's REST API through the real daemon, with its plugins in the daemon and in processes of their own."""

import unittest

from cloud import Cloud, toy, wait_for

WIDGETS = "/toy/v1/widgets"


class Widgets:
    link = None

    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(Cloud(toy(cls.link, quota=5)))

    def create(self, project, code=202, **widget):
        reply = self.cloud.ask("POST", WIDGETS, {"widget": widget}, project)
        self.assertEqual(reply.status, code, reply)
        return reply.json["widget"] if code == 202 else reply

    def show(self, widget_id, project):
        return self.cloud.ask("GET", f"{WIDGETS}/{widget_id}", project=project)

    def wait_until(self, status, widget_id, project):
        def there():
            found = self.show(widget_id, project).json["widget"]
            self.assertNotEqual(found["status"], "error", found)
            return found if found["status"] == status else None
        return wait_for(f"widget {widget_id} to be {status}", there)

    def names(self, project, query=""):
        return [one["name"] for one in self.cloud.ask("GET", WIDGETS + query, project=project).json["widgets"]]

    def test_a_widget_lives_from_create_to_delete(self):
        made = self.create("life", name="first", size=3, colour="green")
        self.assertEqual((made["name"], made["size"], made["colour"], made["project_id"]), ("first", 3, "green", "life"))
        found = self.wait_until("active", made["id"], "life")
        self.assertEqual(found["colour"], "green")
        self.assertEqual(self.names("life"), ["first"])

        changed = self.cloud.ask("PUT", f"{WIDGETS}/{made['id']}", {"widget": {"colour": "red"}}, "life")
        self.assertEqual((changed.status, changed.json["widget"]["colour"]), (200, "red"), changed)
        self.assertEqual(self.wait_until("active", made["id"], "life")["colour"], "red")
        self.assertGreaterEqual(found["serial"], 1)

        gone = self.cloud.ask("DELETE", f"{WIDGETS}/{made['id']}", project="life")
        self.assertIn(gone.status, (202, 204), gone)
        wait_for("the widget to be gone", lambda: self.show(made["id"], "life").status == 404)
        self.assertEqual(self.names("life"), [])

    def test_a_colour_that_the_maker_refuses_changes_nothing(self):
        made = self.create("refused", name="first", colour="green")
        path = f"{WIDGETS}/{made['id']}"
        self.wait_until("active", made["id"], "refused")
        self.cloud.ask("PUT", path, {"widget": {"colour": "red"}}, "refused")
        self.wait_until("active", made["id"], "refused")
        self.cloud.volutus("verify")  # the maker has painted it red, too
        self.assertEqual(self.cloud.ask("PUT", path, {"widget": {"colour": "clear"}}, "refused").status, 200)
        found = self.wait_until("active", made["id"], "refused")
        self.assertEqual(found["colour"], "red")
        self.assertIn("clear", found["fault"])
        self.cloud.volutus("verify")

    def test_another_projects_widget_is_not_there(self):
        mine = self.create("mine", name="mine")
        self.wait_until("active", mine["id"], "mine")
        foreign = self.show(mine["id"], "theirs")
        unknown = self.show("00000000-0000-4000-8000-000000000000", "theirs")
        self.assertEqual((foreign.status, unknown.status), (404, 404))
        self.assertEqual(foreign.text.replace(mine["id"], "ID"),
                         unknown.text.replace("00000000-0000-4000-8000-000000000000", "ID"))
        self.assertEqual(self.cloud.ask("DELETE", f"{WIDGETS}/{mine['id']}", project="theirs").status, 404)
        self.assertEqual(self.names("theirs"), [])
        self.assertEqual(self.names("mine"), ["mine"])

    def test_a_bad_body_is_told_by_the_path_of_what_is_wrong(self):
        for body, said in [({"widget": {}}, "name"), ({"widget": {"name": "x", "size": 0}}, "size"),
                           ({"widget": {"name": "x", "size": "big"}}, "size"), ({"widget": {"name": ""}}, "name"),
                           ({"widget": {"name": "x", "shape": "round"}}, "shape"), ({"gadget": {"name": "x"}}, "widget"),
                           ("{\"widget\": {", ""), ("", ""), ("[]", "")]:
            with self.subTest(body=body):
                reply = self.cloud.ask("POST", WIDGETS, body, "bad")
                self.assertEqual(reply.status, 400, reply)
                self.assertEqual(reply.json["error"]["code"], "invalid")
                self.assertIn(said, reply.text)
        self.assertEqual(self.names("bad"), [])

    def test_a_list_is_read_page_by_page(self):
        made = [self.create("pages", name=f"w{i}")["name"] for i in range(5)]
        seen, path = [], f"{WIDGETS}?limit=2&sort_key=name&sort_dir=asc"
        while path:
            page = self.cloud.ask("GET", path, project="pages")
            self.assertEqual(page.status, 200, page)
            self.assertLessEqual(len(page.json["widgets"]), 2)
            seen += [one["name"] for one in page.json["widgets"]]
            following = [link["href"] for link in page.json.get("widgets_links", []) if link["rel"] == "next"]
            path = following[0].split(f":{self.cloud.port()}", 1)[1] if following else None
        self.assertEqual(seen, made)
        self.assertEqual(self.names("pages", "?name=w3"), ["w3"])
        self.assertEqual(self.cloud.ask("GET", WIDGETS + "?marker=unknown", project="pages").status, 400)

    def test_a_project_gets_no_more_than_its_quota(self):
        ids = [self.create("full", name=f"w{i}")["id"] for i in range(5)]
        refused = self.create("full", 413, name="one too many")
        self.assertEqual(refused.json["error"]["code"], "over_quota")
        self.wait_until("active", ids[0], "full")
        self.cloud.ask("DELETE", f"{WIDGETS}/{ids[0]}", project="full")
        wait_for("room", lambda: self.show(ids[0], "full").status == 404)
        self.create("full", name="fits again")

    def test_a_name_is_given_once_in_a_project(self):
        self.create("twice", name="same")
        self.assertEqual(self.create("twice", 409, name="same").json["error"]["code"], "conflict")
        self.create("thrice", name="same")

    def test_what_is_not_there_is_refused_in_the_services_own_form(self):
        for path in ["/toy/v1/gadgets", "/toy", "/toy/v2/widgets"]:
            with self.subTest(path=path):
                reply = self.cloud.ask("GET", path)
                self.assertEqual((reply.status, reply.json["error"]["code"]), (404, "not_found"), reply)
        wrong = self.cloud.ask("PATCH", WIDGETS)
        self.assertEqual((wrong.status, wrong.headers["Allow"]), (405, "GET, HEAD, POST"), wrong)
        self.assertIn("error", wrong.json)
        large = self.cloud.ask("POST", WIDGETS, b"x" * (300 * 1024))
        self.assertEqual((large.status, large.json["error"]["code"]), (413, "too_large"), large)

    def test_a_malformed_token_is_unauthenticated_as_everywhere(self):
        reply = self.cloud.ask("GET", WIDGETS, headers={"X-Auth-Token": "nobody"})
        self.assertEqual(reply.status, 401)
        self.assertEqual(reply.json, {"error": {"code": 401, "title": "Unauthorized",
                                                "message": "The request you have made requires authentication."}})

    def test_every_reply_carries_its_request_id(self):
        ids = {self.cloud.ask("GET", WIDGETS).headers["X-Openstack-Request-Id"] for _ in range(3)}
        self.assertEqual(len(ids), 3)
        self.assertTrue(all(one.startswith("req-") for one in ids), ids)

    def test_its_description_is_served(self):
        reply = self.cloud.ask("GET", "/toy/openapi.json")
        self.assertEqual((reply.status, reply.json["openapi"][:3]), (200, "3.1"))


class InTheDaemon(Widgets, unittest.TestCase):
    link = "in-process"


class InProcessesOfTheirOwn(Widgets, unittest.TestCase):
    link = "process"


if __name__ == "__main__":
    unittest.main()
