#include "server_tasks.hpp"

#include "guest_documents.hpp"

#include <fmt/format.h>

namespace volutus::compute {

namespace {

void become(Server& server, std::string_view vm_state) {
    server.vm_state = vm_state;
    server.task_state.reset();
    server.power_state = vm_state == "active"    ? power::running
                         : vm_state == "paused"  ? power::paused
                         : vm_state == "stopped" ? power::off
                                                 : power::none;
    if (vm_state != "error") server.fault.reset();
    touch(server);
}

void show_failure(Server& server, std::string const& reason) {
    server.fault = Fault{500, server.updated, reason};
    if (!server.events.empty()) server.events.back().message = "Error"; // the action that the task is for
}

} // namespace

Server ServerTasks::require(Step& step) const {
    return Store(backends_.host, step.call).require<Server>(step.resource);
}

Client<hypervisor::contract> ServerTasks::hypervisor_of(Server const& server) const {
    if (server.host.empty())
        throw Error(Code::conflict, fmt::format("server {} is on no host; delete it and create another", server.id));
    return backends_.hypervisors.at(server.driver);
}

hypervisor::Server ServerTasks::described(Step& step, Server const& server) const {
    hypervisor::Server out;
    out.id = server.id;
    out.name = server.name;
    out.host = server.host;
    out.vcpus = server.flavor.vcpus;
    out.memory_mb = server.flavor.ram;
    out.disk_gb = server.flavor.disk;
    out.ephemeral_gb = server.flavor.ephemeral;
    out.swap_mb = server.flavor.swap;
    out.image = server.image.id;
    out.image_sha512 = server.image.sha512;
    out.image_format = server.image.format;
    out.image_properties = server.image.properties;
    std::vector<ports::Nic> nics;
    if (server.networks != "none")
        nics = backends_.ports.call<&ports::Ports::of_servers>(step.call, ports::Servers{{server.id}}).nics;
    auto const model = server.image.properties.find("hw_vif_model");
    for (auto const& nic : nics)
        out.nics.push_back({nic.port, nic.mac, nic.bridge, nic.device, nic.mtu,
                            model == server.image.properties.end() ? std::string() : model->second});
    if (server.config_drive) out.config_drive = config_drive_of(server, nics);
    return out;
}

store::Apply ServerTasks::attach(Step& step) {
    auto const server = require(step);
    if (server.networks != "none") backends_.ports.call<&ports::Ports::attach>(step.call, wanted_ports(server));
    return {};
}

store::Apply ServerTasks::detach(Step& step) {
    auto const server = Store(backends_.host, step.call).get<Server>(step.resource);
    if (server && server->networks != "none")
        backends_.ports.call<&ports::Ports::detach>(step.call, ports::ServerId{server->id});
    return {};
}

store::Apply ServerTasks::prepare(Step& step) {
    auto const server = require(step);
    hypervisor_of(server).call<&hypervisor::Driver::prepare>(step.call, described(step, server));
    return {};
}

store::Apply ServerTasks::destroy(Step& step) {
    auto const server = Store(backends_.host, step.call).get<Server>(step.resource);
    if (server && !server->host.empty())
        hypervisor_of(*server).call<&hypervisor::Driver::remove>(step.call,
                                                                 hypervisor::ServerId{server->id, server->host});
    return {};
}

store::Apply ServerTasks::power_on(Step& step) {
    auto const server = require(step);
    hypervisor_of(server).call<&hypervisor::Driver::start>(step.call, described(step, server));
    return {};
}

store::Apply ServerTasks::power_off(Step& step) {
    auto const server = require(step);
    auto const patience = static_cast<std::uint32_t>(settings_.patience);
    hypervisor_of(server).call<&hypervisor::Driver::stop>(step.call,
                                                          hypervisor::Stop{server.id, server.host, patience});
    return {};
}

store::Apply ServerTasks::reboot(Step& step) {
    auto const server = require(step);
    auto const patience = static_cast<std::uint32_t>(settings_.patience);
    hypervisor_of(server).call<&hypervisor::Driver::reboot>(step.call,
                                                            hypervisor::Stop{server.id, server.host, patience});
    return {};
}

// Whatever state it is in: off, and on again as it is to be.
store::Apply ServerTasks::reset(Step& step) {
    auto const server = require(step);
    hypervisor_of(server).call<&hypervisor::Driver::stop>(step.call, hypervisor::Stop{server.id, server.host, 0});
    return power_on(step);
}

store::Apply ServerTasks::pause(Step& step) {
    auto const server = require(step);
    hypervisor_of(server).call<&hypervisor::Driver::pause>(step.call, hypervisor::ServerId{server.id, server.host});
    return {};
}

store::Apply ServerTasks::unpause(Step& step) {
    auto const server = require(step);
    hypervisor_of(server).call<&hypervisor::Driver::unpause>(step.call, hypervisor::ServerId{server.id, server.host});
    return {};
}

store::Apply ServerTasks::settle(Step& step) {
    auto server = require(step);
    become(server, json::text(step.input.at("becomes")));
    return put(server).apply;
}

store::Apply ServerTasks::activate(Step& step) {
    auto server = require(step);
    become(server, "active");
    server.launched_at = server.updated;
    return put(server).apply;
}

// The tombstone tells how it ended. From here on nobody sees the server, so all that it held is free.
store::Apply ServerTasks::bury(Step& step) {
    auto server = Store(backends_.host, step.call).get<Server>(step.resource);
    if (!server) return {};
    become(*server, "deleted");
    server->terminated_at = server->updated;
    return (put(*server) + release(step.resource)).apply;
}

store::Apply ServerTasks::forget(Step& step) {
    auto const server = Store(backends_.host, step.call).get<Server>(step.resource);
    if (!server) return {};
    return volutus::remove(*server).apply;
}

store::Apply ServerTasks::failed(Step& step) {
    auto server = Store(backends_.host, step.call).get<Server>(step.resource);
    if (!server) return {};
    become(*server, "error");
    show_failure(*server, step.error);
    return put(*server).apply;
}

// It is still being deleted, and says what that waits for. One that is buried is seen by nobody.
store::Apply ServerTasks::held_up(Step& step) {
    auto server = Store(backends_.host, step.call).get<Server>(step.resource);
    if (!server || server->vm_state == "deleted") return {};
    if (server->vm_state == "error" && server->fault && server->fault->message == step.error) return {};
    server->vm_state = "error";
    touch(*server);
    show_failure(*server, step.error);
    return put(*server).apply;
}

} // namespace volutus::compute
