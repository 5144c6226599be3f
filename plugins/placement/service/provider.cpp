#include "provider.hpp"

#include "names.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace volutus::placement_service {

void Provider::set_traits(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    traits = std::move(names);
    custom_traits = custom_among(traits);
}

std::string canonical_uuid(std::string_view text) {
    if (!is_uuid(text)) throw Error(Code::invalid, fmt::format("'{:.255}' is no UUID.", text));
    std::string out;
    for (char c : text) {
        if (c == '-') continue;
        if (out.size() == 8 || out.size() == 13 || out.size() == 18 || out.size() == 23) out += '-';
        out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return out;
}

} // namespace volutus::placement_service
