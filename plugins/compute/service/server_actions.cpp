// What is done to servers: each action that takes time is a task, and is refused where another is under way.
#include "server_table.hpp"
#include "server_tasks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace volutus::compute {

namespace {

constexpr std::size_t events_kept = 20;

[[noreturn]] void refuse_state(Server const& server, std::string_view action, std::string_view kind,
                               std::string_view state) {
    throw Error(Code::conflict,
                fmt::format("Cannot '{}' instance {} while it is in {} {}", action, server.id, kind, state));
}

void refuse_locked(Request& request, Server const& server) {
    if (server.locked && !request.caller().is_admin && !request.by_the_cloud())
        throw Error(Code::conflict, fmt::format("Instance {} is locked", server.id));
}

} // namespace

struct Servers::Action {
    std::string_view name;                   // as messages call it
    std::string_view task_state;             // while it is under way
    std::array<std::string_view, 5> allowed; // vm_states
};

void remember(Request& request, Server& server, std::string_view action) {
    auto const& caller = request.caller();
    server.events.push_back({std::string(action),
                             std::string(request.request_id()),
                             caller.user ? caller.user->id : std::string(),
                             caller.project ? caller.project->id : std::string(),
                             timestamp_now(),
                             {}});
    if (server.events.size() > events_kept) server.events.erase(server.events.begin());
}

template <class StartTask> Reply Servers::act(Request& request, Action const& action, StartTask start) {
    retry_on_conflict([&] {
        auto server = require_server(request);
        refuse_locked(request, server);
        if (server.task_state) refuse_state(server, action.name, "task_state", *server.task_state);
        if (std::find(action.allowed.begin(), action.allowed.end(), server.vm_state) == action.allowed.end())
            refuse_state(server, action.name, "vm_state", server.vm_state);
        if (server.host.empty()) // its creation failed; nothing is anywhere that could be stopped or started
            throw Error(Code::conflict, fmt::format("Instance {} is not ready", server.id));
        server.task_state = action.task_state;
        remember(request, server, action.name);
        touch(server);
        // A task that failed has told the server so and may still be undoing its steps: this one waits for its end.
        request.apply(put(server) + replacing(start(server)));
    });
    return request.reply();
}

Reply Servers::start(Request& request) {
    return act(request, {"start", "powering-on", {"stopped"}},
               [](Server const& server) { return volutus::start(start_server, server, {{"becomes", "active"}}); });
}

Reply Servers::stop(Request& request) {
    return act(request, {"stop", "powering-off", {"active", "error"}},
               [](Server const& server) { return volutus::start(stop_server, server, {{"becomes", "stopped"}}); });
}

Reply Servers::reboot(Request& request, Reboot const& how) {
    if (how.type[0] == 'S' || how.type[0] == 's')
        return act(request, {"reboot", "rebooting", {"active"}},
                   [](Server const& server) { return volutus::start(reboot_server, server, {{"becomes", "active"}}); });
    return act(request, {"reboot", "rebooting_hard", {"active", "stopped", "paused", "error"}},
               [](Server const& server) { return volutus::start(reset_server, server, {{"becomes", "active"}}); });
}

Reply Servers::pause(Request& request) {
    return act(request, {"pause", "pausing", {"active"}},
               [](Server const& server) { return volutus::start(pause_server, server, {{"becomes", "paused"}}); });
}

Reply Servers::unpause(Request& request) {
    return act(request, {"unpause", "unpausing", {"paused"}},
               [](Server const& server) { return volutus::start(unpause_server, server, {{"becomes", "active"}}); });
}

// From every state: what is under way is cancelled and undone before the server goes.
Reply Servers::remove(Request& request) {
    retry_on_conflict([&] {
        auto server = require_server(request);
        refuse_locked(request, server);
        if (server.task_state == "deleting") return;
        server.task_state = "deleting";
        remember(request, server, "delete");
        touch(server);
        request.apply(put(server) + replacing(volutus::start(delete_server, server)));
    });
    return request.reply();
}

Reply Servers::lock(Request& request, LockReason const& why) {
    changed(request, [&](Server& server) {
        server.locked = true;
        server.locked_reason = why.reason;
    });
    return request.reply();
}

Reply Servers::unlock(Request& request) {
    changed(request, [](Server& server) {
        server.locked = false;
        server.locked_reason.reset();
    });
    return request.reply();
}

// A server that a task works on is left to it.
Reply Servers::reset_state(Request& request, ResetState const& wanted) {
    changed(request, [&](Server& server) {
        if (server.task_state) refuse_state(server, "reset state of", "task_state", *server.task_state);
        server.vm_state = wanted.state;
        server.fault.reset();
    });
    return request.reply();
}

Reply Servers::console_output(Request& request, ConsoleOutput const& wanted) {
    auto const server = require_server(request);
    if (server.host.empty()) throw Error(Code::conflict, fmt::format("Instance {} is not ready", server.id));
    hypervisor::Log log{server.id, server.host, 102400};
    auto const hypervisor = backends_.hypervisors.at(server.driver);
    std::string text;
    try {
        text = hypervisor.call<&hypervisor::Driver::console_log>(request.call(), log).text;
    } catch (Error const& error) {
        if (error.code() != Code::not_found) throw;
        throw Error(Code::conflict, fmt::format("Instance {} is not ready", server.id));
    }
    if (wanted.length && *wanted.length >= 0) { // so many last lines, and what stands behind the last '\n' is one
        auto from = text.size() + 1;
        for (auto lines = *wanted.length; lines > 0 && from > 0; --lines)
            from = from < 2 ? 0 : text.rfind('\n', from - 2) + 1;
        text.erase(0, std::min(from, text.size()));
    }
    return request.reply(json::object{{"output", json::string(text)}});
}

Reply Servers::add_group(Request& request, GroupName const& group) {
    auto const server = require_server(request);
    refuse_locked(request, server);
    backends_.ports.call<&ports::Ports::add_group>(request.call(), ports::Group{server.id, group.name});
    return request.reply();
}

Reply Servers::remove_group(Request& request, GroupName const& group) {
    auto const server = require_server(request);
    refuse_locked(request, server);
    backends_.ports.call<&ports::Ports::remove_group>(request.call(), ports::Group{server.id, group.name});
    return request.reply();
}

} // namespace volutus::compute
