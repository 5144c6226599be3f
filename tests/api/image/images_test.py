"""The image API through the real daemon, with its plugins in the daemon and in processes of their own."""

import hashlib
import http.client
import json
import struct
import unittest

from cloud import OPEN, Cloud, wait_for

V2 = "/image/v2"
IMAGES = V2 + "/images"
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch", "Accept": ""}
BYTES = {"Content-Type": "application/octet-stream", "Accept": ""}
NOWHERE = "00000000-0000-4000-8000-000000000000"


def config(link, more=""):
    return f"""{OPEN}
open.roles = ["member", "reader"]
[plugin.image_service]
link = "{link}"
[plugin.image_service.config]
{more}
[plugin.image_file]
link = "{link}"
[plugin.image_file.config]
directory = "{{state}}/images"
"""


def qcow2(size=1 << 30, backing=0, features=0):
    """A header of version 3 and nothing behind it."""
    return struct.pack(">4sIQIIQIIQQIIQQQQII", b"QFI\xfb", 3, backing, 0, 16, size, 0, 1, 0, 0, 1, 0, 0, features, 0, 0, 4,
                       104) + bytes(512)


class Api:
    link = None
    more = "size_limit = 3000000\nquota_count = 4\nquota_mib = 5"

    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(Cloud(config(cls.link, cls.more)))

    def ask(self, method, path, body=None, project="mine", code=200, headers=()):
        reply = self.cloud.ask(method, path, body, project, headers)
        self.assertEqual(reply.status, code, f"{method} {path}: {reply}")
        return reply

    def make(self, project="mine", **image):
        image = {"name": "one", "disk_format": "raw", "container_format": "bare", **image}
        return self.ask("POST", IMAGES, image, project, 201).json

    def exchange(self, method, path, body=None, project="mine", headers=()):
        """With bytes both ways; chunked, as the clients send them."""
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port(), timeout=30)
        sent = {"X-Auth-Token": f"somebody:{project}", **dict(headers)}
        pieces = None if body is None else iter([body[:1000], body[1000:]])
        try:
            connection.request(method, path, pieces, sent, encode_chunked=False)
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            connection.close()

    def upload(self, image, data, code=204, project="mine", headers=()):
        status, _, said = self.exchange("PUT", f"{IMAGES}/{image['id']}/file", data, project, {**BYTES, **dict(headers)})
        self.assertEqual(status, code, said)
        return said.decode()

    def download(self, image, code=200, project="mine", headers=()):
        status, heads, data = self.exchange("GET", f"{IMAGES}/{image['id']}/file", None, project, headers)
        self.assertEqual(status, code, data)
        return heads, data

    def show(self, image, project="mine", code=200):
        reply = self.ask("GET", f"{IMAGES}/{image['id']}", None, project, code)
        return reply.json if code == 200 else reply

    def patch(self, image, *operations, project="mine", code=200):
        return self.ask("PATCH", f"{IMAGES}/{image['id']}", json.dumps(operations), project, code, PATCH)

    def names(self, query="", project="mine"):
        return sorted(one["name"] for one in self.ask("GET", IMAGES + query, None, project).json["images"])

    # ---- what the client does ----

    def test_an_image_lives_from_create_to_delete(self):
        made = self.make("life", name="first", **{"owner_specified.openstack.md5": "", "hw_rng_model": "virtio"})
        self.assertEqual((made["status"], made["visibility"], made["size"], made["hw_rng_model"]),
                         ("queued", "shared", None, "virtio"))
        for key in ["checksum", "os_hash_algo", "os_hash_value", "os_hidden", "owner", "protected", "tags", "min_disk",
                    "min_ram", "virtual_size", "created_at", "updated_at", "file", "schema", "self",
                    "owner_specified.openstack.md5"]:
            self.assertIn(key, made)
        for key in ["properties", "members", "audience", "facets"]:
            self.assertNotIn(key, made)
        self.assertEqual(made["self"], f"/v2/images/{made['id']}")
        self.download(made, 204, "life")

        data = bytes(range(256)) * 40
        self.upload(made, data, project="life")
        found = self.show(made, "life")
        self.assertEqual((found["status"], found["size"], found["virtual_size"]), ("active", len(data), len(data)))
        self.assertEqual(found["checksum"], hashlib.md5(data).hexdigest())
        self.assertEqual((found["os_hash_algo"], found["os_hash_value"]), ("sha512", hashlib.sha512(data).hexdigest()))
        heads, there = self.download(made, 200, "life")
        self.assertEqual((there, heads["Content-MD5"], heads["Content-Type"]),
                         (data, found["checksum"], "application/octet-stream"))
        heads, part = self.download(made, 206, "life", {"Range": "bytes=10-19"})
        self.assertEqual(part, data[10:20])
        self.assertIn("409", str(self.exchange("PUT", f"{IMAGES}/{made['id']}/file", data, "life", BYTES)[0]))

        self.ask("DELETE", f"{IMAGES}/{made['id']}", None, "life", 204)
        self.show(made, "life", 404)
        self.assertEqual(self.names(project="life"), [])
        wait_for("the data to be gone", lambda: not (self.cloud.state / "images" / made["id"]).exists() or None)

    def test_a_patch_adds_replaces_and_removes(self):
        made = self.make("patch", old="x")
        changed = self.patch(made, {"op": "replace", "path": "/name", "value": "two"},
                             {"op": "add", "path": "/min_disk", "value": 3},
                             {"op": "add", "path": "/owner_specified.openstack.md5", "value": ""},
                             {"op": "add", "path": "/with~1slash", "value": "y"},
                             {"op": "remove", "path": "/old"},
                             {"op": "replace", "path": "/tags", "value": ["a", "b", "a"]}, project="patch").json
        self.assertEqual((changed["name"], changed["min_disk"], changed["with/slash"], changed["tags"]),
                         ("two", 3, "y", ["a", "b"]))
        self.assertEqual(changed["owner_specified.openstack.md5"], "")
        self.assertNotIn("old", changed)
        self.assertEqual(self.show(made, "patch"), changed)
        older = self.ask("PATCH", f"{IMAGES}/{made['id']}", json.dumps([{"replace": "/name", "value": "three"}]), "patch",
                         200, {"Content-Type": "application/openstack-images-v2.0-json-patch"})
        self.assertEqual(older.json["name"], "three")
        for operation, code in [({"op": "replace", "path": "/status", "value": "active"}, 403),
                                ({"op": "add", "path": "/os_glance_x", "value": "1"}, 403),
                                ({"op": "remove", "path": "/name"}, 403),
                                ({"op": "remove", "path": "/absent"}, 409),
                                ({"op": "replace", "path": "/absent", "value": "1"}, 409),
                                ({"op": "add", "path": "/number", "value": 1}, 400),
                                ({"op": "replace", "path": "/min_disk", "value": -1}, 400),
                                ({"op": "replace", "path": "/visibility", "value": "public"}, 403),
                                ({"op": "replace", "path": "/visibility", "value": "secret"}, 400),
                                ({"op": "move", "path": "/name"}, 400), ({"op": "add", "path": "name", "value": "1"}, 400),
                                ({"op": "add", "path": "/a/b", "value": "1"}, 400), ({"op": "add", "path": "/x"}, 400),
                                ("text", 400)]:
            with self.subTest(operation=operation):
                self.patch(made, operation, project="patch", code=code)
        self.ask("PATCH", f"{IMAGES}/{made['id']}", {"op": "add"}, "patch", 400, PATCH)
        self.ask("PATCH", f"{IMAGES}/{made['id']}", [], "patch", 415)
        self.assertEqual(self.show(made, "patch")["name"], "three")

    def test_tags_are_put_and_removed(self):
        made = self.make("tags")
        for _ in range(2):
            self.ask("PUT", f"{IMAGES}/{made['id']}/tags/blue%20sky", None, "tags", 204)
        self.assertEqual(self.show(made, "tags")["tags"], ["blue sky"])
        self.assertEqual(self.names("?tag=blue%20sky", "tags"), ["one"])
        self.ask("DELETE", f"{IMAGES}/{made['id']}/tags/blue%20sky", None, "tags", 204)
        self.ask("DELETE", f"{IMAGES}/{made['id']}/tags/blue%20sky", None, "tags", 404)

    # ---- who sees what ----

    def test_another_projects_image_is_not_there(self):
        made = self.make("ours", visibility="private")
        foreign, unknown = self.show(made, "theirs", 404), self.show({"id": NOWHERE}, "theirs", 404)
        self.assertEqual(foreign.text.replace(made["id"], NOWHERE), unknown.text)
        self.assertIn("<html>", foreign.text)
        self.assertEqual(self.names(project="theirs"), [])
        for method, path in [("DELETE", ""), ("PATCH", ""), ("GET", "/file"), ("PUT", "/file"), ("GET", "/members"),
                             ("PUT", "/tags/x"), ("DELETE", "/tags/x")]:
            with self.subTest(method=method, path=path):
                self.ask(method, f"{IMAGES}/{made['id']}{path}", "[]", "theirs", 404,
                         PATCH if method == "PATCH" else BYTES)
        self.ask("GET", f"{IMAGES}?marker={made['id']}", None, "theirs", 400)

    def test_a_community_image_is_for_all_and_in_nobodys_way(self):
        made = self.make("giver", name="gift", visibility="community")
        self.assertEqual(self.show(made, "anybody")["name"], "gift")
        self.assertEqual(self.names(project="anybody"), [])
        self.assertEqual(self.names("?visibility=community", "anybody"), ["gift"])
        self.assertEqual(self.names(project="giver"), ["gift"])
        self.ask("DELETE", f"{IMAGES}/{made['id']}", None, "anybody", 403)
        self.ask("DELETE", f"{IMAGES}/{made['id']}", None, "giver", 204)

    def test_a_shared_image_shows_when_its_member_accepts_it(self):
        made = self.make("sharer", name="shared")
        members = f"{IMAGES}/{made['id']}/members"
        self.show(made, "friend", 404)
        added = self.ask("POST", members, {"member": "friend"}, "sharer").json
        self.assertEqual((added["member_id"], added["image_id"], added["status"], added["schema"]),
                         ("friend", made["id"], "pending", "/v2/schemas/member"))
        self.ask("POST", members, {"member": "friend"}, "sharer", 409)
        self.ask("POST", members, {"member": "third"}, "friend", 403)
        self.assertEqual(self.show(made, "friend")["id"], made["id"])
        self.assertEqual(self.names(project="friend"), [])
        self.assertEqual(self.names("?member_status=pending&visibility=shared", "friend"), ["shared"])
        self.ask("PUT", f"{members}/friend", {"status": "accepted"}, "sharer", 403)
        self.ask("PUT", f"{members}/friend", {"status": "maybe"}, "friend", 400)
        self.ask("PUT", f"{members}/friend", {"status": "accepted"}, "friend")
        self.assertEqual(self.names(project="friend"), ["shared"])
        listed = self.ask("GET", members, None, "friend").json
        self.assertEqual(([one["member_id"] for one in listed["members"]], listed["schema"]),
                         (["friend"], "/v2/schemas/members"))
        self.ask("GET", f"{members}/third", None, "friend", 404)
        self.ask("DELETE", f"{members}/friend", None, "sharer", 204)
        self.show(made, "friend", 404)

    def test_hidden_images_are_listed_on_request(self):
        self.make("hider", name="hidden", os_hidden=True)
        self.assertEqual((self.names(project="hider"), self.names("?os_hidden=True", "hider")), ([], ["hidden"]))

    # ---- lists ----

    def test_lists_filter_sort_and_page(self):
        for i in range(4):
            self.make("lists", name=f"i{i}", min_ram=i, visibility="private" if i else "shared", kind="even" if i % 2 == 0
                      else "odd")
        for query, expected in [("?name=i2", ["i2"]), ("?name=in:i1,i3", ["i1", "i3"]), ("?kind=odd", ["i1", "i3"]),
                                ("?visibility=private", ["i1", "i2", "i3"]), ("?min_ram=1", ["i1"]),
                                ("?status=queued&disk_format=qcow2", []), ("?protected=false&limit=2&sort_key=name"
                                                                           "&sort_dir=asc", ["i0", "i1"]),
                                ("?created_at=gt:2020-01-01T00:00:00Z", ["i0", "i1", "i2", "i3"]),
                                ("?created_at=lt:2020-01-01T00:00:00Z", []), ("?size_min=1", [])]:
            with self.subTest(query=query):
                self.assertEqual(self.names(query, "lists"), expected)
        for query in ["?visibility=secret", "?member_status=maybe", "?size_min=x", "?os_hidden=maybe", "?sort_key=colour",
                      "?limit=-1", f"?marker={NOWHERE}", "?created_at=yesterday", '?name=in:"x']:
            with self.subTest(query=query):
                self.ask("GET", IMAGES + query, None, "lists", 400)
        seen, path = [], "/v2/images?limit=3&sort=name:asc"
        while path:
            page = self.ask("GET", "/image" + path, None, "lists").json
            self.assertEqual((page["schema"], page["first"]), ("/v2/schemas/images", "/v2/images?limit=3&sort=name:asc"
                             if not seen else page["first"]))
            seen += [one["name"] for one in page["images"]]
            path = page.get("next")
        self.assertEqual(seen, ["i0", "i1", "i2", "i3"])

    # ---- uploads that must not be ----

    def test_data_is_looked_at_before_it_is_used(self):
        whole, backed, split = qcow2(), qcow2(backing=200), qcow2(features=4)
        image = self.make("looks", disk_format="qcow2")
        for data, said in [(backed, "backing file"), (split, "external data file"), (b"no disk", "raw"), (b"", "raw"),
                           (whole[:40], "breaks off")]:
            with self.subTest(said=said):
                self.assertIn(said, self.upload(image, data, 400, "looks"))
                self.assertEqual(self.show(image, "looks")["status"], "queued")
        self.upload(image, whole, project="looks")
        self.assertEqual(self.show(image, "looks")["virtual_size"], 1 << 30)
        raw = self.make("looks")
        self.assertIn("qcow2", self.upload(raw, backed, 400, "looks"))
        self.assertIn("qcow2", self.upload(raw, whole, 400, "looks"))
        self.download(raw, 204, "looks")

    def test_an_upload_has_its_bounds(self):
        image = self.make("bounds")
        self.assertIn("at most 3000000 bytes", self.upload(image, bytes(3000001), 413, "bounds"))
        self.assertIn("announced", self.upload(image, b"1234", 400, "bounds", {"x-openstack-image-size": "5"}))
        self.upload(image, b"", 413, "bounds", {"x-openstack-image-size": "3000001"})
        self.upload(image, b"", 400, "bounds", {"x-openstack-image-size": "many"})
        status, _, _ = self.exchange("PUT", f"{IMAGES}/{image['id']}/file", b"x", "bounds", {"Content-Type": "text/plain"})
        self.assertEqual(status, 415)
        self.upload(image, bytes(3000000), project="bounds")
        second = self.make("bounds", name="second")
        self.assertIn("2 MiB left", self.upload(second, bytes(2500000), 413, "bounds"))
        self.upload(second, bytes(1 << 20), project="bounds")
        unformatted = self.ask("POST", IMAGES, {"name": "x"}, "bounds", 201).json
        self.assertIn("must be set", self.upload(unformatted, b"x", 400, "bounds"))

    def test_a_project_gets_no_more_images_than_its_quota(self):
        ids = [self.make("full", name=f"i{i}")["id"] for i in range(4)]
        self.ask("POST", IMAGES, {"name": "one too many"}, "full", 413)
        self.ask("DELETE", f"{IMAGES}/{ids[0]}", None, "full", 204)
        self.make("full")

    # ---- refusals and documents ----

    def test_bad_bodies_are_refused(self):
        for body, code in [({"name": "x" * 256}, 400), ({"name": 5}, 400), ({"disk_format": "floppy"}, 400),
                           ({"id": "no-uuid"}, 400), ({"status": "active"}, 403), ({"deleted": "yes"}, 403),
                           ({"extra": 5}, 400), ({"os_glance_x": "1"}, 403), ({"visibility": "public"}, 403),
                           ({"owner": "another"}, 403), ({"min_ram": "much"}, 400), ({"tags": ["t" * 256]}, 400),
                           ({f"p{i}": "" for i in range(129)}, 413), ([], 400), ("{", 400), ("", 400)]:
            with self.subTest(body=body):
                self.ask("POST", IMAGES, body, "bad", code)
        self.assertEqual(self.names(project="bad"), [])

    def test_an_id_is_given_once(self):
        chosen = "3c5e0b3c-8b1f-4b6e-9d1a-6f1f4b1d2c3e"
        made = self.ask("POST", IMAGES, {"id": chosen}, "ids", 201)
        self.assertEqual(made.json["id"], chosen)
        self.assertTrue(made.headers["Location"].endswith(f"/image/v2/images/{chosen}"), made.headers["Location"])
        self.ask("POST", IMAGES, {"id": chosen}, "others", 409)

    def test_a_protected_image_stays(self):
        made = self.make("safe", protected=True)
        self.ask("DELETE", f"{IMAGES}/{made['id']}", None, "safe", 403)
        self.patch(made, {"op": "replace", "path": "/protected", "value": False}, project="safe")
        self.ask("DELETE", f"{IMAGES}/{made['id']}", None, "safe", 204)

    def test_it_says_what_it_speaks(self):
        root = self.cloud.ask("GET", "/image/")
        self.assertEqual((root.status, root.json["versions"][0]["status"]), (300, "CURRENT"))
        self.assertEqual(self.cloud.ask("GET", "/image/versions").status, 200)
        for version in root.json["versions"]:
            self.assertEqual(set(version), {"id", "status", "links"})
        image = self.ask("GET", V2 + "/schemas/image").json
        self.assertEqual((image["name"], image["additionalProperties"]), ("image", {"type": "string"}))
        self.assertTrue(image["properties"]["status"]["readOnly"])
        self.assertEqual(self.ask("GET", V2 + "/schemas/images").json["name"], "images")


class InTheDaemon(Api, unittest.TestCase):
    link = "in-process"


class InProcessesOfTheirOwn(Api, unittest.TestCase):
    link = "process"


class Crashes(Api, unittest.TestCase):
    """The daemon dies in the middle of an upload."""
    link = "in-process"

    def test_an_upload_that_broke_off_leaves_an_image_to_delete_and_no_data(self):
        image = self.make("crash")
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port(), timeout=30)
        connection.putrequest("PUT", f"{IMAGES}/{image['id']}/file")
        for name, value in {**BYTES, "Transfer-Encoding": "chunked", "X-Auth-Token": "somebody:crash"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        kept = self.cloud.state / "images"
        wait_for("the upload to begin", lambda: list(kept.glob(f"{image['id']}.*.part")) or None)
        self.assertEqual(self.show(image, "crash")["status"], "saving")
        self.cloud.kill()
        connection.close()
        self.cloud.start()
        wait_for("the upload's end", lambda: self.show(image, "crash")["status"] == "killed" or None)
        self.assertEqual(list(kept.glob(f"{image['id']}*")), [])
        self.upload(image, b"again", 409, "crash")
        self.assertEqual(self.cloud.volutus("verify", "--json"), [])
        self.ask("DELETE", f"{IMAGES}/{image['id']}", None, "crash", 204)

    def test_an_image_can_be_deleted_while_it_is_saving(self):
        image = self.make("gone")
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port(), timeout=30)
        connection.putrequest("PUT", f"{IMAGES}/{image['id']}/file")
        for name, value in {**BYTES, "Content-Length": "5", "X-Auth-Token": "somebody:gone"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(b"123")
        wait_for("the upload to begin", lambda: self.show(image, "gone")["status"] == "saving" or None)
        self.ask("DELETE", f"{IMAGES}/{image['id']}", None, "gone", 204)
        self.show(image, "gone", 404)
        connection.send(b"45")
        self.assertEqual(connection.getresponse().status, 410)
        connection.close()
        self.assertEqual(self.cloud.volutus("verify", "--json"), [])


if __name__ == "__main__":
    unittest.main()
