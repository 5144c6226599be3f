// volutus.task/1: the steps of a plugin's tasks, called by the kernel's runner.
//
// A step may run twice. It answers with the apply that its outcome needs; the runner commits that together with the
// task's progress, so that either both are there after a crash or neither. The operation of the call names task,
// step and attempt; its epoch is the revision of the task's document, which every lease and every step raises, and
// which any driver called from the step sees too.
#pragma once

#include <volutus/contract/store.hpp>

namespace volutus::tasks {

struct RunStep {
    std::string task; // id
    std::string name; // "server.create"
    std::uint32_t version = 1;
    std::string step;
    bool undo = false;
    std::string kind, resource;       // the document that the task works on
    json::object input;               // what StartTask gave
    json::object state;               // what earlier steps left
    std::optional<std::string> error; // on an undo: why the task failed
};
BOOST_DESCRIBE_STRUCT(RunStep, (), (task, name, version, step, undo, kind, resource, input, state, error))

struct StepOutcome {
    store::Apply apply;                       // committed with the task's progress
    json::object state;                       // for the steps that follow; replaces what was there
    std::optional<std::uint64_t> again_after; // microseconds: not done yet, run this step again then
};
BOOST_DESCRIBE_STRUCT(StepOutcome, (), (apply, state, again_after))

struct Steps {
    virtual ~Steps() = default;
    // Errors: unavailable, not_executed, unknown_outcome, deadline and precondition are tried again with back-off;
    // anything else fails the task, which is then undone step by step.
    virtual StepOutcome run(Call&, RunStep const&) = 0;
    // Called when a task has failed, before its undos, to put the reason where the tenant reads it.
    virtual StepOutcome failed(Call&, RunStep const&) = 0;
};
inline constexpr auto contract =
    volutus::contract<Steps>("volutus.task/1", required<&Steps::run>("run"), required<&Steps::failed>("failed"));

} // namespace volutus::tasks
