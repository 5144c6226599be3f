// Free values of ranges: addresses, VLANs, port numbers. What is taken is kept twice: a row a value with its consumer,
// and merged spans, by which the lowest free value is found with one look.
#pragma once

#include <kernel/store/difference.hpp>
#include <kernel/store/engine.hpp>
#include <volutus/contract/store.hpp>

namespace volutus::kernel::store {

// Within the apply's transaction.
class Takes {
public:
    explicit Takes(Connection& connection) : db_(connection) {}
    std::int64_t take(volutus::store::Take const& wanted);
    void give_back(volutus::store::GiveBack const& given);

private:
    struct Span {
        std::int64_t first, last;
    };
    std::optional<Span> span_at(std::string_view pool, std::int64_t value); // the last that begins at or before
    void add(std::string_view pool, std::int64_t value);
    void drop(std::string_view pool, std::int64_t value);
    void insert(std::string_view pool, Span span);
    void erase(std::string_view pool, std::int64_t first);

    Connection& db_;
};

// Do the spans say what the values say?
void verify_takes(Connection& connection, std::vector<Difference>& found);

} // namespace volutus::kernel::store
