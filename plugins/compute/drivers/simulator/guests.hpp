// What the simulator remembers of its guests: in memory, or, where a directory is given, in files that outlive crashes.
// Either way a call of a lower epoch than the highest seen for a guest is refused as stale, also after the guest is gone.
// Any thread.
#pragma once

#include <volutus/contract/hypervisor.hpp>
#include <volutus/fenced_records.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace volutus::compute::simulator {

struct Guest {
    std::string id, host, name, console; // console: what it has printed
    hypervisor::Power power = hypervisor::Power::off;
    std::vector<hypervisor::Nic> nics;
};
BOOST_DESCRIBE_STRUCT(Guest, (), (id, host, name, console, power, nics))

class Guests {
public:
    explicit Guests(std::string const& directory);

    // `change` sees the guest, none where it is not there, and leaves it as it is to be. Nobody else has it meanwhile.
    void change(std::string const& id, Operation const& operation,
                std::function<void(std::optional<Guest>&)> const& change);
    std::optional<Guest> find(std::string const& id) const;
    std::vector<Guest> all() const; // by id

private:
    struct Record {
        std::uint64_t epoch = 0;
        std::optional<Guest> guest;
    };
    std::optional<FencedRecords> files_;
    mutable world::Mutex mutex_;
    std::map<std::string, Record> memory_;
};

} // namespace volutus::compute::simulator
