#include "endpoint_url.hpp"

#include <algorithm>
#include <cctype>

namespace volutus::identity_service {

namespace {
constexpr std::string_view base_name = "$(base)s";
} // namespace

std::optional<std::string> filled_in(std::string_view url, UrlValues const& values) {
    std::string out;
    while (!url.empty()) {
        auto const mark = url.find_first_of("$%");
        out += url.substr(0, mark);
        if (mark == url.npos) return out;
        url.remove_prefix(mark);
        if (url.substr(0, 2) != "$(" && url.substr(0, 2) != "%(") { // a percent-encoded byte, or a plain dollar
            out += url.front();
            url.remove_prefix(1);
            continue;
        }
        auto const end = url.find(')');
        if (end == url.npos || url.substr(end + 1, 1) != "s") return std::nullopt;
        auto const value = values.find(url.substr(2, end - 2));
        if (value == values.end()) return std::nullopt;
        out += value->second;
        url.remove_prefix(end + 2);
    }
    return out;
}

bool is_absolute(std::string_view url) {
    if (url.substr(0, base_name.size()) == base_name) return true;
    // RFC 3986, section 3.1
    auto const colon = std::find_if(
        url.begin(), url.end(), [](unsigned char c) { return !std::isalnum(c) && c != '+' && c != '-' && c != '.'; });
    return colon != url.begin() && colon != url.end() && *colon == ':' && colon + 1 != url.end();
}

std::string with_base(std::string_view url, std::string_view base) {
    if (url.substr(0, base_name.size()) != base_name) return std::string(url);
    return std::string(base) + std::string(url.substr(base_name.size()));
}

} // namespace volutus::identity_service
