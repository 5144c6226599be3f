#include "tests/sim/plant.hpp"

#include <volutus/contract/hypervisor.hpp>
#include <volutus/contract/network.hpp>
#include <volutus/contract/task.hpp>
#include <volutus/contract/toy.hpp>

#include <utility>

namespace volutus::sim {

namespace {

using kernel::plugin::CallFrame;
using kernel::plugin::Endpoint;

// A call as it comes to an endpoint, and the way on.
struct Asked {
    Endpoint& behind;
    CallFrame& frame;
    std::string_view contract, name, request;
    vlt_str* reply;

    bool is(std::string_view wanted_contract, std::string_view wanted_name) const {
        return contract == wanted_contract && name == wanted_name;
    }
    bool is_for_driver() const {
        return contract == hypervisor::contract.name || contract == network::contract.name ||
               contract == toy::contract.name;
    }
    bool is_apply() const { return is(store::contract.name, "apply"); }
    vlt_status go_on() const { return behind.call(frame, contract, name, request, reply); }
    vlt_status go_on(json::value const& changed) const {
        return behind.call(frame, contract, name, json::print(changed), reply);
    }
    vlt_status answer(json::value const& answered) const {
        *reply = frame.keep(json::print(answered));
        return VLT_OK;
    }
};

bool one_in(std::uint64_t n) { return world::random_u64() % n == 0; }

// An apply without one of its parts.
vlt_status without(Asked const& asked, char const* part) {
    auto apply = json::parse(asked.request).as_object();
    apply.erase(part);
    return asked.go_on(apply);
}

vlt_status late_call(Asked const& asked) {
    if (!asked.is_for_driver()) return asked.go_on();
    auto const epoch = std::exchange(asked.frame.context().epoch, 0); // a call of no task is always obeyed
    auto const status = asked.go_on();
    asked.frame.context().epoch = epoch;
    return status;
}

vlt_status silent_removal(Asked const& asked) {
    bool const removes = asked.is_for_driver() && asked.name.substr(0, 6) == "remove";
    return removes && one_in(4) ? asked.answer(json::object()) : asked.go_on();
}

vlt_status skipped_undo(Asked const& asked) {
    if (!asked.is(tasks::contract.name, "run")) return asked.go_on();
    auto const step = json::decode<tasks::RunStep>(json::parse(asked.request));
    if (!step.undo) return asked.go_on();
    tasks::StepOutcome outcome;
    outcome.state = step.state;
    return asked.answer(json::encode_struct(outcome));
}

vlt_status lost_release(Asked const& asked) {
    bool const undoing = asked.frame.context().step.rfind("undo:", 0) == 0;
    if (!undoing || !asked.is(tasks::contract.name, "run")) return asked.go_on();
    auto const status = asked.go_on();
    if (status != VLT_OK) return status;
    auto outcome = json::parse({asked.reply->data, asked.reply->size}).as_object();
    outcome.at("apply").as_object().erase("release");
    return asked.answer(outcome);
}

vlt_status split_apply(Asked const& asked) {
    if (!asked.is_apply()) return asked.go_on();
    auto rest = json::parse(asked.request).as_object();
    json::object const claims{{"claim", rest["claim"]}};
    if (!claims.at("claim").is_array() || claims.at("claim").as_array().empty()) return asked.go_on();
    auto const status = asked.go_on(claims);
    if (status != VLT_OK) return status;
    rest.erase("claim");
    return asked.go_on(rest);
}

vlt_status lost_expectation(Asked const& asked) { return asked.is_apply() ? without(asked, "expect") : asked.go_on(); }

vlt_status forgotten_task(Asked const& asked) {
    return asked.is_apply() && one_in(8) ? without(asked, "tasks") : asked.go_on();
}

vlt_status swallowed_error(Asked const& asked) {
    auto const status = asked.go_on();
    return status == VLT_OK || !asked.is_apply() || !one_in(4) ? status : asked.answer(json::object{{"revision", 0}});
}

using Bug = vlt_status (*)(Asked const&);

Bug bug_of(Plant plant) {
    switch (plant) {
    case Plant::late_call: return late_call;
    case Plant::silent_removal: return silent_removal;
    case Plant::skipped_undo: return skipped_undo;
    case Plant::lost_release: return lost_release;
    case Plant::split_apply: return split_apply;
    case Plant::lost_expectation: return lost_expectation;
    case Plant::forgotten_task: return forgotten_task;
    case Plant::swallowed_error: return swallowed_error;
    case Plant::none:
    case Plant::dropped_sync:
    case Plant::unchecked_reference: break;
    }
    return nullptr;
}

class Planted : public Endpoint {
public:
    Planted(Bug bug, std::shared_ptr<Endpoint> behind) : bug_(bug), behind_(std::move(behind)) {}
    vlt_status call(CallFrame& frame, std::string_view contract, std::string_view name, std::string_view request,
                    vlt_str* reply) noexcept override {
        return bug_({*behind_, frame, contract, name, request, reply});
    }

private:
    Bug const bug_;
    std::shared_ptr<Endpoint> const behind_;
};

} // namespace

std::shared_ptr<Endpoint> planted(Plant plant, std::shared_ptr<Endpoint> endpoint) {
    auto const bug = bug_of(plant);
    return bug ? std::make_shared<Planted>(bug, std::move(endpoint)) : endpoint;
}

std::vector<store::Kind> planted(Plant plant, std::vector<store::Kind> kinds) {
    if (plant == Plant::unchecked_reference)
        for (auto& kind : kinds) kind.references.clear();
    return kinds;
}

} // namespace volutus::sim
