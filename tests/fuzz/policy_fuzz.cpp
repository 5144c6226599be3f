// policy.yaml: a file that is taken decides, for anybody and about anything.
#include "fuzz.hpp"
#include "kernel/auth/base_rules.hpp"
#include "kernel/auth/policy.hpp"
#include "kernel/auth/policy_file.hpp"

#include <volutus/error.hpp>

using namespace volutus::kernel::auth;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static auto const defaults = base_rules();
    try {
        auto const overrides = parse_policy(volutus::fuzz::text(data, size), "fuzz.yaml");
        Policy const policy(defaults, overrides);
        Credentials caller;
        caller.user_id = "u";
        caller.project_id = "p";
        caller.roles = {"member", "reader"};
        volutus::json::object const target{{"project_id", "p"}, {"user", {{"id", "u"}}}, {"shared", true}, {"size", 7}};
        for (auto const& rule : policy.rules()) policy.decide(rule.name, caller, target);
        policy.decide("nowhere", {}, {});
    } catch (volutus::Error const& refused) {
        volutus::fuzz::must(refused.code() == volutus::Code::invalid || refused.code() == volutus::Code::too_large);
    }
    return 0;
}
