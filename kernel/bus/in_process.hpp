// Nodes that share a process: the bus of a cloud of one node, and of tests with several.
#pragma once

#include "kernel/bus/bus.hpp"

#include <map>

namespace volutus::kernel::bus {

class InProcessHub : public std::enable_shared_from_this<InProcessHub> {
public:
    // The end of one more node. Code::conflict for a name that is there. A call runs on its caller's thread, so its time
    // is the callee's to keep.
    std::unique_ptr<Bus> join(std::string node);

private:
    class End;
    struct Served {
        Answerer answerer; // empty: it does not serve yet
        int under_way = 0;
    };

    mutable world::Mutex mutex_;
    world::Condition idle_;
    std::map<std::string, Served, std::less<>> nodes_;
};

} // namespace volutus::kernel::bus
