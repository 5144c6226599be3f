#include "kernel/gateway/access_log.hpp"

#include "kernel/gateway/request.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace volutus::kernel::gateway {

namespace {
// A JSON string. What a client sent may hold any byte; beyond ASCII each is shown as the escape of its value, so that a
// line is always valid UTF-8.
void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (char const c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c < ' ' || c == 0x7f) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    out += '"';
}

void append(std::string& out, std::string_view key, std::string_view value) {
    if (value.empty()) return;
    out += ",\"";
    out += key;
    out += "\":";
    append_quoted(out, value);
}

bool names_secret(std::string_view key) {
    constexpr std::array<std::string_view, 7> words{"token", "secret", "passw", "sig", "key", "auth", "cred"};
    std::string lowered = percent_decode(key);
    for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return lowered.find(word) != std::string::npos; });
}

std::string shown(std::string_view query) {
    std::string out;
    while (!query.empty()) {
        auto const pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (!out.empty()) out += '&';
        auto const equals = pair.find('=');
        if (equals != std::string_view::npos && names_secret(pair.substr(0, equals))) {
            out += pair.substr(0, equals + 1);
            out += "***";
        } else {
            out += pair;
        }
    }
    return out;
}
} // namespace

std::string to_json(AccessEntry const& entry) {
    std::string out = "{\"id\":";
    append_quoted(out, entry.id);
    append(out, "global_id", entry.global_id);
    append(out, "trace_id", entry.trace);
    append(out, "client", entry.client);
    append(out, "method", entry.method);
    append(out, "path", entry.path);
    append(out, "query", shown(entry.query));
    append(out, "service", entry.service);
    append(out, "route", entry.route);
    append(out, "user", entry.user);
    append(out, "project", entry.project);
    fmt::format_to(std::back_inserter(out), ",\"status\":{},\"received\":{},\"sent\":{},\"microseconds\":{}",
                   entry.status, entry.received, entry.sent, entry.microseconds);
    if (!entry.complete) out += ",\"complete\":false";
    out += "}";
    return out;
}

} // namespace volutus::kernel::gateway
