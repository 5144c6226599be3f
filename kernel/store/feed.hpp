// The ordered changes in the database: written within an apply, read by cursor, trimmed by the writer.
#pragma once

#include <kernel/store/engine.hpp>
#include <volutus/contract/store.hpp>
#include <volutus/world.hpp>

#include <set>
#include <string>

namespace volutus::kernel::store {

// The row of who made an apply stands in the feed's table under this name, which no note may have as its topic.
inline constexpr std::string_view audit_topic = "audit";

// The entries of one apply, in order.
class FeedWriter {
public:
    FeedWriter(Connection& connection, std::uint64_t revision) : db_(connection), revision_(revision) {}
    void put(std::string_view kind, std::string_view id, bool created, json::array const& fields,
             std::string_view project);
    void remove(std::string_view kind, std::string_view id, std::string_view project);
    void note(std::string_view topic, json::object const& body);
    void account(std::string_view name, json::object const& resources);
    // Who made the apply: of all its entries, and none itself.
    void by(json::object const& who);
    std::set<std::string, std::less<>> const& kinds() const { return kinds_; }

private:
    void insert(std::int64_t ordinal, int change, std::string_view kind, std::string_view id, std::string_view fields,
                std::string_view note);
    void write(int change, std::string_view kind, std::string_view id, std::string_view fields, std::string_view note);
    Connection& db_;
    std::uint64_t revision_;
    std::int64_t ordinal_ = 0;
    std::set<std::string, std::less<>> kinds_;
};

struct HeadRow {
    std::uint64_t revision = 0, floor = 0; // everything up to the floor has been trimmed
};
HeadRow read_head(Connection& connection, std::string_view for_update = "");
void write_head(Connection& connection, std::uint64_t revision);

// One look, without waiting; within a snapshot. conflict with "compacted" for a cursor before the floor.
volutus::store::Feed read_feed(Connection& connection, volutus::store::Changes const& wanted);

// Notes about once in retention/64 which revision it is, and takes away a small portion of what is older than
// retention. Within the writer's transaction; it costs a batch next to nothing.
class FeedTrimmer {
public:
    explicit FeedTrimmer(world::Duration retention) : retention_(retention) {}
    // True when it made a mark: the time for other rare chores.
    bool work(Connection& connection, std::uint64_t revision);

private:
    world::Duration retention_;
    std::int64_t next_mark_ = 0; // microseconds since 1970
    std::uint64_t trim_to_ = 0;
};

std::int64_t wall_microseconds();

} // namespace volutus::kernel::store
