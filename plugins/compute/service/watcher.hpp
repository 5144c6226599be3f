// Follows the hypervisors: hosts that come, and guests that change by themselves, such as one that shut itself down.
// One thread for each driver, ended by stop().
#pragma once

#include "hosts.hpp"
#include "server.hpp"

#include <set>

namespace volutus::compute {

class Watcher {
public:
    Watcher(Host host, Hosts& hosts) : backends_(host), hosts_(hosts) {}
    ~Watcher() { stop(); }

    void start(Call& call);
    void stop(); // within the time that one look at a driver takes

private:
    void follow(std::string const& driver);
    void keep_hosts();
    bool wait(world::Duration pause); // false when it is time to stop
    void compare_all(Call& call, std::string const& driver, std::set<std::string>& changed);
    void compare_each(std::set<std::string>& changed); // takes out those that agree now
    bool compare(Call& call, Store& store, Server server);

    Backends backends_;
    Hosts& hosts_;
    world::Mutex mutex_;
    world::Condition stopping_told_;
    bool stopping_ = false;
    std::vector<world::Thread> threads_;
};

} // namespace volutus::compute
