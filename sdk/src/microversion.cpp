#include <volutus/service_traits.hpp>

#include <algorithm>

namespace volutus {

namespace {

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
    auto const first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 4 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The version that "compute 2.90, placement 1.3" names for a type; "" for none.
std::string_view version_for(std::string_view type, std::string_view header) {
    while (!header.empty()) {
        auto const comma = header.find(',');
        auto const part = trimmed(header.substr(0, comma));
        auto const blank = part.find_first_of(blanks);
        if (blank != part.npos && part.substr(0, blank) == type) return trimmed(part.substr(blank));
        if (comma == header.npos) break;
        header.remove_prefix(comma + 1);
    }
    return {};
}

} // namespace

std::string to_string(Version version) {
    return std::to_string(version / 100000) + "." + std::to_string(version % 100000);
}

Version version_asked(ServiceTraits const& traits, std::string_view modern_header, std::string_view legacy_header) {
    auto const& bounds = traits.versions;
    if (bounds.lowest.empty()) return 0;
    auto text = version_for(bounds.type, modern_header);
    if (text.empty()) text = trimmed(legacy_header);
    if (text.empty()) return version_from(bounds.lowest);
    if (text == "latest") return version_from(bounds.newest);
    auto const dot = text.find('.');
    if (dot == text.npos || !is_number(text.substr(0, dot)) || !is_number(text.substr(dot + 1)))
        throw Error(Code::invalid, "'" + std::string(text) + "' is no version; send one like " +
                                       std::string(bounds.newest) + ", or latest");
    auto const version = version_from(text);
    if (version < version_from(bounds.lowest) || version > version_from(bounds.newest))
        throw Error(Code::unsupported,
                    "Version " + std::string(text) + " is not supported by the API. Minimum is " +
                        std::string(bounds.lowest) + " and maximum is " + std::string(bounds.newest) + ".",
                    json::print(json::object{{"min_version", bounds.lowest}, {"max_version", bounds.newest}}));
    return version;
}

} // namespace volutus
