"""Allocations: who holds how much of what, what could be held, and what happens when many ask at once."""

import concurrent.futures
import unittest

from placement_cloud import PlacementCloud, new_id


class Allocations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(PlacementCloud())
        cls.call = staticmethod(cls.cloud.call)
        cls.make = staticmethod(cls.cloud.make_provider)
        cls.claim = staticmethod(cls.cloud.claim)
        cls.used = staticmethod(cls.cloud.used)

    def refused(self, status, method, path, body=None, version="1.39"):
        reply = self.cloud.reply(method, path, body, version)
        self.assertEqual(reply.status, status, reply)
        return reply.json["errors"][0]

    def test_allocations_are_claimed_shown_changed_and_given_back(self):
        provider, consumer = self.make(VCPU=8, MEMORY_MB=1024), new_id()
        path = f"/allocations/{consumer}"
        self.assertEqual(self.call("GET", path), {"allocations": {}})
        self.claim(consumer, {provider: {"VCPU": 2, "MEMORY_MB": 512}}, project="one", user="two")
        self.assertEqual(self.call("GET", path), {
            "allocations": {provider: {"generation": 1, "resources": {"VCPU": 2, "MEMORY_MB": 512}}},
            "project_id": "one", "user_id": "two", "consumer_generation": 1, "consumer_type": "INSTANCE"})
        self.assertEqual(set(self.call("GET", path, version="1.27")), {"allocations", "project_id", "user_id"})
        self.assertEqual(set(self.call("GET", path, version="1.11")), {"allocations"})
        self.assertEqual(self.used(provider), {"VCPU": 2, "MEMORY_MB": 512})
        self.assertEqual(self.call("GET", f"/resource_providers/{provider}/allocations")["allocations"],
                         {consumer: {"resources": {"VCPU": 2, "MEMORY_MB": 512}, "consumer_generation": 1}})
        self.claim(consumer, {provider: {"VCPU": 8}}, generation=1)  # what it held counts as free
        self.assertEqual(self.used(provider), {"VCPU": 8, "MEMORY_MB": 0})
        self.call("DELETE", path)
        self.assertEqual(self.used(provider), {"VCPU": 0, "MEMORY_MB": 0})
        self.call("DELETE", path, code=404)
        self.claim(consumer, {provider: {"VCPU": 1}})  # it may come again, as new
        self.claim(consumer, {}, generation=1)
        self.assertEqual(self.call("GET", path), {"allocations": {}})

    def test_old_forms_are_taken(self):
        provider, consumer = self.make(VCPU=8), new_id()
        listed = {"allocations": [{"resource_provider": {"uuid": provider}, "resources": {"VCPU": 1}}]}
        self.call("PUT", f"/allocations/{consumer}", listed, version="1.0")
        self.assertEqual(self.call("GET", f"/allocations/{consumer}")["project_id"], "00000000-0000-0000-0000-000000000000")
        self.call("PUT", f"/allocations/{consumer}", listed, version="1.8", code=400)
        self.call("PUT", f"/allocations/{consumer}", listed | {"project_id": "p", "user_id": "u"}, version="1.11")
        keyed = {"allocations": {provider: {"resources": {"VCPU": 3}}}, "project_id": "p", "user_id": "u"}
        self.call("PUT", f"/allocations/{consumer}", keyed, version="1.12")
        self.call("PUT", f"/allocations/{consumer}", keyed | {"allocations": {}}, version="1.27", code=400)
        self.assertEqual(self.used(provider), {"VCPU": 3})
        self.call("POST", "/allocations", {consumer: keyed | {"allocations": {}}}, version="1.13")
        self.assertEqual(self.used(provider), {"VCPU": 0})

    def test_what_cannot_be_is_refused_and_changes_nothing(self):
        provider, consumer = self.make(VCPU={"total": 8, "min_unit": 2, "max_unit": 4, "step_size": 2}), new_id()
        for amount in (1, 3, 6, 10):
            self.claim(consumer, {provider: {"VCPU": amount}}, code=409)
        self.claim(consumer, {provider: {"VCPU": 2, "DISK_GB": 1}}, code=409)
        self.claim(consumer, {new_id(): {"VCPU": 2}}, code=400)
        self.claim(consumer, {provider: {"NOTHING": 2}}, code=400)
        for amount in (0, -1, "2", 1.5, None, True):
            self.claim(consumer, {provider: {"VCPU": amount}}, code=400)
        self.claim(consumer, {provider: {}}, code=400)
        self.claim(consumer, {"no": {"VCPU": 2}}, code=400)
        self.claim("no-uuid", {provider: {"VCPU": 2}}, code=400)
        self.claim(consumer, {provider: {"VCPU": 2}}, project="", code=400)
        self.claim(consumer, {provider: {"VCPU": 2}}, kind="lower", code=400)
        self.claim(consumer, {provider: {"VCPU": 2}}, generation="1", code=400)
        for body in ("", "{", [], {}, 7, {"allocations": {}}):
            self.call("PUT", f"/allocations/{consumer}", body, code=400)
            self.call("POST", "/allocations", body, code=400)
        self.assertEqual(self.used(provider), {"VCPU": 0})
        self.assertEqual(self.call("GET", f"/allocations/{consumer}"), {"allocations": {}})

    def test_a_consumer_has_generations(self):
        provider, consumer = self.make(VCPU=8), new_id()
        self.claim(consumer, {provider: {"VCPU": 1}}, generation=0, code=409)
        self.claim(consumer, {provider: {"VCPU": 1}})
        for late in (None, 0, 2):
            self.claim(consumer, {provider: {"VCPU": 2}}, generation=late, code=409)
        self.claim(consumer, {provider: {"VCPU": 2}}, generation=1)
        body = {"allocations": {}, "project_id": "p", "user_id": "u", "consumer_generation": 1, "consumer_type": "INSTANCE"}
        self.assertEqual(self.refused(409, "PUT", f"/allocations/{consumer}", body)["code"], "placement.concurrent_update")

    def test_several_consumers_change_together_or_not_at_all(self):
        old, new = self.make(VCPU=4), self.make(VCPU=4)
        server, migration = new_id(), new_id()
        self.claim(server, {old: {"VCPU": 3}})

        def body(consumer, provider, amount, generation):
            return {consumer: {"allocations": {provider: {"resources": {"VCPU": amount}}}, "project_id": "p", "user_id": "u",
                               "consumer_generation": generation, "consumer_type": "INSTANCE"}}
        self.refused(409, "POST", "/allocations", body(migration, old, 3, None) | body(server, new, 5, 1))
        self.assertEqual((self.used(old), self.used(new)), ({"VCPU": 3}, {"VCPU": 0}))
        self.call("POST", "/allocations", body(migration, old, 3, None) | body(server, new, 4, 1))
        self.assertEqual((self.used(old), self.used(new)), ({"VCPU": 3}, {"VCPU": 4}))

    def test_what_is_in_use_stays(self):
        provider, consumer = self.make(VCPU=4), new_id()
        self.claim(consumer, {provider: {"VCPU": 3}})
        path = f"/resource_providers/{provider}"
        self.assertEqual(self.refused(409, "DELETE", path)["code"], "placement.resource_provider.inuse")
        self.assertEqual(self.refused(409, "DELETE", path + "/inventories")["code"], "placement.inventory.inuse")
        self.assertEqual(self.refused(409, "DELETE", path + "/inventories/VCPU")["code"], "placement.inventory.inuse")
        generation = self.cloud.generation(provider)
        self.call("PUT", path + "/inventories/VCPU", {"resource_provider_generation": generation, "total": 2})  # below use
        self.claim(new_id(), {provider: {"VCPU": 1}}, code=409)
        self.assertEqual(self.used(provider), {"VCPU": 3})

    def test_usages_are_summed_by_project_user_and_type(self):
        provider, project = self.make(VCPU=100, DISK_GB=100), new_id()
        self.claim(new_id(), {provider: {"VCPU": 1, "DISK_GB": 10}}, project=project, user="ann")
        self.claim(new_id(), {provider: {"VCPU": 2}}, project=project, user="ann", kind="MIGRATION")
        self.claim(new_id(), {provider: {"VCPU": 4}}, project=project, user="bob")
        self.claim(new_id(), {provider: {"VCPU": 8}}, project=new_id(), user="ann")

        def usages(query="", version="1.39"):
            return self.call("GET", f"/usages?project_id={project}{query}", version=version)["usages"]
        self.assertEqual(usages(version="1.9"), {"VCPU": 7, "DISK_GB": 10})
        self.assertEqual(usages("&user_id=ann", "1.37"), {"VCPU": 3, "DISK_GB": 10})
        self.assertEqual(usages(), {"INSTANCE": {"consumer_count": 2, "VCPU": 5, "DISK_GB": 10},
                                    "MIGRATION": {"consumer_count": 1, "VCPU": 2}})
        self.assertEqual(usages("&consumer_type=all"), {"all": {"consumer_count": 3, "VCPU": 7, "DISK_GB": 10}})
        self.assertEqual(usages("&consumer_type=MIGRATION&user_id=bob"), {})
        for query in ("", "?project_id=", f"?project_id={project}&more=1", f"?user_id=ann", f"?project_id={project}&consumer_type=no"):
            self.call("GET", "/usages" + query, code=400)
        self.call("GET", f"/usages?project_id={project}&consumer_type=all", version="1.37", code=400)
        self.call("GET", f"/usages?project_id={project}", version="1.8", code=404)

    def test_the_reshaper_moves_inventory_with_what_is_allocated_of_it(self):
        parent, consumer = self.make(VCPU=4, DISK_GB=10), new_id()
        child = self.make(parent=parent)
        self.claim(consumer, {parent: {"VCPU": 3, "DISK_GB": 1}})
        allocations = {parent: {"resources": {"DISK_GB": 1}}, child: {"resources": {"VCPU": 3}}}
        body = {"inventories": {
            parent: {"resource_provider_generation": 1, "inventories": {"DISK_GB": {"total": 10}}},
            child: {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 4}}}},
            "allocations": {consumer: {"allocations": allocations, "project_id": "p", "user_id": "u",
                                       "consumer_generation": 1, "consumer_type": "INSTANCE"}}}
        self.refused(403, "POST", "/reshaper", body)  # its rule wants a service, which even an operator is not
        mover = self.cloud.make_user("mover", "service")

        def reshape(code, **changed):
            reply = self.cloud.as_token(mover, "POST", "/reshaper", body | changed)
            self.assertEqual(reply.status, code, reply)
            return reply.json["errors"][0] if code != 204 else None
        self.assertEqual(reshape(409, allocations={})["code"], "placement.inventory.inuse")
        self.assertEqual(reshape(400, inventories={new_id(): body["inventories"][child]})["code"],
                         "placement.resource_provider.not_found")
        reshape(400, inventories={})
        reshape(400, more=1)
        self.assertEqual(self.used(parent), {"VCPU": 3, "DISK_GB": 1})
        reshape(204)
        self.assertEqual((self.used(parent), self.used(child)), ({"DISK_GB": 1}, {"VCPU": 3}))
        self.assertEqual(reshape(409)["code"], "placement.concurrent_update")

    def test_fifty_at_once_never_get_more_than_there_is(self):
        provider = self.make(VCPU=20)
        consumers = [new_id() for _ in range(50)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(lambda consumer: self.cloud.reply("PUT", f"/allocations/{consumer}", {
                "allocations": {provider: {"resources": {"VCPU": 1}}}, "project_id": "p", "user_id": "u",
                "consumer_generation": None, "consumer_type": "INSTANCE"}).status, consumers))
        self.assertEqual((statuses.count(204), statuses.count(409)), (20, 30))
        self.assertEqual(self.used(provider), {"VCPU": 20})

    def test_of_many_changes_of_one_generation_one_is_made(self):
        provider, consumer = self.make(VCPU=100), new_id()
        path = f"/resource_providers/{provider}/inventories/VCPU"
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(lambda total: self.cloud.reply(
                "PUT", path, {"resource_provider_generation": 1, "total": total}).status, range(100, 116)))
            self.assertEqual((statuses.count(200), statuses.count(409)), (1, 15), statuses)
            statuses = list(pool.map(lambda amount: self.cloud.reply("PUT", f"/allocations/{consumer}", {
                "allocations": {provider: {"resources": {"VCPU": amount}}}, "project_id": "p", "user_id": "u",
                "consumer_generation": None, "consumer_type": "INSTANCE"}).status, range(1, 17)))
            self.assertEqual((statuses.count(204), statuses.count(409)), (1, 15), statuses)
            # Clients that know no generations all succeed; the last holds.
            statuses = list(pool.map(lambda amount: self.cloud.reply("PUT", f"/allocations/{consumer}", {
                "allocations": {provider: {"resources": {"VCPU": amount}}}, "project_id": "p", "user_id": "u"},
                "1.12").status, range(1, 5)))
            self.assertEqual(statuses, [204] * 4)

    def test_all_outlives_a_restart(self):
        provider, consumer = self.make(VCPU=8, traits=["CUSTOM_LASTING"]), new_id()
        self.claim(consumer, {provider: {"VCPU": 5}})
        paths = [f"/allocations/{consumer}", f"/resource_providers/{provider}", f"/resource_providers/{provider}/inventories",
                 f"/resource_providers/{provider}/traits", f"/resource_providers/{provider}/usages", "/usages?project_id=p"]
        before = [self.call("GET", path) for path in paths]
        for how in (self.cloud.stop, self.cloud.kill):
            how()
            self.cloud.start()
            self.assertEqual([self.call("GET", path) for path in paths], before)
        self.claim(new_id(), {provider: {"VCPU": 4}}, code=409)
        self.cloud.volutus("verify")


class Candidates(unittest.TestCase):
    """One host with two NUMA nodes and a network card, one plain host, and storage that both share."""

    @classmethod
    def setUpClass(cls):
        cls.cloud = cls.enterClassContext(PlacementCloud())
        make, pool = cls.cloud.make_provider, new_id()
        cls.shared = make("shared", aggregates=[pool], traits=["MISC_SHARES_VIA_AGGREGATE"], DISK_GB=1000)
        cls.big = make("big", aggregates=[pool], traits=["HW_CPU_X86_AVX"])
        cls.numa = [make(f"numa{i}", parent=cls.big, traits=["HW_NUMA_ROOT"], VCPU=4, MEMORY_MB=1024) for i in (0, 1)]
        cls.nic = make("nic", parent=cls.numa[0], traits=["CUSTOM_NET_A"], SRIOV_NET_VF=2)
        cls.plain = make("plain", aggregates=[pool], VCPU=8, MEMORY_MB=4096, DISK_GB=50)

    def ask(self, query, version="1.39"):
        return self.cloud.call("GET", "/allocation_candidates?" + query, version=version)

    def found(self, query, version="1.39"):
        """Each as a set of (provider, class, amount)."""
        return sorted(sorted((provider, resource, amount) for provider, one in request["allocations"].items()
                             for resource, amount in one["resources"].items())
                      for request in self.ask(query, version)["allocation_requests"])

    def test_a_candidate_is_what_a_claim_takes(self):
        for version in ("1.10", "1.12", "1.28", "1.34", "1.39"):
            request = self.ask("resources=VCPU:5", version)["allocation_requests"][0]
            consumer = new_id()
            if version != "1.10":
                request |= {"project_id": "p", "user_id": "u"}
            if version in ("1.28", "1.34", "1.39"):
                request |= {"consumer_generation": None}
            if version == "1.39":
                request |= {"consumer_type": "INSTANCE"}
            self.cloud.call("PUT", f"/allocations/{consumer}", request, version="1.0" if version == "1.10" else version)
            self.assertEqual(self.cloud.used(self.plain)["VCPU"], 5)
            self.cloud.call("DELETE", f"/allocations/{consumer}")

    def test_trees_and_shared_storage_serve_together(self):
        found = self.found("resources=VCPU:1,DISK_GB:10")
        self.assertEqual(found, sorted([
            sorted([(self.numa[0], "VCPU", 1), (self.shared, "DISK_GB", 10)]),
            sorted([(self.numa[1], "VCPU", 1), (self.shared, "DISK_GB", 10)]),
            sorted([(self.plain, "VCPU", 1), (self.shared, "DISK_GB", 10)]),
            sorted([(self.plain, "VCPU", 1), (self.plain, "DISK_GB", 10)])]))
        self.assertEqual(self.found(f"resources=VCPU:1,DISK_GB:10&in_tree={self.plain}"),
                         [sorted([(self.plain, "DISK_GB", 10), (self.plain, "VCPU", 1)])])
        self.assertEqual(self.found("resources=VCPU:5"), [[(self.plain, "VCPU", 5)]])
        self.assertEqual(self.found("resources=VCPU:9"), [])

    def test_groups_have_providers_of_their_own(self):
        numa = "resources_A=VCPU:1&resources_B=VCPU:1&in_tree_A={0}&in_tree_B={0}".format(self.big)
        self.assertEqual(len(self.found(numa + "&group_policy=none")), 4)
        self.assertEqual(len(self.found(numa + "&group_policy=isolate")), 2)
        self.assertEqual(len(self.ask(numa + "&group_policy=none&limit=3")["allocation_requests"]), 3)
        request = self.ask("resources_A=VCPU:1&resources_NET=SRIOV_NET_VF:1&required_NET=CUSTOM_NET_A&group_policy=none"
                           "&same_subtree=_A,_NET")["allocation_requests"]
        self.assertEqual([one["mappings"] for one in request], [{"_A": [self.numa[0]], "_NET": [self.nic]}])

    def test_traits_choose(self):
        self.assertEqual(len(self.found("resources=VCPU:1&root_required=HW_CPU_X86_AVX")), 2)
        self.assertEqual(len(self.found("resources=VCPU:1&root_required=!HW_CPU_X86_AVX")), 1)
        self.assertEqual(len(self.found("resources=VCPU:1&required=HW_NUMA_ROOT")), 2)
        self.assertEqual(len(self.found("resources=VCPU:1&required=!HW_NUMA_ROOT")), 1)

    def test_summaries_show_what_the_version_has(self):
        summary = self.ask("resources=VCPU:5")["provider_summaries"][self.plain]
        self.assertEqual(summary, {
            "resources": {"VCPU": {"capacity": 8, "used": 0}, "MEMORY_MB": {"capacity": 4096, "used": 0},
                          "DISK_GB": {"capacity": 50, "used": 0}},
            "traits": [], "parent_provider_uuid": None, "root_provider_uuid": self.plain})
        old = self.ask("resources=VCPU:5", "1.16")["provider_summaries"][self.plain]
        self.assertEqual(old, {"resources": {"VCPU": {"capacity": 8, "used": 0}}})
        self.assertEqual(set(self.ask(f"resources=VCPU:1&in_tree={self.nic}")["provider_summaries"]),
                         {self.big, *self.numa, self.nic})
        # Clients before 1.29 know no trees.
        self.assertEqual(self.found("resources=VCPU:1,SRIOV_NET_VF:1", "1.28"), [])

    def test_questions_that_mean_nothing_are_refused(self):
        for query, version in (("", "1.39"), ("resources=", "1.39"), ("resources=VCPU:0", "1.39"), ("resources=NOTHING:1", "1.39"),
                               ("resources=VCPU:1&limit=0", "1.39"), ("resources=VCPU:1&limit=x", "1.39"),
                               ("resources=VCPU:1&required=CUSTOM_UNHEARD", "1.39"), ("required=HW_NUMA_ROOT", "1.35"),
                               ("resources=VCPU:1&required=HW_NUMA_ROOT,!HW_NUMA_ROOT", "1.39"),
                               ("resources1=VCPU:1&resources2=VCPU:1", "1.39"), ("resources1=VCPU:1&group_policy=maybe", "1.39"),
                               ("resources=VCPU:1&same_subtree=_A", "1.39"), ("resources=VCPU:1&root_required=a&root_required=b", "1.39"),
                               ("resources_A=VCPU:1", "1.32"), ("resources1=VCPU:1", "1.24"), ("resources=VCPU:1&limit=1", "1.15"),
                               ("resources=VCPU:1&in_tree=no", "1.39"), ("resources=VCPU:1&member_of=no", "1.39"),
                               ("resources=VCPU:1&more=1", "1.39")):
            self.cloud.call("GET", "/allocation_candidates?" + query, version=version, code=400)
        self.cloud.call("GET", "/allocation_candidates?resources=VCPU:1", version="1.9", code=404)


if __name__ == "__main__":
    unittest.main()
