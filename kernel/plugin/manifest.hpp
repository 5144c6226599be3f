// The manifest of a plugin, as the kernel reads it before any code of the plugin runs.
#pragma once

#include <volutus/contract/store.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::plugin {

struct Abi {
    std::uint32_t major = 0, minor = 0;
};
BOOST_DESCRIBE_STRUCT(Abi, (), (major, minor))

struct Provided {
    std::string contract;
    std::vector<std::string> calls;
};
BOOST_DESCRIBE_STRUCT(Provided, (), (contract, calls))

struct TaskDeclaration {
    std::string name;
    std::uint32_t version = 1;
    std::vector<std::string> steps;
    bool until_done = false; // a step is tried until it succeeds, and none is undone
};
BOOST_DESCRIBE_STRUCT(TaskDeclaration, (), (name, version, steps, until_done))

// A rule of the plugin's tables with its default check.
struct PolicyDeclaration {
    std::string rule, check;
};
BOOST_DESCRIBE_STRUCT(PolicyDeclaration, (), (rule, check))

struct Hosts {
    std::string kind, traits, aggregates;
};
BOOST_DESCRIBE_STRUCT(Hosts, (), (kind, traits, aggregates))

// Keys that this kernel does not know are ignored: a newer SDK may write more.
struct Manifest {
    Abi abi;
    std::string id, version, sdk;
    std::optional<std::string> vendor, licence, description, target, profile;
    std::vector<Provided> provides;
    std::vector<std::string> requires_, wants;
    std::vector<volutus::store::Kind> kinds;
    std::vector<TaskDeclaration> tasks;
    std::vector<PolicyDeclaration> policies;
    std::vector<std::string> quotas; // names that the service's creates claim
    std::optional<Hosts> hosts;      // documents that the scheduler chooses from
    json::array routes;
    json::object service;
    json::object config;
    std::vector<std::string> links; // none: in-process and process
};
BOOST_DESCRIBE_STRUCT(Manifest, (),
                      (abi, id, version, sdk, vendor, licence, description, target, profile, provides, requires_, wants,
                       kinds, tasks, policies, quotas, hosts, routes, service, config, links))

// From the JSON of the manifest. Refuses another ABI major, a bad id ([a-z0-9_], at most 64) and unknown links.
// `source` names the plugin in errors.
Manifest parse_manifest(std::string_view json, std::string_view source);

// From a shared library, without loading it. Each of these is refused with a message of its own: not an ELF file,
// another machine's, truncated, not a shared library, no manifest, more exported symbols than the one entry.
Manifest read_manifest(std::string const& path);
// The same of a file that errors call by another path: that of an open descriptor is no name for people.
Manifest read_manifest(std::string const& file, std::string const& path);

} // namespace volutus::kernel::plugin
