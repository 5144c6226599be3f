// A fuzz target is one function over bytes from anywhere. libFuzzer looks for bytes that break it; replay.cpp runs the
// corpus that was kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace volutus::fuzz {

inline std::string_view text(std::uint8_t const* data, std::size_t size) {
    return {reinterpret_cast<char const*>(data), size};
}

// Takes what stands before the separator, and it, off the front.
inline std::string_view take_until(char separator, std::string_view& from) {
    auto const end = from.find(separator);
    auto const out = from.substr(0, end);
    from.remove_prefix(end == std::string_view::npos ? from.size() : end + 1);
    return out;
}

// A fault that the sanitizers would not see.
inline void must(bool holds) {
    if (!holds) std::abort();
}

} // namespace volutus::fuzz
