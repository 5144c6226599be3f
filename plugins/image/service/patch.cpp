#include "patch.hpp"

#include "limits.hpp"

#include <volutus/resource.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace volutus::image_service {

namespace {

constexpr std::array<std::string_view, 13> read_only{
    "created_at", "updated_at",   "status",     "checksum", "os_hash_algo", "os_hash_value",
    "size",       "virtual_size", "direct_url", "self",     "file",         "schema",
    "id"};
constexpr std::array<std::string_view, 4> reserved{"location", "locations", "deleted", "deleted_at"};
constexpr std::string_view own_namespace = "os_glance_";

template <std::size_t N> bool holds(std::array<std::string_view, N> const& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

void refuse_fixed(std::string_view key, bool in_create) {
    if (holds(read_only, key) && !(in_create && key == "id"))
        throw Error(Code::forbidden, fmt::format("Attribute '{}' is read-only.", key));
    if (holds(reserved, key) || key.substr(0, own_namespace.size()) == own_namespace)
        throw Error(Code::forbidden, fmt::format("Attribute '{}' is reserved.", key));
}

// "/a~1b" names the key "a/b" (RFC 6901). Only the image's own keys can be named.
std::string key_of(std::string_view pointer) {
    if (pointer.size() < 2 || pointer[0] != '/')
        throw Error(Code::invalid, fmt::format("Pointer `{}` does not start with \"/\" and a name.", pointer));
    std::string key;
    for (std::size_t i = 1; i < pointer.size(); ++i) {
        if (pointer[i] == '/')
            throw Error(Code::invalid, fmt::format("Pointer `{}` goes deeper than the image's own keys.", pointer));
        if (pointer[i] != '~') {
            key += pointer[i];
            continue;
        }
        auto const escaped = i + 1 < pointer.size() ? pointer[i + 1] : '\0';
        if (escaped != '0' && escaped != '1')
            throw Error(Code::invalid, fmt::format("Pointer `{}` holds a '~' that is neither ~0 nor ~1.", pointer));
        key += escaped == '0' ? '~' : '/';
        ++i;
    }
    return key;
}

std::string text_of(json::object const& operation, std::string_view key) {
    auto const* value = operation.if_contains(key);
    if (!value || !value->is_string())
        throw Error(Code::invalid, fmt::format("Operations must be objects with the text `{}`.", key));
    return json::text(*value);
}

Change::Does does_of(std::string_view name) {
    if (name == "add") return Change::Does::add;
    if (name == "replace") return Change::Does::replace;
    if (name == "remove") return Change::Does::remove;
    throw Error(Code::invalid, fmt::format("Operations are add, replace or remove, not `{}`.", name));
}

Change read_change(json::object const& operation, bool older) {
    Change change;
    std::string path;
    if (older) {
        for (auto const* name : {"add", "replace", "remove"})
            if (operation.contains(name)) {
                change.does = does_of(name);
                path = text_of(operation, name);
            }
        if (path.empty()) throw Error(Code::invalid, "Operations must contain one of add, replace or remove.");
    } else {
        change.does = does_of(text_of(operation, "op"));
        path = text_of(operation, "path");
    }
    change.key = key_of(path);
    if (change.does == Change::Does::remove) return change;
    auto const* value = operation.if_contains("value");
    if (!value) throw Error(Code::invalid, fmt::format("The change of `{}` needs a `value`.", path));
    change.value = *value;
    return change;
}

void change_property(Change const& change, Image& image) {
    bool const there = image.properties.contains(change.key);
    if (change.does != Change::Does::add && !there)
        throw Error(Code::conflict, fmt::format("Property {} does not exist.", change.key));
    if (change.does == Change::Does::remove) {
        image.properties.erase(change.key);
        return;
    }
    image.properties[change.key] = change.value;
}

} // namespace

void refuse_fixed(json::object const& body) {
    for (auto const& [key, value] : body) refuse_fixed(key, true);
}

std::vector<Change> read_patch(json::value const& document, bool older) {
    auto const* operations = document.if_array();
    if (!operations) throw Error(Code::invalid, "Request body must be a JSON array of operation objects.");
    if (operations->size() > most_changes)
        throw Error(Code::invalid, fmt::format("A patch holds at most {} operations.", most_changes));
    std::vector<Change> changes;
    for (auto const& operation : *operations) {
        if (!operation.is_object()) throw Error(Code::invalid, "Operations must be JSON objects.");
        changes.push_back(read_change(operation.get_object(), older));
    }
    return changes;
}

void apply_change(Change const& change, Image& image) {
    refuse_fixed(change.key, false);
    auto const& fields = resource_of(&image).fields;
    auto const* row = fields.find(change.key);
    if (!row || row->hidden || row->keeps_rest) {
        change_property(change, image);
        return;
    }
    if (change.does == Change::Does::remove)
        throw Error(Code::forbidden, fmt::format("Property {} may not be removed.", change.key));
    bool const is_format = change.key == "disk_format" || change.key == "container_format";
    if (is_format && image.status != state::queued)
        throw Error(Code::forbidden, fmt::format("Attribute {} can be only replaced for a queued image.", change.key));
    json::Path const at{nullptr, change.key};
    decode(*row, change.value, &image, at);
}

} // namespace volutus::image_service
