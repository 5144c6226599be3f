// Old versions of the API name some things by numbers. Ours have UUIDs: their first 48 bits are such a number, which
// every JSON reader takes without loss.
#pragma once

#include <cstdint>
#include <string_view>

namespace volutus::compute {

inline std::int64_t number_of(std::string_view uuid) {
    std::int64_t number = 0;
    int digits = 0;
    for (char c : uuid) {
        int const value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (value < 0) continue;
        number = number * 16 + value;
        if (++digits == 12) break;
    }
    return number;
}

} // namespace volutus::compute
