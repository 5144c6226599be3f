// What the driver still has to be told. The documents of networks, ports, security groups and routers say what is to
// be; a Due marks one of them as changed, and the task network.realise brings the driver there:
//
//     Changed changed;
//     changed.port(port.id);
//     request.apply(put(port) + changed.writes());
//
// The writes start that task, or join the one that runs: its id is fixed, so that a second start changes nothing, and it
// ends only when no Due is left in its lane and nobody touched the lane since it looked.
#pragma once

#include <volutus/store.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::network_service {

enum class Thing { network, group, port, router };

// Marks are written over each other without looking: they carry nothing but that there is something to do.
struct Due : Stored {
    std::string id; // "<thing>/<id>"
    std::string lane, asked;
    std::optional<std::string> error; // why the driver refused the last time
};
Resource const& resource_of(Due const*);

// Where the task runs: what was just changed, and what the driver refused and is tried again with back-off, so that
// one bad thing does not keep the others waiting.
struct Lane : Stored {
    std::string id, asked;
};
Resource const& resource_of(Lane const*);
inline constexpr std::string_view prompt_lane = "prompt", again_lane = "again";

// An address, a MAC or a segment of something that is gone, kept until the driver has let go of it.
struct Kept : Stored {
    std::string id;
    std::string until; // the Due that has to be done first
    std::string pool, holder;
    std::optional<std::int64_t> value;
    std::optional<std::string> network_id, mac_address;
};
Resource const& resource_of(Kept const*);

std::string due_id(Thing thing, std::string_view id);

class Changed {
public:
    void network(std::string_view id) { marks_.insert(due_id(Thing::network, id)); }
    void group(std::string_view id) { marks_.insert(due_id(Thing::group, id)); }
    void port(std::string_view id) { marks_.insert(due_id(Thing::port, id)); }
    void router(std::string_view id) { marks_.insert(due_id(Thing::router, id)); }
    void due(std::string id) { marks_.insert(std::move(id)); } // as due_id() makes it
    void keep(Kept kept);                                      // id is given
    bool nothing() const { return marks_.empty() && kept_.empty(); }
    std::set<std::string> const& marks() const { return marks_; }

    Writes writes() const;

private:
    std::set<std::string> marks_;
    std::vector<Kept> kept_;
};

// Put into a lane again, whatever it was in.
Writes mark(Due due);
Writes wake(std::string_view lane);

} // namespace volutus::network_service
