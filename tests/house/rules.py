#!/usr/bin/env python3
"""The rules of the house. Each function with @rule is one, and one test of ctest: house.<its name>.

    rules.py --list          the names
    rules.py RULE...         checks these; exit code 1 and one line a finding if one is broken
    rules.py --root FOLDER   another tree than the one this file stands in

A rule yields Finding(file, line, what is wrong, what to do instead). To add one, write the function and give
rules_test.py a bad tree that it refuses; a rule without one fails there.
"""

import argparse
import re
import sys
from collections import namedtuple
from pathlib import Path, PurePosixPath

from source_tree import CPP, SourceTree, plugin_name, plugin_of, top, without_comments, words

Finding = namedtuple("Finding", "file line wrong instead")
RULES = {}


def rule(function):
    RULES[function.__name__] = function
    return function


# ---- Walls: who may include whom -------------------------------------------------------------------------------

TOP_FOLDERS = {".ci", "conf.d", "contrib", "kernel", "plugins", "sdk", "telemetry", "tests"}

# From each top folder that holds code, the top folders whose headers it may include.
INCLUDE_GRAPH = {
    "sdk": {"sdk"},
    "kernel": {"kernel", "sdk"},
    "plugins": {"plugins", "sdk"},
    "contrib": {"contrib", "sdk"},
    "tests": {"kernel", "plugins", "sdk", "tests"},
}


def crossings(tree, source, target):
    """Includes and link lines by which files of the top folder `source` reach into the top folder `target`."""
    for name in tree.cpp(source):
        for line, written, found in tree.includes(name):
            if top(found or written) == target or f"../{target}/" in written:
                yield name, line, f"includes {written}"
    for name in tree.files:
        if top(name) == source and name.endswith("CMakeLists.txt"):
            for line, found in tree.matches(name, rf"\bvolutus_{target}\w*", re.sub(r"#.*", "", tree.text(name))):
                yield name, line, f"links {found[0]}"


@rule
def plugins_include_nothing_of_kernel(tree):
    for name, line, what in crossings(tree, "plugins", "kernel"):
        yield Finding(name, line, what, "a plugin sees sdk/ only; reach the kernel through a contract of the SDK")


@rule
def kernel_includes_nothing_of_plugins(tree):
    for name, line, what in crossings(tree, "kernel", "plugins"):
        yield Finding(name, line, what, "the kernel knows no plugin; call a contract that the plugin provides")


@rule
def sdk_includes_nothing_of_kernel_or_plugins(tree):
    for target in ("kernel", "plugins"):
        for name, line, what in crossings(tree, "sdk", target):
            yield Finding(name, line, what, "the SDK is built by vendors alone; what both need belongs into sdk/")


@rule
def no_plugin_includes_another(tree):
    for name in tree.cpp("plugins"):
        for line, written, found in tree.includes(name):
            path = found or written
            if top(path) == "plugins" and plugin_of(path) != plugin_of(name):
                yield Finding(name, line, f"includes {written}",
                              "plugins meet through contracts: declare one in sdk/include/volutus/contract/")


@rule
def the_include_graph_of_top_folders_is_fixed(tree):
    for name in tree.cpp():
        allowed = INCLUDE_GRAPH.get(top(name), set())
        for line, written, found in tree.includes(name):
            target = top(found) if found else top(written) if top(written) in INCLUDE_GRAPH else None
            if target and target not in allowed:
                yield Finding(name, line, f"includes {written}: a new edge from {top(name)}/ to {target}/",
                              f"{top(name)}/ may include {', '.join(sorted(allowed)) or 'nothing'}")


# One thing in two folders: accounts and claims change inside apply, and nowhere else.
PART_OF = {"ledger": "store"}


@rule
def kernel_folders_include_each_other_without_cycles(tree):
    def folder(name):
        """The folder in kernel/; None for main.cpp, which may see all, and for what is not the kernel's."""
        parts = PurePosixPath(name).parts
        return PART_OF.get(parts[1], parts[1]) if len(parts) > 2 and parts[0] == "kernel" else None

    edges = {}
    for name in tree.cpp("kernel"):
        for line, _, found in tree.includes(name):
            source, target = folder(name), folder(found or "")
            if source and target and source != target:
                edges.setdefault(source, {}).setdefault(target, (name, line))

    def way(start, goal, seen):
        """Folders from start to goal, or None."""
        if start == goal:
            return [start]
        seen.add(start)
        for step in sorted(edges.get(start, {})):
            if step not in seen and (rest := way(step, goal, seen)):
                return [start] + rest
        return None

    for source in sorted(edges):
        for target, (name, line) in sorted(edges[source].items()):
            back = way(target, source, set())
            if back and source == min(back):  # each cycle once
                yield Finding(name, line, f"a cycle of folders: {' -> '.join([source] + back)}",
                              "let the lower one declare an interface that the upper one fills in")


ASIO = re.compile(r"boost/(asio|beast)(/|\.hpp)")
ASIO_HOMES = re.compile(r"kernel/(gateway/|bus/|plugin/(process_\w+|plugin_host\w*)\.cpp$)|tests/")


@rule
def asio_and_beast_stay_at_home(tree):
    """They cost seconds a translation unit, so a header must not carry them out either."""
    def way(name, seen):
        """How a file comes to Asio: [(line, include)...], or None."""
        seen.add(name)
        for line, written, found in tree.includes(name):
            if ASIO.match(written):
                return [(line, written)]
            if found and found not in seen and (rest := way(found, seen)):
                return [(line, written)] + rest
        return None

    for name in tree.cpp():
        reached = None if ASIO_HOMES.match(name) else way(name, set())
        if reached:
            yield Finding(name, reached[0][0], "reaches " + " -> ".join(written for _, written in reached),
                          "only kernel/gateway, kernel/bus and the process link's .cpp files see Asio; hide it behind "
                          "a header that names none of its types")


@rule
def public_headers_are_cheap(tree):
    costly = {"regex": "parse by hand, or move it into a .cpp",
              "iostream": "take a std::ostream from <iosfwd>, or return a string",
              "boost/json.hpp": "include the header of the one type you need",
              "boost/json/src.hpp": "sdk/src/json.cpp compiles it, once"}
    for name in tree.headers("sdk"):
        for line, written, _ in tree.includes(name):
            if written in costly:
                yield Finding(name, line, f"includes <{written}>, which every vendor would pay for", costly[written])


# ---- The kernel knows no product ------------------------------------------------------------------------------

# Closed: whoever writes a driver for a product that is missing here adds it. The store's engines (SQLite,
# PostgreSQL) and the bus's transports (NATS, RabbitMQ) are the kernel's own, and so is the word OpenStack.
PRODUCTS = frozenset("""
    libvirt qemu kvm xen hyperv vmware vsphere vcenter esxi firecracker lxc lxd incus virtualbox bhyve
    lvm drbd linstor ceph rbd rados radosgw cephfs gluster glusterfs lustre netapp ontap solidfire nimble zfs truenas
    openvswitch ovs ovn ovsdb dnsmasq radvd keepalived haproxy frr calico cilium juniper cisco arista mellanox
    docker podman kubernetes k8s nomad terraform ansible dell idrac supermicro nvidia bind9 powerdns designate
    hashicorp freeipa influxdb elasticsearch opensearch grafana mysql mariadb mongodb redis memcached kafka
    nova cinder neutron keystone glance ironic heat swift octavia barbican manila magnum mistral sahara senlin trove
    zaqar aodh ceilometer gnocchi panko cloudkitty vitrage masakari murano tacker zun cyborg blazar kuryr monasca
    searchlight storlets adjutant
""".split())


@rule
def kernel_names_no_vendors_product(tree):
    for name in tree.files:
        if top(name) != "kernel":
            continue
        places = [(1, name)] + list(enumerate(tree.text(name).splitlines(), 1))
        for line, text in places:
            for product in sorted(words(text) & PRODUCTS):
                yield Finding(name, line, f"names {product}", "say what the kernel needs of it in a contract; the "
                              "product's name belongs into a plugin or into conf.d/")


@rule
def no_central_list_of_plugins(tree):
    names = {plugin_name(folder) for folder in map(plugin_of, tree.files) if folder}
    for name in tree.files:
        if name in ("CMakeLists.txt", "plugins/CMakeLists.txt") or top(name) in ("kernel", "sdk"):
            text = tree.text(name)
            said = without_comments(text) if name.endswith(CPP) else re.sub(r"#.*", "", text)
            for line, text in enumerate(said.splitlines(), 1):
                for plugin in sorted(set(re.findall(r"\w+", text)) & names):
                    yield Finding(name, line, f"names the plugin {plugin}",
                                  "CMake finds plugins by their folder and the kernel loads what conf.d/ names")


@rule
def every_plugin_has_its_build_file_and_a_sample(tree):
    folders = {}
    for name in tree.cpp("plugins"):
        folder = plugin_of(name)
        if not folder:
            yield Finding(name, 1, "belongs to no plugin", "code stands in plugins/<area>/service or "
                          "plugins/<area>/drivers/<backend>")
        else:
            folders.setdefault(folder, name)
    samples = "\n".join(tree.text(name) for name in tree.files if name.startswith("conf.d/"))
    for folder, first in sorted(folders.items()):
        build = f"{folder}/CMakeLists.txt"
        if build not in tree.files or "volutus_plugin(" not in tree.text(build):
            yield Finding(first, 1, f"{build} does not call volutus_plugin()", "add it; it may be that one line")
        own = any(name.startswith(f"{folder}/") and name.endswith(".toml") for name in tree.files)
        if not own and not re.search(rf"\b{plugin_name(folder)}\b", samples):
            yield Finding(first, 1, f"no configuration shows {plugin_name(folder)}",
                          f"load it in a file of conf.d/, or put a sample .toml into {folder}/")


# ---- The world seam -------------------------------------------------------------------------------------------

# Who may use what the seam offers. The rest of sdk/, kernel/, plugins/ and contrib/ runs under the simulator too.
SEAM_HOMES = re.compile(
    r"sdk/include/volutus/world\.hpp$|sdk/src/world_\w+\.cpp$"  # the seam, and the product's side of it
    r"|kernel/world/"  # the simulator's side
    r"|kernel/gateway/"  # real sockets and TLS: outside the seam by intent
    r"|tests/"
)

CALL = r"(?<![\w.>:])(?:std::|::)?"  # a free function: no method, nothing of another namespace
POINTER = re.compile(r"\*(\s*const)?$|^std::(shared|unique)_ptr\s*<")

SEAM = [
    (r"\bstd::j?thread\b|\bpthread_create\b|\bboost::(thread|fibers?)\b", "world::Thread"),
    (r"\bstd::(recursive_|timed_|recursive_timed_)?mutex\b|\bpthread_(mutex|rwlock|cond)_\w+|\bboost::\w*mutex\b",
     "world::Mutex"),
    (r"\bstd::shared_(timed_)?mutex\b", "world::SharedMutex"),
    (r"\bstd::condition_variable(_any)?\b", "world::Condition"),
    (r"\bstd::(call_once|once_flag)\b|\bpthread_once\b", "a member made in the constructor, or a world::Mutex"),
    (r"\bstd::(latch|barrier|counting_semaphore|binary_semaphore)\b|\bsem_(wait|timedwait|post)\b",
     "world::Mutex and world::Condition"),
    (r"\bstd::atomic_(flag_)?(wait|notify_one|notify_all)(_explicit)?\b", "world::Condition"),
    (r"\bstd::(shared_)?future\b|\bstd::(promise|packaged_task|async)\b", "world::Promised and world::Thread"),
    (r"\bstd::this_thread\b|\b(usleep|nanosleep|clock_nanosleep)\s*\(|" + CALL + r"sleep\s*\(\s*\d",
     "world::sleep_for or world::sleep_until"),
    (r"\b(system|steady|file|utc|tai)_clock::now\b|\bhigh_resolution_clock\b", "world::now or world::wall_now"),
    (r"\busing\s+\w+\s*=\s*(std::)?(chrono::)?(system|steady)_clock\s*;", "world::Instant and world::now; an alias "
     "would hide its now()"),
    (r"\b(gettimeofday|clock_gettime|timespec_get)\b|" + CALL + r"time\s*\(\s*(nullptr|NULL|0|&\w+)\s*\)|"
     + CALL + r"clock\s*\(\s*\)", "world::now or world::wall_now"),
    (r"\brandom_device\b|\bdefault_random_engine\b|\bRAND_(priv_)?bytes\b|\b(getrandom|getentropy|arc4random\w*)\b|"
     r"\buuids::random_generator\w*|" + CALL + r"(s?rand|random)\s*\(\s*\)|\bsrand\s*\(",
     "world::random_bytes or world::random_u64"),
    (r"\bstd::(mt19937(_64)?|minstd_rand0?)\s+\w*[a-z0-9]\s*(;|\{\s*\})", "a generator seeded from world::random_u64"),
    (r"\b(secure_)?getenv\b", "a key of conf.d/ or an argument"),
    (r"\bthread_local\b", "a member, or an argument; all fibers of the simulator share one thread"),
    (r"\bstd::less\s*<[^<>]*\*\s*>", "an order by id"),
]


def template_arguments(code, start):
    """The arguments of the template whose '<' stands at start."""
    depth, begin, out = 0, start + 1, []
    for at in range(start, min(len(code), start + 2000)):
        letter = code[at]
        if letter in "<(":
            depth += 1
        elif letter in ">)":
            depth -= 1
        if (letter == "," and depth == 1) or depth == 0:
            out.append(code[begin:at].strip())
            begin = at + 1
        if depth == 0:
            return out
    return []


@rule
def everything_nondeterministic_goes_through_the_world(tree):
    for name in tree.cpp("sdk", "kernel", "plugins", "contrib"):
        if SEAM_HOMES.match(name):
            continue
        for pattern, instead in SEAM:
            for line, found in tree.matches(name, pattern):
                yield Finding(name, line, f"uses {' '.join(found[0].split())}", instead)
        header = str(PurePosixPath(name).with_suffix(".hpp"))
        declared = tree.code(name) + (tree.code(header) if header in tree.files else "")
        for atomic in set(re.findall(r"\bstd::atomic(?:_flag|_\w+|\s*<[^;{}()]*>)\s+(\w+)\s*[;{=(]", declared)):
            for line, found in tree.matches(name, rf"\b{atomic}\.(wait|notify_one|notify_all)\s*\("):
                yield Finding(name, line, f"waits on an atomic: {found[0]})", "world::Condition")


@rule
def no_container_is_ordered_by_pointer(tree):
    """Addresses change from run to run, and with them the order of such a container."""
    for name in tree.cpp("sdk", "kernel", "plugins", "contrib"):
        if SEAM_HOMES.match(name):
            continue
        for line, found in tree.matches(name, r"\b(?:std::|container::flat_)(?:multi)?(map|set)\s*<"):
            arguments = template_arguments(tree.code(name), found.end() - 1)
            compared = len(arguments) > (2 if found[1] == "map" else 1)
            if arguments and POINTER.search(arguments[0]) and not compared:
                yield Finding(name, line, f"{found[0]}{arguments[0]}, ...> is ordered by address",
                              "order by id, give a comparison, or use std::unordered_map and never walk it")


# ---- Names, sizes and habits ----------------------------------------------------------------------------------

EMPTY_NAMES = {"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc"}
CODE = (".cpp", ".hpp", ".c", ".h", ".py", ".sh")
SNAKE_CASE = re.compile(r"([a-z][a-z0-9_]*|__\w+__)(\.\w+)?")
OFFICIAL_TYPES = {"key_manager"}  # OpenStack's name of the service


@rule
def top_folders_are_the_fixed_set(tree):
    for name in tree.files:
        if "/" in name and top(name) not in TOP_FOLDERS:
            yield Finding(name, 1, f"{top(name)}/ is not a folder of the house", ", ".join(sorted(TOP_FOLDERS)))


@rule
def no_name_is_empty_of_meaning(tree):
    for name in tree.files:
        if name.startswith("contrib/images/"):  # a guest's file system, whose names are the guest's
            continue
        for part in PurePosixPath(name).parts:
            stem = part.split(".")[0]
            empty = set(re.split(r"[_-]", stem.lower())) & EMPTY_NAMES
            if empty and stem not in OFFICIAL_TYPES:
                yield Finding(name, 1, f"is named {empty.pop()}", "name it after what it holds")


@rule
def no_file_is_named_by_a_counter(tree):
    for name in tree.cpp():
        if re.search(r"_(\d|part_?\d+|more|continued)$", PurePosixPath(name).stem):
            yield Finding(name, 1, "is the next part of a file", "split by meaning, or keep one long file")


@rule
def files_and_their_folders_are_snake_case(tree):
    for name in tree.files:
        if top(name) in ("kernel", "sdk", "plugins", "tests") and name.endswith(CODE):
            wrong = [part for part in PurePosixPath(name).parts if not SNAKE_CASE.fullmatch(part)]
            if wrong:
                yield Finding(name, 1, f"{wrong[0]} is not snake_case", "lower case, digits and underscores")


LIMITS = {".cpp": 800, ".c": 800, ".py": 800, ".sh": 800, ".hpp": 400, ".h": 400}


@rule
def files_are_short(tree):
    """Tests may be long, and so may a table of declarations, whose file is called <noun>_table."""
    for name in tree.files:
        path = PurePosixPath(name)
        limit = LIMITS.get(path.suffix)
        if limit and top(name) != "tests" and not path.stem.endswith("_table"):
            length = tree.text(name).count("\n")
            if length > limit:
                yield Finding(name, limit, f"has {length} lines, {limit} is the limit", "split it by meaning")


@rule
def headers_are_included_once_and_open_no_namespace(tree):
    for name in tree.headers():
        guarded = name.endswith(".h") and re.search(r"#ifndef (\w+)\s+#define \1\b", tree.code(name))
        if not guarded and "#pragma once" not in tree.code(name):
            yield Finding(name, 1, "has no #pragma once", "put it below the comment at the top")
        for line, _ in tree.matches(name, r"(?m)^using\s+namespace\b") if top(name) != "tests" else ():
            yield Finding(name, line, "opens a namespace for all who include it", "name what is needed")


# The simulator's side of the seam is the SDK's; operator is a word of the language.
NAMESPACE_OF = {"world": "volutus::world", "operator": "volutus::kernel::operators"}


@rule
def a_kernel_namespace_is_its_folder(tree):
    for name in tree.headers("kernel"):
        parts = PurePosixPath(name).parts
        if len(parts) < 3 or not re.search(r"\bnamespace\b", tree.code(name)):
            continue
        wanted = NAMESPACE_OF.get(parts[1], f"volutus::kernel::{parts[1]}")
        if not re.search(rf"\bnamespace\s+{wanted}\b", tree.code(name)):
            yield Finding(name, 1, "declares nothing in the namespace of its folder",
                          f"namespace {wanted}")


@rule
def nothing_swallows_every_error(tree):
    everything = r"\bcatch\s*\(\s*(\.\.\.|(const\s+)?std::exception\b[^)]*)\s*\)"
    for name in tree.cpp():
        if top(name) == "tests":
            continue
        for line, _ in tree.matches(name, everything + r"\s*\{\s*((return|continue|break)?\s*;)?\s*\}"):
            yield Finding(name, line, "catches every error and says nothing", "let it pass, log it, or catch the one "
                          "kind that is expected")


@rule
def no_note_to_self_is_left(tree):
    notes = r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"
    for name in tree.files:
        for line, found in tree.matches(name, notes, tree.text(name)):
            yield Finding(name, line, f"says {found[0]}", "do it, or open an issue")


@rule
def no_path_of_a_developers_machine(tree):
    places = r"(?<![\w.}/~-])/(?:home|Users|work|workspace|builds)/\w"
    for name in tree.files:
        if not name.startswith("contrib/images/"):  # a guest has homes of its own
            for line, found in tree.matches(name, places, tree.text(name)):
                yield Finding(name, line, f"names {found[0]}...", "a path from the source or build folder, or a key "
                              "of conf.d/")


@rule
def no_test_is_switched_off(tree):
    for name in tree.cpp("tests"):
        for line, _ in tree.matches(name, r"\bTEST\w*\s*\([^)]*\bDISABLED_"):
            yield Finding(name, line, "is switched off", "mend it or remove it")
        for line, _ in tree.matches(name, r"\bGTEST_SKIP\s*\(\s*\)\s*;"):
            yield Finding(name, line, "skips without a reason", "GTEST_SKIP() << \"what is missing on this host\"")
    for name in tree.files:
        if top(name) == "tests" and name.endswith("CMakeLists.txt"):
            for line, _ in tree.matches(name, r"\bDISABLED\s+(TRUE|ON|1)\b", tree.text(name)):
                yield Finding(name, line, "switches a test off", "mend it or remove it")


def main():
    parser = argparse.ArgumentParser(description="Checks the rules of the house.")
    parser.add_argument("--root", default=Path(__file__).resolve().parents[2])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("rules", nargs="*", metavar="RULE", help="all, if none is named")
    wanted = parser.parse_args()
    if wanted.list:
        print("\n".join(RULES))
        return 0
    unknown = [name for name in wanted.rules if name not in RULES]
    if unknown:
        parser.error(f"no rule is called {', '.join(unknown)}; see --list")
    tree = SourceTree(wanted.root)
    if not tree.files:
        parser.error(f"there are no files in {wanted.root}")
    findings = [finding for name in wanted.rules or RULES for finding in RULES[name](tree)]
    for finding in findings:
        print(f"{finding.file}:{finding.line}: {finding.wrong}. Instead: {finding.instead}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
