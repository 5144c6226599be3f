#include "kernel/gateway/request.hpp"

#include "kernel/gateway/router.hpp"

#include <algorithm>

namespace volutus::kernel::gateway {

namespace {
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Field const* find(std::vector<Field> const& headers, std::string_view name) {
    for (auto const& field : headers)
        if (equal_ignoring_case(field.name, name)) return &field;
    return nullptr;
}

std::string form_decode(std::string_view text) {
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    return percent_decode(spaced);
}
} // namespace

bool is_utf8(std::string_view text) {
    struct Form {
        unsigned char mask, lead;
        std::uint32_t least; // that needs it
    };
    constexpr Form forms[] = {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (std::size_t at = 0; at < text.size();) {
        auto const first = static_cast<unsigned char>(text[at++]);
        if (first < 0x80) continue;
        std::size_t more = 0;
        while (more < 3 && (first & forms[more].mask) != forms[more].lead) ++more;
        if (more == 3) return false;
        auto const& form = forms[more];
        std::uint32_t point = first & static_cast<unsigned char>(~form.mask);
        for (std::size_t i = 0; i <= more; ++i) {
            if (at == text.size() || (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) return false;
            point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3f);
        }
        if (point < form.least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    }
    return true;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%' && at + 2 < text.size()) {
            int const high = hex_digit(text[at + 1]);
            int const low = hex_digit(text[at + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high * 16 + low);
                at += 2;
                continue;
            }
        }
        out += text[at];
    }
    return out;
}

std::string_view Request::header(std::string_view name) const {
    auto const* field = find(headers, name);
    return field ? field->value : std::string_view{};
}

bool Request::has_header(std::string_view name) const { return find(headers, name) != nullptr; }

std::string_view Request::capture(std::string_view name) const {
    if (!route) return {};
    for (std::size_t i = 0; i < route->captures.size() && i < captures.size(); ++i)
        if (route->captures[i] == name) return captures[i];
    return {};
}

std::vector<Parameter> Request::parameters() const {
    std::vector<Parameter> out;
    for (auto rest = query; !rest.empty();) {
        auto const pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
        if (pair.empty()) continue;
        auto const equals = pair.find('=');
        out.push_back({form_decode(pair.substr(0, equals)),
                       equals == std::string_view::npos ? "" : form_decode(pair.substr(equals + 1))});
    }
    return out;
}

std::string Request::path() const { return percent_decode(raw_path); }

std::string Request::base_url() const {
    std::string url = origin.scheme + "://" + origin.host + origin.prefix;
    return url += mount_prefix;
}

} // namespace volutus::kernel::gateway
