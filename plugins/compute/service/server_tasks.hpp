// The steps of the tasks that work on servers.
//
// Each step may run twice. Whatever a create took, its undo gives back: the guest and its disks first, then the ports,
// then the room on the host; so nothing is given to another while the guest may still run.
#pragma once

#include "backends.hpp"
#include "host.hpp"
#include "server.hpp"
#include "settings.hpp"

#include <volutus/task.hpp>

#include <optional>
#include <string>

namespace volutus::compute {

class ServerTasks {
public:
    explicit ServerTasks(Host host) : backends_(host) {}
    void configure(Settings const& settings) { settings_ = settings; }

    // server.create
    store::Apply place(Step& step);
    store::Apply unplace(Step& step);
    store::Apply attach(Step& step);
    store::Apply detach(Step& step);
    store::Apply prepare(Step& step);
    store::Apply destroy(Step& step);
    store::Apply power_on(Step& step);
    store::Apply activate(Step& step);
    // server.delete
    store::Apply bury(Step& step);
    store::Apply forget(Step& step);
    store::Apply held_up(Step& step);
    // the others
    store::Apply power_off(Step& step);
    store::Apply reboot(Step& step);
    store::Apply reset(Step& step);
    store::Apply pause(Step& step);
    store::Apply unpause(Step& step);
    store::Apply settle(Step& step); // the server becomes what the task's input says
    store::Apply failed(Step& step);

private:
    Server require(Step& step) const;
    // The server as its driver is to make it.
    hypervisor::Server described(Step& step, Server const& server) const;
    // Throws for a server whose creation failed and which therefore is on no host.
    Client<hypervisor::contract> hypervisor_of(Server const& server) const;
    std::optional<std::string> claim_on(Step& step, Store& store, Server server, ComputeHost const& host) const;

    Backends backends_;
    Settings settings_;
};

inline constexpr auto create_server =
    task<&ServerTasks::failed>("server.create", 1, step<&ServerTasks::place, &ServerTasks::unplace>("place"),
                               step<&ServerTasks::attach, &ServerTasks::detach>("attach"),
                               step<&ServerTasks::prepare, &ServerTasks::destroy>("prepare"),
                               step<&ServerTasks::power_on>("start"), step<&ServerTasks::activate>("activate"));
inline constexpr auto delete_server = until_done(task<&ServerTasks::held_up>(
    "server.delete", 1, step<&ServerTasks::destroy>("destroy"), step<&ServerTasks::detach>("detach"),
    step<&ServerTasks::bury>("bury"), step<&ServerTasks::forget>("forget")));
inline constexpr auto start_server =
    task<&ServerTasks::failed>("server.start", 1, step<&ServerTasks::attach>("attach"),
                               step<&ServerTasks::power_on>("start"), step<&ServerTasks::settle>("settle"));
inline constexpr auto stop_server = task<&ServerTasks::failed>("server.stop", 1, step<&ServerTasks::power_off>("stop"),
                                                               step<&ServerTasks::settle>("settle"));
inline constexpr auto reboot_server = task<&ServerTasks::failed>(
    "server.reboot", 1, step<&ServerTasks::reboot>("reboot"), step<&ServerTasks::settle>("settle"));
inline constexpr auto reset_server =
    task<&ServerTasks::failed>("server.reset", 1, step<&ServerTasks::attach>("attach"),
                               step<&ServerTasks::reset>("reset"), step<&ServerTasks::settle>("settle"));
inline constexpr auto pause_server = task<&ServerTasks::failed>("server.pause", 1, step<&ServerTasks::pause>("pause"),
                                                                step<&ServerTasks::settle>("settle"));
inline constexpr auto unpause_server = task<&ServerTasks::failed>(
    "server.unpause", 1, step<&ServerTasks::unpause>("unpause"), step<&ServerTasks::settle>("settle"));

} // namespace volutus::compute
