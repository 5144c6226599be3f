// volutus.hypervisor/1 on one host's libvirt.
//
// What must outlive everything stands in three places below Settings::directory: servers/<id>/ has the disks, records/
// the highest epoch of each server and what was made for it, images/ the cache. The guests themselves are libvirt's:
// they are defined there, run on while the daemon is down, and carry the server's id as their UUID.
#pragma once

#include "changes.hpp"
#include "connection.hpp"
#include "disks.hpp"
#include "domain_xml.hpp"
#include "event_loop.hpp"
#include "image_cache.hpp"
#include "serial_console.hpp"
#include "settings.hpp"

#include <volutus/contract/hypervisor.hpp>
#include <volutus/fenced_records.hpp>

#include <optional>
#include <string>

namespace volutus::compute::libvirt {

class Driver : public hypervisor::Driver {
public:
    Driver(Host host, Settings settings);

    void begin(); // the thread for events
    void end();   // calls that wait return; the thread has ended. No further calls

    hypervisor::Hosts hosts(Call& call) override;
    void prepare(Call& call, hypervisor::Server const& server) override;
    void start(Call& call, hypervisor::Server const& server) override;
    void stop(Call& call, hypervisor::Stop const& wanted) override;
    void reboot(Call& call, hypervisor::Stop const& wanted) override;
    void remove(Call& call, hypervisor::ServerId const& server) override;
    std::optional<hypervisor::State> show(Call& call, hypervisor::ServerId const& server) override;
    hypervisor::States list(Call& call, hypervisor::HostName const& host) override;
    hypervisor::Text console_log(Call& call, hypervisor::Log const& wanted) override;
    void console(Call& call, hypervisor::ConsoleOf const& wanted) override;
    hypervisor::Events events(Call& call, hypervisor::Since const& since) override;
    void pause(Call& call, hypervisor::ServerId const& server) override;
    void unpause(Call& call, hypervisor::ServerId const& server) override;

private:
    void check_host(std::string const& host) const;
    void check_id(std::string const& id) const;
    Virtualisation virtualisation(Call& call, virConnectPtr connect);
    std::optional<hypervisor::State> state_of(virConnectPtr connect, std::string const& id);
    // The guest of a server that must be there and run.
    Domain running(virConnectPtr connect, std::string const& id);
    void power_off(Call& call, std::string const& id, std::uint32_t patience_seconds);
    void power_on(Call& call, virDomainPtr domain, std::string const& id);
    void trim_cache();

    Host host_;
    Settings const settings_;
    std::string const name_;
    Changes changes_;
    EventLoop loop_;
    Connection connection_;
    SerialConsoles serial_consoles_;
    ImageCache images_;
    Disks disks_;
    FencedRecords records_;
    world::Mutex probe_mutex_;
    std::optional<Virtualisation> virtualisation_;
};

} // namespace volutus::compute::libvirt
