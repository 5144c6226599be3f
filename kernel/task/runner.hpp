// Runs tasks: leases them, runs their steps by volutus.task/1, and commits each outcome together with the documents that
// it changed.
//
// What holds, whatever crashes:
//  - A step that was committed is not run again; a step that was not is run again, by this or another runner.
//  - The epoch of a step's calls is the revision of the task's document, raised by the lease and by every commit of the
//    task. Backends keep the highest they have seen, so a call that arrives late is refused as stale.
//  - A failed or cancelled task is undone step by step, from the one that failed down; an undo is tried until it
//    succeeds. Its resource is told the reason when the undo begins.
//  - A task that goes on until it is done is not undone when it fails: its resource is told, and it is tried again.
//  - A step that does not come back by its deadline is given up: its thread is left to it, the plugin that it is in is
//    quarantined, and the step has failed. Nothing of what it still gives is committed.
//  - A task that ended is removed (its document stays as a tombstone for a day), and one that waited for it is made
//    ready in the same apply.
#pragma once

#include "kernel/plugin/manifest.hpp"
#include "kernel/plugin/registry.hpp"
#include "kernel/store/store.hpp"
#include "kernel/task/task_document.hpp"
#include "kernel/trace/span.hpp"

#include <volutus/contract/task.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace volutus::kernel::task {

struct RunnerOptions {
    std::string node = "local";
    std::size_t threads = 8;
    world::Duration lease = std::chrono::seconds(30);
    world::Duration step_limit = std::chrono::minutes(10); // deadline of one call of a step
    std::uint64_t tries = 8;                               // of a step, before the task fails
    world::Duration first_pause = std::chrono::milliseconds(100);
    world::Duration longest_pause = std::chrono::seconds(60);
    trace::Tracer* tracer = nullptr; // who is told of steps; null: nobody
};

class Runner {
public:
    Runner(store::Store& store, plugin::Registry& registry, RunnerOptions options);
    ~Runner();
    Runner(Runner const&) = delete;
    Runner& operator=(Runner const&) = delete;

    // A task that a plugin runs; several versions may be there at once. Before start().
    void declare(std::string const& owner, plugin::TaskDeclaration const& task);

    void start(); // takes up what is in the store, then follows the feed
    void stop();  // lets steps under way end, and ends all waiting for the feed; tasks go on after the next start

private:
    struct Running {
        std::shared_ptr<plugin::CallContext> context; // of the call under way or the last one; by mutex_
        std::uint64_t revision = 0;
        TaskDocument document; // by mutex_ while `calling`; else of the thread that runs it
        bool calling = false, given_up = false;
    };
    using Due = std::pair<world::Instant, std::string>;

    void follow(std::uint64_t since);
    void take_up();
    void notice(std::string const& id);
    void work();
    void keep(); // what runs: leases are renewed, and what hangs is given up
    void renew_one(std::string const& id);
    void give_up_overdue();

    void run_task(std::string const& id);
    bool lease(std::string const& id, Running& running);
    bool advance(std::string const& id, Running& running); // one step; false when the task ended or has to wait
    bool call_step(std::string const& id, Running& running);
    bool fail(std::string const& id, Running& running, std::string const& reason);
    bool begin_undo(std::string const& id, Running& running, std::string const& reason);
    // Its resource is told why it failed; what that writes, for the next commit.
    volutus::store::Apply tell(std::string const& id, Running& running);
    bool try_again(std::string const& id, Running& running, world::Duration pause, std::string const& reason,
                   volutus::store::Apply apply = {});
    bool finish(std::string const& id, Running& running, volutus::store::Apply apply);
    bool commit(std::string const& id, Running& running, volutus::store::Apply apply);
    void write(std::string const& id, Running& running, volutus::store::Apply apply, store::KernelPart own);
    std::uint64_t revision_of(Running const& running);
    tasks::StepOutcome ask(std::string const& id, Running& running, std::string const& step, bool failed);
    plugin::TaskDeclaration const& declaration_of(TaskDocument const& document) const;
    std::vector<std::string> const& steps_of(TaskDocument const& document) const {
        return declaration_of(document).steps;
    }
    world::Duration pause_after(std::uint64_t attempt) const;
    void schedule(std::string const& id, world::Instant when);
    void let_go(std::string const& id, std::exception const& why);
    world::Instant instant_of(std::int64_t wall) const;

    store::Store& store_;
    plugin::Registry& registry_;
    RunnerOptions options_;
    std::string lease_name_; // "<node>/<incarnation>"
    std::map<std::tuple<std::string, std::string, std::uint32_t>, plugin::TaskDeclaration> declared_; // by their owners

    world::Mutex mutex_;
    world::Condition changed_, stopped_; // for the workers; for the keeper
    std::set<Due> due_;                  // by time; a task is there once
    std::map<std::string, world::Instant> when_;
    std::map<std::string, std::shared_ptr<Running>> running_;
    std::set<std::string> again_; // changed while it ran
    bool stopping_ = false;
    std::string refused_; // in which words the store refused last; "" once it has taken something again
    std::vector<world::Thread> threads_;
};

} // namespace volutus::kernel::task
