// A task is a list of steps, each with its undo:
//
//     constexpr auto make_widget = task("widget.make", version(1),
//         step<&WidgetTasks::place, &WidgetTasks::unplace>("place"), step<&WidgetTasks::build, &WidgetTasks::demolish>("build"));
//
// A step is a method Apply (T::*)(Step&) of the object that runs the tasks; what it returns is committed together with
// the task's progress. It may run twice. An undo is of the same form; nullptr where nothing needs to be undone.
//
// A delete that was accepted is not taken back. It has no undos, and goes on until it is done:
//
//     constexpr auto remove_widget = until_done(task<&WidgetTasks::held_up>("widget.remove", version(1), ...));
#pragma once

#include <volutus/contract/task.hpp>
#include <volutus/manifest_writer.hpp>

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

namespace volutus {

// What a step sees. `state` is kept for the steps that follow, and for the undos.
struct Step {
    Call& call;
    std::string const& task;
    std::string const& resource;
    json::object const& input;
    json::object& state;
    std::string error;                        // of `Failed` and of an undo: why the task failed
    std::optional<std::uint64_t> again_after; // microseconds: set by a step that is not done yet

    void again(std::chrono::microseconds pause) { again_after = static_cast<std::uint64_t>(pause.count()); }
};

template <auto Run, auto Undo> struct StepRow {
    std::string_view name;
};
template <auto Run, auto Undo = nullptr> constexpr StepRow<Run, Undo> step(std::string_view name) { return {name}; }

template <auto Failed, class... Rows> struct TaskTable {
    std::string_view name;
    std::uint32_t version;
    std::tuple<Rows...> steps;
    bool until_done = false;
    static constexpr auto failed = Failed;

    constexpr void write(ManifestWriter& out) const {
        out.open('{');
        out.member("name", name);
        out.member("version", std::int64_t{version});
        out.key("steps");
        out.open('[');
        std::apply([&](auto const&... row) { (out.text(row.name), ...); }, steps);
        out.close(']');
        if (until_done) out.member("until_done", true);
        out.close('}');
    }
};
// `Failed`: Apply (T::*)(Step&), called before anything is undone, puts the reason where the tenant reads it.
template <auto Failed, class... Rows> constexpr auto task(std::string_view name, std::uint32_t version, Rows... rows) {
    return TaskTable<Failed, Rows...>{name, version, std::tuple<Rows...>(rows...)};
}
// A step that fails is tried again, with back-off, until it succeeds. `Failed` is called after each try that would have
// been the last one of another task; where the reason is told already it writes nothing.
template <auto Failed, class... Rows> constexpr auto until_done(TaskTable<Failed, Rows...> table) {
    table.until_done = true;
    return table;
}

template <class... Tables> struct TasksPart {
    std::tuple<Tables const*...> tables;
    constexpr void write(ManifestWriter& out) const {
        out.key("tasks");
        out.open('[');
        std::apply([&](auto const*... table) { (table->write(out), ...); }, tables);
        out.close(']');
    }
};
// Part of a manifest: the tasks whose steps the plugin runs.
template <class... Tables> constexpr TasksPart<Tables...> runs(Tables const&... tables) {
    return {std::tuple<Tables const*...>(&tables...)};
}

// Answers volutus.task/1 for the tables of one object. Concurrent; the object's methods are called concurrently too.
template <class T> class TaskSteps : public tasks::Steps {
public:
    explicit TaskSteps(T& target) : target_(target) {}

    template <auto Failed, class... Rows> void add(TaskTable<Failed, Rows...> const& table) {
        auto& entry = tasks_[{std::string(table.name), table.version}];
        entry.failed = method<Failed>();
        std::apply([&](auto const&... row) { (add_step(entry, row), ...); }, table.steps);
    }

    tasks::StepOutcome run(Call& call, tasks::RunStep const& request) override {
        auto const& steps = find(request).steps;
        auto const found = steps.find(request.step);
        if (found == steps.end())
            throw Error(Code::unsupported, "task " + request.name + " has no step " + request.step);
        return perform(call, request, request.undo ? found->second.undo : found->second.run);
    }
    tasks::StepOutcome failed(Call& call, tasks::RunStep const& request) override {
        return perform(call, request, find(request).failed);
    }

private:
    using Method = store::Apply (T::*)(Step&);
    struct Pair {
        Method run = nullptr, undo = nullptr;
    };
    struct Task {
        std::map<std::string, Pair, std::less<>> steps;
        Method failed = nullptr;
    };

    template <auto M> static constexpr Method method() {
        if constexpr (std::is_null_pointer_v<decltype(M)>)
            return nullptr;
        else
            return M;
    }
    template <auto Run, auto Undo> static void add_step(Task& task, StepRow<Run, Undo> const& row) {
        task.steps[std::string(row.name)] = {method<Run>(), method<Undo>()};
    }
    Task const& find(tasks::RunStep const& request) const {
        auto const found = tasks_.find({request.name, request.version});
        if (found == tasks_.end())
            throw Error(Code::unsupported,
                        "no task " + request.name + " of version " + std::to_string(request.version) + " here");
        return found->second;
    }
    tasks::StepOutcome perform(Call& call, tasks::RunStep const& request, Method method) {
        tasks::StepOutcome outcome;
        outcome.state = request.state;
        if (!method) return outcome;
        Step step{call, request.task, request.resource, request.input, outcome.state, request.error.value_or(""), {}};
        outcome.apply = (target_.*method)(step);
        outcome.again_after = step.again_after;
        return outcome;
    }

    T& target_;
    std::map<std::pair<std::string, std::uint32_t>, Task> tasks_;
};

} // namespace volutus
