"""Resource providers, what belongs to one, and the names of classes and traits."""

import unittest

from placement_cloud import PlacementCloud, new_id


class Providers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(PlacementCloud())
        cls.call = staticmethod(cls.cloud.call)
        cls.make = staticmethod(cls.cloud.make_provider)

    def found(self, query, version="1.39"):
        return [one["uuid"] for one in self.call("GET", "/resource_providers?" + query, version=version)["resource_providers"]]

    def test_the_root_tells_the_versions_to_anybody(self):
        reply = self.cloud.ask("GET", "/placement/")
        version = reply.json["versions"][0]
        self.assertEqual((reply.status, version["id"], version["min_version"], version["max_version"]), (200, "v1.0", "1.0", "1.39"))

    def test_a_version_that_is_not_spoken_is_refused_with_the_bounds(self):
        for version in ("1.40", "2.0", "0.9"):
            reply = self.cloud.reply("GET", "/resource_providers", version=version)
            self.assertEqual((reply.status, reply.json["errors"][0]["max_version"]), (406, "1.39"), reply)
        self.assertEqual(self.cloud.reply("GET", "/resource_providers", version="latest").headers["OpenStack-API-Version"],
                         "placement 1.39")
        self.assertEqual(self.cloud.reply("GET", "/resource_providers", version=None).headers["OpenStack-API-Version"],
                         "placement 1.0")

    def test_a_provider_lives(self):
        name = new_id()
        made = self.cloud.reply("POST", "/resource_providers", {"name": name}, "1.19")
        self.assertEqual((made.status, made.text), (201, ""))
        made = made.headers["Location"].rsplit("/", 1)[1]
        shown = self.cloud.reply("GET", f"/resource_providers/{made}")
        self.assertEqual(shown.json, {
            "uuid": made, "name": name, "generation": 0, "parent_provider_uuid": None, "root_provider_uuid": made,
            "links": [{"rel": rel, "href": f"/placement/resource_providers/{made}" + (f"/{rel}" if rel != "self" else "")}
                      for rel in ("self", "inventories", "usages", "aggregates", "traits", "allocations")]})
        self.assertEqual(shown.headers["Cache-Control"], "no-cache")
        self.assertTrue(shown.headers["Last-Modified"].endswith(" GMT"))
        old = self.cloud.reply("GET", f"/resource_providers/{made}", version="1.0")
        self.assertEqual(set(old.json), {"uuid", "name", "generation", "links"})
        self.assertEqual([link["rel"] for link in old.json["links"]], ["self", "inventories", "usages"])
        self.assertNotIn("Last-Modified", old.headers)
        self.assertEqual(self.call("PUT", f"/resource_providers/{made}", {"name": name + "!"})["name"], name + "!")
        self.call("DELETE", f"/resource_providers/{made}")
        self.call("GET", f"/resource_providers/{made}", code=404)
        self.call("DELETE", f"/resource_providers/{made}", code=404)

    def test_bad_bodies_are_refused(self):
        for body in ("", "{", [], {}, {"name": ""}, {"name": "x" * 201}, {"name": 7}, {"name": "n", "uuid": "no"},
                     {"name": "n", "more": 1}, {"name": "n", "parent_provider_uuid": new_id()}, {"name": None}):
            self.call("POST", "/resource_providers", body, code=400)
        self.call("POST", "/resource_providers", {"name": "n", "parent_provider_uuid": None}, version="1.13", code=400)

    def test_two_of_one_name_or_uuid_conflict(self):
        name, uuid = new_id(), new_id()
        self.call("POST", "/resource_providers", {"name": name, "uuid": uuid})
        for again in ({"name": name}, {"name": new_id(), "uuid": uuid}):
            reply = self.cloud.reply("POST", "/resource_providers", again)
            self.assertEqual((reply.status, reply.json["errors"][0]["code"]), (409, "placement.duplicate_name"), reply)

    def test_trees_grow_move_and_are_no_rings(self):
        top, other = self.make(), self.make()
        middle = self.make(parent=top)
        leaf = self.make(parent=middle)
        self.assertEqual(set(self.found(f"in_tree={leaf}")), {top, middle, leaf})
        reply = self.cloud.reply("DELETE", f"/resource_providers/{middle}")
        self.assertEqual((reply.status, reply.json["errors"][0]["code"]),
                         (409, "placement.resource_provider.cannot_delete_parent"))
        body = {"name": new_id(), "parent_provider_uuid": other}
        self.call("PUT", f"/resource_providers/{middle}", body, version="1.36", code=400)
        self.call("PUT", f"/resource_providers/{middle}", body)
        self.assertEqual(set(self.found(f"in_tree={other}")), {other, middle, leaf})
        self.assertEqual(self.call("GET", f"/resource_providers/{leaf}")["root_provider_uuid"], other)
        for ring in (leaf, middle, new_id()):
            self.call("PUT", f"/resource_providers/{middle}", body | {"parent_provider_uuid": ring}, code=400)
        self.call("PUT", f"/resource_providers/{middle}", body | {"parent_provider_uuid": None})
        self.assertEqual(set(self.found(f"in_tree={leaf}")), {middle, leaf})
        self.call("PUT", f"/resource_providers/{leaf}", {"name": new_id()})  # keeps its parent
        self.assertEqual(self.call("GET", f"/resource_providers/{leaf}")["parent_provider_uuid"], middle)

    def test_lists_are_narrowed(self):
        group, other = new_id(), new_id()
        big = self.make("narrow-big", aggregates=[group], traits=["HW_CPU_X86_AVX", "CUSTOM_GOLD"], VCPU=64)
        small = self.make("narrow-small", aggregates=[group, other], traits=["HW_CPU_X86_AVX"],
                          VCPU={"total": 4, "max_unit": 2})
        both = {big, small}
        self.assertEqual(self.found("name=narrow-big"), [big])
        self.assertEqual(self.found(f"uuid={small}&name=narrow-small"), [small])
        self.assertEqual(self.found(f"uuid={small}&name=narrow-big"), [])
        self.assertEqual(set(self.found(f"member_of={group}")), both)
        self.assertEqual(self.found(f"member_of={group}&member_of=in:{other},{new_id()}"), [small])
        self.assertEqual(self.found(f"member_of={group}&member_of=!{other}"), [big])
        self.assertEqual(set(self.found(f"resources=VCPU:2&member_of={group}")), both)
        self.assertEqual(self.found(f"resources=VCPU:3&member_of={group}"), [big])
        self.assertEqual(self.found(f"required=CUSTOM_GOLD&member_of={group}"), [big])
        self.assertEqual(self.found(f"required=HW_CPU_X86_AVX,!CUSTOM_GOLD&member_of={group}"), [small])
        self.assertEqual(set(self.found(f"required=in:CUSTOM_GOLD,HW_CPU_X86_AVX&member_of={group}")), both)
        self.assertEqual(self.found(f"in_tree={new_id()}"), [])

    def test_queries_that_mean_nothing_are_refused(self):
        for query, version in (("uuid=no", "1.39"), ("member_of=no", "1.39"), ("in_tree=no", "1.39"), ("resources=", "1.39"),
                               ("resources=VCPU", "1.39"), ("resources=VCPU:0", "1.39"), ("resources=VCPU:x", "1.39"),
                               ("resources=NOTHING:1", "1.39"), ("required=CUSTOM_UNHEARD", "1.39"), ("required=", "1.39"),
                               ("required=in:HW_CPU_X86_AVX", "1.38"), ("required=!HW_CPU_X86_AVX", "1.21"),
                               (f"member_of=!{new_id()}", "1.31"), (f"member_of={new_id()}&member_of={new_id()}", "1.23"),
                               ("limit=1", "1.39"), (f"in_tree={new_id()}", "1.13"), ("resources=VCPU:1", "1.3"),
                               (f"member_of={new_id()}", "1.2"), ("resources=" + "VCPU:1," * 300, "1.39")):
            self.call("GET", "/resource_providers?" + query, version=version, code=400)

    def test_inventories_change_from_one_generation_to_the_next(self):
        provider = self.make(VCPU=8)
        path = f"/resource_providers/{provider}/inventories"
        shown = self.call("GET", path)
        self.assertEqual(shown, {"resource_provider_generation": 1, "inventories": {"VCPU": {
            "total": 8, "reserved": 0, "min_unit": 1, "max_unit": 2147483647, "step_size": 1, "allocation_ratio": 1.0}}})
        late = self.cloud.reply("PUT", path, {"resource_provider_generation": 0, "inventories": {}})
        self.assertEqual((late.status, late.json["errors"][0]["code"]), (409, "placement.concurrent_update"))
        added = self.cloud.reply("POST", path, {"resource_class": "DISK_GB", "total": 5, "allocation_ratio": 1.5})
        self.assertEqual((added.status, added.json["allocation_ratio"]), (201, 1.5))
        self.assertTrue(added.headers["Location"].endswith("/inventories/DISK_GB"))
        self.call("POST", path, {"resource_class": "DISK_GB", "total": 5}, code=409)
        self.call("PUT", path + "/DISK_GB", {"resource_provider_generation": 2, "total": 9, "reserved": 9})
        self.call("PUT", path + "/DISK_GB", {"resource_provider_generation": 3, "total": 9, "reserved": 9}, version="1.25", code=400)
        self.assertEqual(self.call("GET", path + "/DISK_GB")["total"], 9)
        self.call("DELETE", path + "/DISK_GB")
        self.call("GET", path + "/DISK_GB", code=404)
        self.call("DELETE", path + "/DISK_GB", code=404)
        self.call("DELETE", path)
        self.assertEqual(self.call("GET", path)["inventories"], {})

    def test_inventories_that_cannot_be_are_refused(self):
        provider = self.make()
        path = f"/resource_providers/{provider}/inventories"
        for inventory in ({}, {"total": 0}, {"total": -1}, {"total": 2147483648}, {"total": "8"}, {"total": 1.5}, {"total": True},
                          {"total": 8, "reserved": 9}, {"total": 8, "min_unit": 0}, {"total": 8, "step_size": 0},
                          {"total": 8, "allocation_ratio": 0}, {"total": 8, "allocation_ratio": "2"}, {"total": 8, "more": 1}, 7):
            self.call("PUT", path, {"resource_provider_generation": 0, "inventories": {"VCPU": inventory}}, code=400)
        for name in ("vcpu", "CUSTOM_UNHEARD", "", "A" * 256):
            self.call("PUT", path, {"resource_provider_generation": 0, "inventories": {name: {"total": 1}}}, code=400)
        self.call("PUT", path, {"inventories": {}}, code=400)
        self.call("PUT", path + "/VCPU", {"resource_provider_generation": 0, "total": 1}, code=400)
        self.assertEqual(self.cloud.generation(provider), 0)

    def test_custom_classes_live_while_nothing_needs_them(self):
        standard = [one["name"] for one in self.call("GET", "/resource_classes")["resource_classes"]]
        self.assertLessEqual({"VCPU", "MEMORY_MB", "DISK_GB", "PCPU", "VGPU"}, set(standard))
        made = self.cloud.reply("POST", "/resource_classes", {"name": "CUSTOM_ONE"})
        self.assertTrue((made.status, made.headers["Location"].endswith("/resource_classes/CUSTOM_ONE")), (201, True))
        self.call("POST", "/resource_classes", {"name": "CUSTOM_ONE"}, code=409)
        for name in ("VCPU", "ONE", "custom_one", "CUSTOM_", "CUSTOM_" + "A" * 250, "", 5):
            self.call("POST", "/resource_classes", {"name": name}, code=400)
        self.assertEqual(self.cloud.reply("PUT", "/resource_classes/CUSTOM_TWO").status, 201)
        self.assertEqual(self.cloud.reply("PUT", "/resource_classes/CUSTOM_TWO").status, 204)
        self.call("PUT", "/resource_classes/VCPU", code=400)
        self.call("PUT", "/resource_classes/CUSTOM_TWO", {"name": "CUSTOM_THREE"}, version="1.6")
        self.call("GET", "/resource_classes/CUSTOM_TWO", code=404)
        self.assertEqual(self.call("GET", "/resource_classes/CUSTOM_THREE"), {
            "name": "CUSTOM_THREE", "links": [{"rel": "self", "href": "/placement/resource_classes/CUSTOM_THREE"}]})
        provider = self.make(CUSTOM_ONE=3)
        self.call("DELETE", "/resource_classes/CUSTOM_ONE", code=409)
        self.call("PUT", "/resource_classes/CUSTOM_ONE", {"name": "CUSTOM_FOUR"}, version="1.6", code=409)
        self.call("DELETE", f"/resource_providers/{provider}/inventories")
        self.call("DELETE", "/resource_classes/CUSTOM_ONE")
        self.call("DELETE", "/resource_classes/CUSTOM_ONE", code=404)
        self.call("DELETE", "/resource_classes/VCPU", code=400)
        self.call("GET", "/resource_classes", version="1.1", code=404)

    def test_custom_traits_live_while_nothing_needs_them(self):
        self.assertIn("HW_CPU_X86_AVX2", self.call("GET", "/traits")["traits"])
        self.assertEqual(self.cloud.reply("PUT", "/traits/CUSTOM_FAST").status, 201)
        self.assertEqual(self.cloud.reply("PUT", "/traits/CUSTOM_FAST").status, 204)
        self.assertEqual(self.cloud.reply("GET", "/traits/CUSTOM_FAST").status, 204)
        for name in ("FAST", "HW_CPU_X86_AVX2", "CUSTOM_fast", "CUSTOM_" + "A" * 250):
            self.call("PUT", f"/traits/{name}", code=400)
        self.assertEqual(self.call("GET", "/traits?name=in:CUSTOM_FAST,CUSTOM_UNHEARD")["traits"], ["CUSTOM_FAST"])
        self.assertIn("CUSTOM_FAST", self.call("GET", "/traits?name=startswith:CUSTOM")["traits"])
        provider = self.make(traits=["CUSTOM_FAST"])
        self.assertIn("CUSTOM_FAST", self.call("GET", "/traits?associated=true")["traits"])
        self.call("DELETE", "/traits/CUSTOM_FAST", code=409)
        self.call("DELETE", f"/resource_providers/{provider}/traits")
        self.assertNotIn("CUSTOM_FAST", self.call("GET", "/traits?associated=true")["traits"])
        self.call("DELETE", "/traits/CUSTOM_FAST")
        self.call("GET", "/traits/CUSTOM_FAST", code=404)
        self.call("DELETE", "/traits/HW_CPU_X86_AVX2", code=400)
        for query in ("name=CUSTOM_FAST", "associated=maybe", "more=1"):
            self.call("GET", "/traits?" + query, code=400)
        generation = self.cloud.generation(provider)
        self.call("PUT", f"/resource_providers/{provider}/traits",
                  {"resource_provider_generation": generation, "traits": ["CUSTOM_FAST"]}, code=400)

    def test_aggregates_are_told_in_the_form_of_the_version(self):
        provider, one, two = self.make(), new_id(), new_id()
        path = f"/resource_providers/{provider}/aggregates"
        self.assertEqual(self.call("PUT", path, [two, one], version="1.1"), {"aggregates": [two, one]})
        self.assertEqual(self.call("GET", path), {"aggregates": [two, one], "resource_provider_generation": 1})
        for body in ([one], {"aggregates": [one]}, {"aggregates": ["no"], "resource_provider_generation": 1},
                     {"aggregates": [one, one], "resource_provider_generation": 1}, {}, ""):
            self.call("PUT", path, body, code=400)
        self.call("PUT", path, {"aggregates": [], "resource_provider_generation": 0}, code=409)

    def test_only_operators_may(self):
        cloud = self.cloud
        tom = cloud.make_user("tom", "member")
        project = cloud.ask("GET", "/identity/v3/auth/tokens", headers={"X-Auth-Token": tom, "X-Subject-Token": tom}).json
        project = project["token"]["project"]["id"]
        provider = self.make(VCPU=1)
        for method, path, body in (("GET", "/resource_providers", None), ("POST", "/resource_providers", {"name": "mine"}),
                                   ("GET", f"/resource_providers/{provider}", None), ("DELETE", f"/resource_providers/{provider}", None),
                                   ("GET", f"/allocations/{new_id()}", None), ("GET", "/allocation_candidates?resources=VCPU:1", None),
                                   ("GET", "/traits", None), ("GET", "/resource_classes", None), ("POST", "/reshaper", {}),
                                   ("GET", "/usages?project_id=other", None)):
            self.assertEqual(cloud.as_token(tom, method, path, body).status, 403, (method, path))
            self.assertEqual(cloud.as_token(None, method, path, body).status, 401, (method, path))
            self.assertEqual(cloud.as_token("nonsense", method, path, body).status, 401, (method, path))
        self.assertEqual(cloud.as_token(tom, "GET", f"/usages?project_id={project}").status, 200)  # one's own


if __name__ == "__main__":
    unittest.main()
