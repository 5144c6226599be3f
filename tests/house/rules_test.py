#!/usr/bin/env python3
"""Every rule of the house refuses a bad tree and accepts a good one, so none can pass by seeing nothing."""

import tempfile
import unittest
from pathlib import Path

from rules import RULES
from source_tree import SourceTree, plugin_name, plugin_of, without_comments_and_literals, words

HEADER = "#pragma once\n"
PLUGIN = {
    "plugins/block/drivers/disk/driver.cpp": "#include <volutus/call.hpp>\n",
    "plugins/block/drivers/disk/CMakeLists.txt": "volutus_plugin(LIBRARIES z)\n",
    "conf.d/50-block.toml": '[plugin.block_disk]\nlibrary = "block_disk.so"\n',
}

# Refused by no rule: what stands near each border, on the right side of it.
GOOD = PLUGIN | {
    ".ci/run": "#!/bin/sh\n",
    "CMakeLists.txt": "add_subdirectory(plugins)\n",
    "README.md": "Clone it into ~/volutus.\n",
    "sdk/abi/volutus.h": "#ifndef VOLUTUS_H\n#define VOLUTUS_H\n#endif\n",
    "sdk/include/volutus/world.hpp": HEADER + "#include <mutex>\nusing Mutex = std::mutex;\n",
    "sdk/include/volutus/call.hpp": HEADER + "#include <volutus.h>\n",
    "sdk/src/world_product.cpp": "auto now() { return std::chrono::steady_clock::now(); }\n",
    "kernel/main.cpp": '#include <kernel/gateway/gateway.hpp>\nint main() { return \'"\'; }\n',
    "kernel/store/store.hpp": HEADER + "#include <kernel/ledger/ledger.hpp>\nnamespace volutus::kernel::store {}\n",
    "kernel/ledger/ledger.hpp": HEADER + "namespace volutus::kernel::ledger {}\n",
    "kernel/ledger/ledger.cpp": "#include <kernel/store/store.hpp>\n",
    "kernel/store/store.cpp": (
        '#include "store.hpp"\n// A mutex would do: std::mutex; so would getenv.\n'
        'auto text = R"(std::thread)"; auto size = 1\'000\'000; auto more = "time(nullptr)";\n'
        "void f() { clock.time(0); my::rand(); lock.wait(one); std::mt19937_64 random(seed); }\n"
        "std::map<std::string, Node*> by_name; std::set<Node*, ById> by_id;\n"
        "void g() { try { f(); } catch (...) { log(\"failed\"); throw; } }\n"
        "void h() { try { f(); } catch (Error const&) {} } // such as block_disk may throw\n"
    ),
    "kernel/operator/answer.hpp": HEADER + "namespace volutus::kernel::operators {}\n",
    "kernel/gateway/gateway.hpp": HEADER + "namespace volutus::kernel::gateway {}\n",
    "kernel/gateway/server.cpp": "#include <boost/beast/http.hpp>\nstd::mutex held;\n",
    "kernel/gateway/request_id.cpp": 'auto header = "x-openstack-request-id"; auto innovation = 1;\n',
    "kernel/plugin/process_link.cpp": "#include <boost/asio/io_context.hpp>\n",
    "kernel/auth/rules_table.cpp": "row,\n" * 900,
    "plugins/key_manager/service/secrets.cpp": "#include \"secrets.hpp\"\n",
    "plugins/key_manager/service/secrets.hpp": HEADER,
    "plugins/key_manager/service/CMakeLists.txt": "volutus_plugin()\n",
    "plugins/key_manager/service/sample.toml": "",
    "tests/unit/store/store_test.cpp": "#include <kernel/store/store.hpp>\n" + "TEST(A, B) {}\n" * 900,
}

LONG = "int x;\n"


def bad(files, *found):
    """A tree, and the findings it must give: 'file:line', all of them and no other."""
    return files, sorted(found)


def in_kernel(code):
    return bad({"kernel/task/runner.cpp": "\n" + code + "\n"}, "kernel/task/runner.cpp:2")


BAD = {
    "plugins_include_nothing_of_kernel": [
        bad({"plugins/a/service/a.cpp": "#include <kernel/store/store.hpp>\n"}, "plugins/a/service/a.cpp:1"),
        bad({"plugins/a/service/a.cpp": '\n#include "../../../kernel/x.hpp"\n'}, "plugins/a/service/a.cpp:2"),
        bad({"plugins/a/service/CMakeLists.txt": "volutus_plugin(LIBRARIES volutus_kernel)\n"},
            "plugins/a/service/CMakeLists.txt:1"),
    ],
    "kernel_includes_nothing_of_plugins": [
        bad({"kernel/main.cpp": "#include <plugins/a/service/a.hpp>\n"}, "kernel/main.cpp:1"),
    ],
    "sdk_includes_nothing_of_kernel_or_plugins": [
        bad({"sdk/src/a.cpp": "#include <kernel/a.hpp>\n#include <plugins/a/service/a.hpp>\n"},
            "sdk/src/a.cpp:1", "sdk/src/a.cpp:2"),
    ],
    "no_plugin_includes_another": [
        bad({"plugins/a/service/a.cpp": "#include <plugins/a/drivers/x/x.hpp>\n"}, "plugins/a/service/a.cpp:1"),
        bad({"plugins/a/service/a.cpp": '#include "../../b/service/b.hpp"\n', "plugins/b/service/b.hpp": HEADER},
            "plugins/a/service/a.cpp:1"),
    ],
    "the_include_graph_of_top_folders_is_fixed": [
        bad({"kernel/a.cpp": "#include <tests/fake.hpp>\n"}, "kernel/a.cpp:1"),
        bad({"contrib/a.cpp": "#include <kernel/a.hpp>\n"}, "contrib/a.cpp:1"),
        bad({"telemetry/a.cpp": "#include <volutus/a.hpp>\n", "sdk/include/volutus/a.hpp": HEADER},
            "telemetry/a.cpp:1"),
    ],
    "kernel_folders_include_each_other_without_cycles": [
        bad({"kernel/a/a.hpp": "#include <kernel/b/b.hpp>\n", "kernel/b/b.hpp": "#include <kernel/c/c.hpp>\n",
             "kernel/c/c.hpp": "#include <kernel/a/a.hpp>\n"}, "kernel/a/a.hpp:1"),
    ],
    "asio_and_beast_stay_at_home": [
        in_kernel("#include <boost/asio.hpp>"),
        bad({"sdk/src/a.cpp": "#include <boost/beast/http.hpp>\n"}, "sdk/src/a.cpp:1"),
        bad({"kernel/plugin/process_link.hpp": "#include <boost/asio/io_context.hpp>\n"},
            "kernel/plugin/process_link.hpp:1"),
        bad({"kernel/gateway/wide.hpp": "#include <boost/asio/io_context.hpp>\n",
             "kernel/main.cpp": "#include <kernel/gateway/wide.hpp>\n"}, "kernel/main.cpp:1"),
    ],
    "public_headers_are_cheap": [
        bad({"sdk/include/volutus/a.hpp": "#include <regex>\n#include <iostream>\n#include <boost/json.hpp>\n"},
            *(f"sdk/include/volutus/a.hpp:{line}" for line in (1, 2, 3))),
    ],
    "kernel_names_no_vendors_product": [
        in_kernel("// as nova does"), in_kernel("struct LibvirtDomain;"), in_kernel('call("OVN_bridge");'),
        in_kernel("int ceph_pool;"), in_kernel("class NetApp;"),
        bad({"kernel/task/qemu_runner.cpp": ""}, "kernel/task/qemu_runner.cpp:1"),
    ],
    "no_central_list_of_plugins": [
        bad(PLUGIN | {"CMakeLists.txt": "target_link_libraries(x block_disk)\n"}, "CMakeLists.txt:1"),
        bad(PLUGIN | {"kernel/main.cpp": '\nload("block_disk.so");\n'}, "kernel/main.cpp:2"),
    ],
    "every_plugin_has_its_build_file_and_a_sample": [
        bad({"plugins/stray.cpp": ""}, "plugins/stray.cpp:1"),
        bad({"plugins/a/service/a.cpp": "", "conf.d/a.toml": 'load = ["a_service"]'}, "plugins/a/service/a.cpp:1"),
        bad({"plugins/a/service/a.cpp": "", "plugins/a/service/CMakeLists.txt": "volutus_plugin()",
             "conf.d/a.toml": 'load = ["a_service_2"]'}, "plugins/a/service/a.cpp:1"),
    ],
    "everything_nondeterministic_goes_through_the_world": [
        in_kernel(code) for code in (
            "std::thread runner;", "std::jthread runner;", "boost::fibers::mutex held;", "std::mutex held;",
            "std::recursive_mutex held;", "std::lock_guard<std::mutex> lock(held);", "std::shared_mutex held;",
            "pthread_mutex_lock(&held);", "std::condition_variable changed;",
            "std::condition_variable_any changed;", "std::call_once(flag, make);", "std::once_flag flag;",
            "std::latch all(2);", "std::barrier all(2);", "std::binary_semaphore one(1);", "sem_wait(&one);",
            "std::atomic_wait(&state, 0);", "std::atomic<int> state; void f() { state.wait(0); }",
            "std::atomic_flag state; void f() { state.notify_all(); }", "std::future<int> later;",
            "std::promise<int> later;", "auto later = std::async(work);", "std::this_thread::sleep_for(one);",
            "std::this_thread::sleep_until(then);", "usleep(10);", "sleep(1);", "::sleep(1);",
            "auto now = std::chrono::system_clock::now();", "auto now = std::chrono::steady_clock::now();",
            "using Clock = std::chrono::steady_clock;", "std::chrono::high_resolution_clock::time_point now;",
            "auto now = time(nullptr);", "auto now = std::time(&then);", "gettimeofday(&now, nullptr);",
            "clock_gettime(CLOCK_MONOTONIC, &now);", "std::random_device seed;", "std::mt19937 random;",
            "std::mt19937_64 random{};", "auto dice = rand();", "auto dice = std::rand();", "RAND_bytes(key, 32);",
            "getrandom(key, 32, 0);", "auto home = std::getenv(\"HOME\");", "auto home = getenv(name);",
            "thread_local int depth;", "std::map<Node*, int, std::less<Node*>> order;",
        )
    ] + [
        bad({"kernel/task/runner.hpp": "std::atomic<bool> state_{false};\n",
             "kernel/task/runner.cpp": "state_.wait(false);\n"}, "kernel/task/runner.cpp:1"),
        bad({"plugins/a/service/a.cpp": "std::mutex held;\n"}, "plugins/a/service/a.cpp:1"),
        bad({"sdk/src/a.cpp": "std::mutex held;\n"}, "sdk/src/a.cpp:1"),
    ],
    "no_container_is_ordered_by_pointer": [
        in_kernel(code) for code in (
            "std::map<Node*, int> order;", "std::set<Node const*> order;", "std::multimap<Node* const, int> order;",
            "std::set<std::shared_ptr<Node>> order;", "std::map<std::pair<int, int>*, std::vector<int>> order;",
        )
    ],
    "top_folders_are_the_fixed_set": [bad({"lib/a.cpp": ""}, "lib/a.cpp:1")],
    "no_name_is_empty_of_meaning": [
        bad({"kernel/utils/a.cpp": "", "sdk/src/json_helpers.cpp": "", "contrib/common.sh": "", "plugins/a/misc.md": "",
             "kernel/plugin/plugin_manager.hpp": ""},
            "kernel/utils/a.cpp:1", "sdk/src/json_helpers.cpp:1", "contrib/common.sh:1", "plugins/a/misc.md:1",
            "kernel/plugin/plugin_manager.hpp:1"),
    ],
    "no_file_is_named_by_a_counter": [
        bad({"kernel/store/store_2.cpp": "", "tests/a_part2.cpp": ""},
            "kernel/store/store_2.cpp:1", "tests/a_part2.cpp:1"),
    ],
    "files_and_their_folders_are_snake_case": [
        bad({"kernel/Store/store.cpp": "", "sdk/src/jsonCodec.cpp": "", "tests/run-all.sh": ""},
            "kernel/Store/store.cpp:1", "sdk/src/jsonCodec.cpp:1", "tests/run-all.sh:1"),
    ],
    "files_are_short": [
        bad({"kernel/a.cpp": LONG * 801, "kernel/b.cpp": LONG * 800, "sdk/a.hpp": LONG * 401, "sdk/b.hpp": LONG * 400},
            "kernel/a.cpp:800", "sdk/a.hpp:400"),
    ],
    "headers_are_included_once_and_open_no_namespace": [
        bad({"kernel/a.hpp": "int x;\n", "sdk/abi/a.h": "// #pragma once\n",
             "kernel/b.hpp": HEADER + "using namespace std;\n"}, "kernel/a.hpp:1", "kernel/b.hpp:2", "sdk/abi/a.h:1"),
    ],
    "a_kernel_namespace_is_its_folder": [
        bad({"kernel/task/a.hpp": "namespace volutus::kernel::tasks {}\n"}, "kernel/task/a.hpp:1"),
    ],
    "nothing_swallows_every_error": [
        in_kernel("try { f(); } catch (...) {}"), in_kernel("try { f(); } catch (...) { /* never mind */ }"),
        in_kernel("try { f(); } catch (...) { return; }"), in_kernel("try { f(); } catch (std::exception const&) {}"),
        in_kernel("try { f(); } catch (const std::exception& error) {\n}"),
    ],
    "no_note_to_self_is_left": [
        bad({"kernel/a.cpp": "// TO" "DO: more\n", "contrib/a.sh": "\n# FIX" "ME\n", "a.md": "XX" "X\n"},
            "a.md:1", "contrib/a.sh:2", "kernel/a.cpp:1"),
    ],
    "no_path_of_a_developers_machine": [
        bad({"conf.d/a.toml": 'path = "/' 'home/me/volutus"\n', "a.md": "\n/" "builds/tree\n"},
            "a.md:2", "conf.d/a.toml:1"),
    ],
    "no_test_is_switched_off": [
        bad({"tests/a_test.cpp": "TEST(Store, DISABLED_Works) {\n    GTEST_SKIP();\n}\n",
             "tests/CMakeLists.txt": "set_tests_properties(a PROPERTIES DISABLED TRUE)\n"},
            "tests/CMakeLists.txt:1", "tests/a_test.cpp:1", "tests/a_test.cpp:2"),
    ],
}


def findings(rule, files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return sorted(f"{found.file}:{found.line}" for found in RULES[rule](SourceTree(root)))


class TheRules(unittest.TestCase):
    def test_each_has_bad_trees_to_refuse(self):
        self.assertEqual(sorted(RULES), sorted(BAD))

    def test_each_refuses_its_bad_trees_at_their_lines(self):
        for rule, trees in BAD.items():
            for files, expected in trees:
                with self.subTest(rule=rule, files=files):
                    self.assertEqual(findings(rule, files), expected)

    def test_each_accepts_the_good_tree(self):
        for rule in RULES:
            with self.subTest(rule=rule):
                self.assertEqual(findings(rule, GOOD), [])


class TheTree(unittest.TestCase):
    def test_blanks_comments_and_literals_in_their_places(self):
        for code, blanked in (
            ("a; // b 'c'\nd;", "a;         \nd;"),
            ("a /* b\n c */ d", "a     \n      d"),
            ('f("// no \\" comment", g);', 'f("                ", g);'),
            ("f('\"', 1'000, '\\'');", "f(' ', 1'000, '  ');"),
            ('R"x(a )" "b)x" c', 'R' + " " * 12 + '" c'),
        ):
            self.assertEqual(without_comments_and_literals(code), blanked)

    def test_knows_words_in_every_spelling(self):
        self.assertLessEqual({"ovn"}, words("OVNBridge") & words("ovn_bridge") & words("OvnBridge") & words("my OVN!"))
        self.assertNotIn("nova", words("innovation supernova"))

    def test_knows_the_plugin_of_a_file(self):
        self.assertEqual(plugin_of("plugins/compute/drivers/fast/a.cpp"), "plugins/compute/drivers/fast")
        self.assertEqual(plugin_name("plugins/compute/drivers/fast"), "compute_fast")
        self.assertEqual(plugin_name("plugins/compute/service"), "compute_service")
        self.assertIsNone(plugin_of("plugins/CMakeLists.txt"))


if __name__ == "__main__":
    unittest.main()
