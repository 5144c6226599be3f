// A document of a client: what is taken can be printed, and reads the same again.
#include "fuzz.hpp"

#include <volutus/error.hpp>
#include <volutus/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace {
using namespace volutus;

// Of more digits than a double holds, Boost.JSON 1.81 reads the last bit now up and now down.
bool near(double one, double other) {
    return std::abs(one - other) <= 2 * std::numeric_limits<double>::epsilon() * std::abs(one);
}

bool same(json::value const& one, json::value const& other) {
    if (one.is_double() && other.is_number()) return near(one.get_double(), other.to_number<double>());
    if (one.is_array() && other.is_array()) return std::ranges::equal(one.get_array(), other.get_array(), same);
    if (one.is_object() && other.is_object())
        return std::ranges::equal(one.get_object(), other.get_object(), [](auto const& left, auto const& right) {
            return left.key() == right.key() && same(left.value(), right.value());
        });
    return one == other;
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    try {
        auto const document = json::parse(fuzz::text(data, size));
        fuzz::must(same(document, json::parse(json::print(document))));
    } catch (Error const& refused) {
        fuzz::must(refused.code() == Code::invalid || refused.code() == Code::too_large);
    }
    return 0;
}
