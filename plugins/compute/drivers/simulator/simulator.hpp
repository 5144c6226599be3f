// A hypervisor without a machine: any number of hosts and guests, with latency, failures and crashes on request, of its
// calls by its settings and of its guests by volutus.compute_simulator/1. For tests of everything above a hypervisor, and
// for a cloud to try the APIs on.
#pragma once

#include "faults.hpp"
#include "guests.hpp"

#include <deque>

namespace volutus::compute::simulator {

struct Settings {
    std::int64_t hosts = 1;
    std::string prefix = "simulated-"; // host names are <prefix><number>
    std::int64_t vcpus = 64, memory_mb = 262144, disk_gb = 4096;
    std::string directory;               // "" = in memory
    std::int64_t latency_ms = 0;         // of every call that changes something
    std::vector<std::string> fails;      // "start" or "start:web-": calls, of servers whose names begin so
    std::vector<std::string> crashes;    // the same; the process ends
    std::vector<std::string> hangs;      // the same; they do not come back, whoever cancels them
    std::int64_t hang_ms = 0;            // or do after this long; 0: never
    std::vector<std::string> powers_off; // guests whose names begin so power themselves off once they run
};

class Simulator : public hypervisor::Driver, public Faults {
public:
    explicit Simulator(Settings settings);

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
    void end_guest(Call& call, End const& end) override;

private:
    void misbehave(std::string_view what, std::string const& name) const;
    void power(Call& call, hypervisor::ServerId const& server, std::string_view what, hypervisor::Power wanted);
    void boot(Guest& guest);
    void happened(Guest const& guest);
    std::string name_of(std::string const& id) const;

    Settings settings_;
    Guests guests_;
    world::Mutex mutex_;
    world::Condition news_;
    std::deque<hypervisor::State> events_; // the last ones
    std::uint64_t next_event_ = 1;         // number that the next one gets
};

} // namespace volutus::compute::simulator
