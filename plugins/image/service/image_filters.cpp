#include "image_filters.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace volutus::image_service {

namespace {

using store::Operator;

constexpr std::size_t most_values = 200;

// Looked for by equality; the first four also by "in:a,b".
constexpr std::array<std::string_view, 8> texts{"name", "status", "container_format", "disk_format",
                                                "id",   "owner",  "checksum",         "os_hash_value"};
constexpr std::array<std::string_view, 5> not_filters{"limit", "marker", "sort_key", "sort_dir", "sort"};

[[noreturn]] void refuse(std::string_view name, std::string_view value) {
    throw Error(Code::invalid, fmt::format("Invalid value of the filter {}: '{}'.", name, value));
}

std::int64_t number(std::string_view name, std::string_view text) {
    std::int64_t out = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc() || end != text.data() + text.size() || out < 0) refuse(name, text);
    return out;
}

bool truth(std::string_view name, std::string_view text) {
    for (std::string_view yes : {"true", "True", "TRUE", "1"})
        if (text == yes) return true;
    for (std::string_view no : {"false", "False", "FALSE", "0"})
        if (text == no) return false;
    refuse(name, text);
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
    if (text.substr(0, prefix.size()) != prefix) return false;
    text.remove_prefix(prefix.size());
    return true;
}

// "a,b" or "\"with,comma\",b".
json::array values_of(std::string_view name, std::string_view text) {
    json::array values;
    while (!text.empty()) {
        std::size_t end = 0;
        if (text[0] == '"') {
            end = text.find('"', 1);
            if (end == text.npos) refuse(name, text);
            values.emplace_back(text.substr(1, end - 1));
            ++end;
            if (end < text.size() && text[end] != ',') refuse(name, text);
        } else {
            end = std::min(text.find(','), text.size());
            values.emplace_back(text.substr(0, end));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
        if (values.size() > most_values) refuse(name, "more than 200 values");
    }
    return values;
}

store::Where about_time(std::string_view name, std::string_view text) {
    constexpr std::array<std::pair<std::string_view, Operator>, 6> operators{{{"gte:", Operator::ge},
                                                                              {"gt:", Operator::gt},
                                                                              {"lte:", Operator::le},
                                                                              {"lt:", Operator::lt},
                                                                              {"neq:", Operator::ne},
                                                                              {"eq:", Operator::eq}}};
    auto op = Operator::eq;
    for (auto const& [prefix, meant] : operators)
        if (take_prefix(text, prefix)) {
            op = meant;
            break;
        }
    if (!is_timestamp(text)) refuse(name, text);
    return where(name, op, json::string(text));
}

// Which names of the audience the caller's list is about.
json::array audience_asked(Request& request, Viewer const& viewer, std::string_view visibility) {
    auto const status = request.query("member_status").value_or("accepted");
    constexpr std::array<std::string_view, 4> known{"accepted", "pending", "rejected", "all"};
    if (std::find(known.begin(), known.end(), status) == known.end()) refuse("member_status", status);
    json::array names{"*", json::string(viewer.project)};
    if (visibility == "community" || visibility == "all") names.emplace_back("community");
    for (auto const one : known)
        if (one != "all" && (status == "all" || status == one)) names.emplace_back(as_member(one, viewer.project));
    return names;
}

void add_who(Request& request, std::vector<store::Where>& wheres) {
    auto const visibility = request.query("visibility").value_or("");
    constexpr std::array<std::string_view, 6> known{"", "public", "private", "shared", "community", "all"};
    if (std::find(known.begin(), known.end(), visibility) == known.end()) refuse("visibility", visibility);
    if (!visibility.empty() && visibility != "all") wheres.push_back(where("visibility", json::string(visibility)));
    auto const viewer = viewer_of(request);
    if (!viewer.everything) wheres.push_back(where("audience", audience_asked(request, viewer, visibility)));
}

void add_one(std::string_view name, std::string_view text, std::vector<store::Where>& wheres) {
    auto const is_text = std::find(texts.begin(), texts.end(), name);
    if (is_text != texts.end()) {
        bool const many = is_text - texts.begin() < 5 && take_prefix(text, "in:");
        wheres.push_back(many ? where(name, values_of(name, text)) : where(name, json::string(text)));
    } else if (name == "tag") {
        wheres.push_back(where("tags", json::string(text)));
    } else if (name == "size_min" || name == "size_max") {
        wheres.push_back(where("size", name == "size_min" ? Operator::ge : Operator::le, number(name, text)));
    } else if (name == "min_ram" || name == "min_disk" || name == "size") {
        wheres.push_back(where(name, number(name, text)));
    } else if (name == "protected") {
        wheres.push_back(where(name, truth(name, text)));
    } else if (name == "created_at" || name == "updated_at") {
        wheres.push_back(about_time(name, text));
    } else {
        wheres.push_back(where("facets", json::string(fmt::format("{}={}", name, text))));
    }
}

} // namespace

std::vector<store::Where> filters_of(Request& request) {
    std::vector<store::Where> wheres;
    add_who(request, wheres);
    auto const hidden = request.query("os_hidden");
    wheres.push_back(where("os_hidden", hidden ? truth("os_hidden", *hidden) : false));
    for (auto const& [name, value] : request.http().query) {
        bool const done = name == "visibility" || name == "member_status" || name == "os_hidden" ||
                          std::find(not_filters.begin(), not_filters.end(), name) != not_filters.end();
        if (!done) add_one(name, value, wheres);
    }
    return wheres;
}

} // namespace volutus::image_service
