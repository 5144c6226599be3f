// A network driver that keeps what it is told and moves no packet: for tests, and to see what a driver has to do.
#pragma once

#include <volutus/contract/network.hpp>
#include <volutus/fenced_records.hpp>

#include <algorithm>

namespace volutus::network::simulator {

struct Settings {
    std::string directory, host = "simulated";
    std::vector<std::string> physical;
    std::int64_t latency_ms = 0;
    std::string fail_call; // "ensure_port"; "" = none
    std::int64_t fail_times = 0;
    std::string fail_code = "unavailable";
};

class Simulator : public Driver {
public:
    explicit Simulator(Settings settings) : settings_(std::move(settings)), records_(settings_.directory) {}

    Host host(Call& call) override;
    Plugged ensure_network(Call& call, Network const& wanted) override;
    void remove_network(Call& call, Id const& network) override;
    void ensure_group(Call& call, Group const& wanted) override;
    void remove_group(Call& call, Id const& group) override;
    Plugged ensure_port(Call& call, Port const& wanted) override;
    void remove_port(Call& call, Id const& port) override;
    void ensure_router(Call& call, Router const& wanted) override;
    void remove_router(Call& call, Id const& router) override;
    Inventory list(Call& call) override;

private:
    void begin(Call& call, std::string_view name);
    void require(std::string const& kind, std::string const& id, std::string const& whose) const;
    template <class T> void keep(Call& call, std::string const& kind, T const& wanted);
    void drop(Call& call, std::string const& kind, std::string const& id);
    template <class T> std::vector<T> all(std::string const& kind) const;

    Settings settings_;
    FencedRecords records_;
    world::Mutex mutex_;
    std::int64_t failed_ = 0;
};

} // namespace volutus::network::simulator
