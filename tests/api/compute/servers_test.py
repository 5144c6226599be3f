"""Servers through a real daemon: what callers may send, and many callers at once."""

import unittest
from concurrent.futures import ThreadPoolExecutor

from compute_cloud import NEWEST, NOBODY, ComputeTest


def at_once(count, call):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(call, range(count)))


class Servers(ComputeTest):
    service = "quota_instances = 6\nquota_metadata_items = 20"

    def test_a_server_lives_from_create_to_delete(self):
        server = self.make("first", "life", metadata={"role": "web"})
        found = self.wait_until(server, project="life")
        self.assertEqual((found["name"], found["OS-EXT-STS:vm_state"], found["metadata"]), ("first", "active", {"role": "web"}))
        self.assertEqual((found["tenant_id"], found["image"]["id"], found["flavor"]["id"]), ("life", self.image, self.flavor))
        self.assertEqual(self.used("life"), (1, 1, 128))
        self.remove(server, project="life")
        self.assertEqual(self.used("life"), (0, 0, 0))
        self.assert_in_order()

    def test_a_bad_server_is_refused_and_takes_nothing(self):
        for wrong in ({"name": ""}, {"name": " "}, {"name": "x" * 256}, {"name": 5}, {"name": None}, {"name": "a\u0000b"},
                      {"flavorRef": NOBODY}, {"flavorRef": ""}, {"imageRef": NOBODY}, {"imageRef": ""}, {"imageRef": "../x"},
                      {"networks": None}, {"networks": "some"}, {"networks": [{}]}, {"networks": [{"uuid": "x"}]},
                      {"networks": [{"uuid": NOBODY}]}, {"networks": [5]}, {"key_name": "none"}, {"user_data": "%%%"},
                      {"user_data": "QQ==" * 20000}, {"metadata": []}, {"metadata": {"": "x"}}, {"metadata": {"a": 5}},
                      {"metadata": {"a": "x" * 256}}, {"metadata": {"a/b": "c"}}, {"min_count": 0}, {"min_count": 2, "max_count": 1},
                      {"max_count": 1000}, {"availability_zone": "moon"}, {"security_groups": "default"},
                      {"security_groups": [{"name": "none"}], "networks": "auto"}, {"config_drive": "perhaps"},
                      {"OS-DCF:diskConfig": "SOMETIMES"}, {"accessIPv4": "1.2.3"}, {"accessIPv6": "10.0.0.1"}, {"shape": "round"},
                      {"block_device_mapping_v2": [{"source_type": "volume", "uuid": NOBODY}]}):
            with self.subTest(wrong=str(wrong)[:80]):
                self.assertTrue(self.refused("POST", "/servers", self.wanted(**wrong), project="bad"))
        self.assertEqual(self.used("bad"), (0, 0, 0))
        self.assertEqual(self.call("GET", "/servers", project="bad")["servers"], [])

    def test_an_empty_or_broken_body_is_refused(self):
        server = self.running("empty")
        for method, path in (("POST", "/servers"), ("PUT", f"/servers/{server}"), ("POST", f"/servers/{server}/action"),
                             ("POST", f"/servers/{server}/metadata"), ("PUT", f"/servers/{server}/metadata"),
                             ("PUT", f"/servers/{server}/metadata/key"), ("PUT", f"/servers/{server}/tags"),
                             ("POST", f"/servers/{server}/remote-consoles"), ("POST", "/os-keypairs")):
            for body in (None, "", "{}", "[]", "null", "7", '"server"', "{", '{"server":{', '{"server":{}}', '{"server":[]}',
                         '{"server":null}', '{"keypair":{}}', "\xff"):
                if path == f"/servers/{server}" and body == '{"server":{}}':
                    continue  # changes nothing, which is allowed
                with self.subTest(method=method, path=path, body=body):
                    reply = self.ask(method, path, body.encode("latin-1") if body else body, version="2.37")
                    self.assertEqual(reply.status, 400, reply)
                    self.assertIn("badRequest", reply.text)
        self.remove(server)

    def test_a_request_beyond_all_bounds_is_refused(self):
        reply = self.ask("POST", "/servers", self.wanted(description="x" * (8 << 20)))
        self.assertIn(reply.status, (400, 413))
        self.assertEqual(self.ask("GET", "/servers", version="2.999").status, 406)
        self.assertEqual(self.ask("GET", "/servers", version="newest").status, 400)
        for query in ("limit=-1", "limit=many", "marker=nowhere", "sort_key=colour", "sort_key=name&sort_dir=sideways", "name=(",
                      "name=" + "(x" * 300, "changes-since=yesterday"):
            with self.subTest(query=query):
                self.assertEqual(self.ask("GET", f"/servers?{query}").status, 400)

    def test_another_projects_server_is_not_there(self):
        server = self.running("mine", "mine")
        for method, path, body in (("GET", "", None), ("PUT", "", {"server": {"name": "stolen"}}), ("DELETE", "", None),
                                   ("POST", "/action", {"os-stop": None}), ("POST", "/action", {"os-getConsoleOutput": {}}),
                                   ("POST", "/action", {"reboot": {"type": "HARD"}}), ("POST", "/action", {"lock": None}),
                                   ("POST", "/action", {"addSecurityGroup": {"name": "default"}}),
                                   ("GET", "/metadata", None), ("PUT", "/metadata/a", {"meta": {"a": "b"}}), ("GET", "/ips", None),
                                   ("GET", "/os-interface", None), ("GET", "/os-instance-actions", None),
                                   ("GET", "/os-server-password", None), ("GET", "/tags", None), ("DELETE", "/tags", None),
                                   ("GET", "/os-volume_attachments", None), ("GET", "/os-security-groups", None),
                                   ("POST", "/remote-consoles", {"remote_console": {"protocol": "vnc", "type": "novnc"}})):
            with self.subTest(method=method, path=path, body=body):
                foreign = self.refused(method, f"/servers/{server}{path}", body, 404, project="theirs")
                unknown = self.refused(method, f"/servers/{NOBODY}{path}", body, 404, project="theirs")
                self.assertEqual(foreign.replace(server, "ID"), unknown.replace(NOBODY, "ID"))
        self.assertEqual(self.call("GET", "/servers?all_tenants=0", project="theirs")["servers"], [])
        self.assertEqual(self.show(server, "mine")["status"], "ACTIVE")
        self.assertIn(server, [row["id"] for row in self.as_operator("GET", "/servers?all_tenants=1")["servers"]])
        self.assertEqual(self.ask("GET", "/servers?all_tenants=1", project="theirs").status, 403)
        self.remove(server, project="mine")

    def test_what_is_for_operators_is_refused_to_others(self):
        server = self.running("plain")
        for method, path, body in (("POST", f"/servers/{server}/action", {"os-resetState": {"state": "error"}}),
                                   ("POST", "/servers", self.wanted(availability_zone="nova:simulated-1")),
                                   ("GET", "/os-hypervisors", None), ("GET", "/os-services", None),
                                   ("PUT", "/os-quota-sets/one", {"quota_set": {"cores": 1000}}), ("GET", "/os-quota-sets/two", None),
                                   ("POST", "/flavors", {"flavor": {"name": "x", "ram": 1, "vcpus": 1, "disk": 1}}),
                                   ("DELETE", f"/flavors/{self.flavor}", None)):
            with self.subTest(method=method, path=path):
                self.refused(method, path, body, 403)
        forced = self.as_operator("POST", "/servers", self.wanted(availability_zone="nova:simulated-1"))["server"]["id"]
        self.wait_until(forced, project="admin")
        self.as_operator("POST", "/servers", self.wanted(availability_zone="nova:nowhere"), 400)
        self.remove(server)
        self.remove(forced, project="admin")

    def test_a_quota_holds_whoever_asks_at_the_same_time(self):
        replies = at_once(12, lambda n: self.ask("POST", "/servers", self.wanted(f"many-{n}"), project="race"))
        made = [reply.json["server"]["id"] for reply in replies if reply.status == 202]
        self.assertEqual(sorted(reply.status for reply in replies), [202] * 6 + [403] * 6)
        self.assertIn("Quota exceeded", next(reply for reply in replies if reply.status == 403).text)
        for server in made:
            self.wait_until(server, project="race")
        self.assertEqual(self.used("race"), (6, 6, 6 * 128))
        replies = at_once(12, lambda n: self.ask("DELETE", f"/servers/{made[n // 2]}", project="race"))
        self.assertLessEqual({reply.status for reply in replies}, {204, 404})
        for server in made:
            self.wait_until(server, "", "race")
        self.assertEqual(self.used("race"), (0, 0, 0))
        self.assert_in_order()

    def test_of_many_actions_at_once_one_is_done(self):
        server = self.running("busy")
        replies = at_once(6, lambda _: self.act(server, "os-stop"))
        self.assertEqual(sorted(reply.status for reply in replies), [202] + [409] * 5)
        self.wait_until(server, "SHUTOFF")
        self.remove(server)

    def test_no_change_of_many_at_once_is_lost(self):
        server = self.running("shared")
        replies = at_once(8, lambda n: self.ask("PUT", f"/servers/{server}/metadata/key-{n}", {"meta": {f"key-{n}": str(n)}}))
        done = {f"key-{n}": str(n) for n, reply in enumerate(replies) if reply.status == 200}
        self.assertLessEqual({reply.status for reply in replies}, {200, 409})
        self.assertTrue(done)
        self.assertEqual(self.show(server)["metadata"], done)
        self.remove(server)

    def test_tags_are_set_read_and_listed_by(self):
        red, both = self.running("red", "tags"), self.running("both", "tags")

        def call(method, path, body=None, code=None):
            return self.call(method, path, body, code, project="tags", version="2.26")
        call("PUT", f"/servers/{red}/tags/red", code=201)
        call("PUT", f"/servers/{red}/tags/red", code=204)
        self.assertEqual(call("PUT", f"/servers/{both}/tags", {"tags": ["red", "blue", "red"]})["tags"], ["blue", "red"])
        call("GET", f"/servers/{both}/tags/blue", code=204)
        call("GET", f"/servers/{red}/tags/blue", code=404)
        for query, names in (("tags=red", {"red", "both"}), ("tags=red,blue", {"both"}), ("tags-any=blue,green", {"both"}),
                             ("not-tags=red,blue", {"red"}), ("not-tags-any=blue", {"red"}), ("tags=red&not-tags=blue", {"red"})):
            with self.subTest(query=query):
                self.assertEqual({row["name"] for row in call("GET", f"/servers?{query}")["servers"]}, names)
        for bad in (["a,b"], ["a/b"], [""], ["x" * 61], [f"t{n}" for n in range(51)], [5], "red"):
            with self.subTest(bad=str(bad)[:40]):
                call("PUT", f"/servers/{red}/tags", {"tags": bad}, 400)
        call("DELETE", f"/servers/{red}/tags/red", code=204)
        call("DELETE", f"/servers/{red}/tags/red", code=404)
        call("DELETE", f"/servers/{both}/tags", code=204)
        self.assertEqual(call("GET", f"/servers/{both}/tags")["tags"], [])
        self.assertEqual(self.ask("GET", f"/servers/{red}/tags", project="tags", version="2.25").status, 404)
        self.remove(red, both, project="tags")

    def test_a_hint_that_cannot_be_kept_is_refused(self):
        body = {**self.wanted(), "os:scheduler_hints": {"group": NOBODY}}
        self.assertIn(NOBODY, self.refused("POST", "/servers", body))
        server = self.call("POST", "/servers", {**self.wanted(), "os:scheduler_hints": {"colour": "red"}})["server"]["id"]
        self.wait_until(server)
        self.remove(server)

    def test_the_newest_version_shows_what_it_should(self):
        server = self.running("new")
        found = self.call("GET", f"/servers/{server}", version=NEWEST)["server"]
        self.assertEqual((found["tags"], found["locked"], found["server_groups"], found["flavor"]["original_name"]),
                         ([], False, [], "tiny"))
        self.assertNotIn("OS-EXT-SRV-ATTR:host", found)
        self.remove(server)


if __name__ == "__main__":
    unittest.main()
