// Brings the driver to where the documents are: the steps of the task network.realise. See due.hpp.
#pragma once

#include "due.hpp"

#include <volutus/contract/network.hpp>
#include <volutus/task.hpp>

namespace volutus::network_service {

class Realiser {
public:
    explicit Realiser(Host host) : host_(host), drivers_(host) {}

    // Does what is due in a lane, until nothing is. A driver that is away for long is asked again for as long as it takes.
    store::Apply realise(Step& step);
    // What is due in the lane says what it waits for.
    store::Apply held_up(Step& step);

    // What the host lost while nobody looked, by a reboot or a hand, is due. A driver that does not answer is no reason
    // not to start.
    void recover(Call& call);

private:
    struct Task; // one Due and what it comes to

    std::size_t do_all(Step& step, Store& store, std::vector<Due> const& due);
    Task look(Store& store, Due const& due) const;
    bool network_came(Store& store, std::vector<Due> const& known) const;
    Writes perform(Call& call, Store& store, Task const& task);
    Writes perform_network(Call& call, Store& store, Task const& task);
    Writes perform_group(Call& call, Store& store, Task const& task);
    Writes perform_port(Call& call, Store& store, Task const& task);
    Writes perform_router(Call& call, Store& store, Task const& task);
    Writes failed(Store& store, Task const& task, std::string const& reason) const;
    void let_go(Store& store);

    Host host_;
    Client<network::contract> drivers_;
};

inline constexpr auto realise_task =
    until_done(task<&Realiser::held_up>("network.realise", 1, step<&Realiser::realise>("realise")));

} // namespace volutus::network_service
