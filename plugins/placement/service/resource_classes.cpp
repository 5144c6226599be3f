#include "resource_classes.hpp"

#include "changes.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

namespace volutus::placement_service {

Fields rows_of(NamedClass const*) {
    static constexpr auto table = rows(
        field<&NamedClass::name>("name", required_field, max_length(255), format("a name like CUSTOM_A", &is_custom)));
    return fields_of(table);
}

namespace {

json::object shown(Request& request, std::string const& name) {
    return {
        {"name", name},
        {"links", json::array{json::object{{"rel", "self"}, {"href", path_of(request, "/resource_classes/" + name)}}}}};
}

std::string const& existing(Request& request) {
    auto const& name = request.parameter("name");
    if (!is_class(request.store(), name)) throw Error(Code::not_found, fmt::format("No such resource class {}.", name));
    return name;
}

// Standard classes are no documents; what a client wants of one that only custom ones allow.
ResourceClass custom(Request& request, std::string_view what) {
    auto const& name = existing(request);
    if (is_standard_class(name))
        throw Error(Code::invalid,
                    fmt::format("Error in {} resource class: Cannot {} standard resource class {}.", what, what, name));
    return request.require<ResourceClass>(name);
}

ResourceClass made(std::string name) {
    ResourceClass fresh;
    fresh.id = std::move(name);
    fresh.created_at = timestamp_now();
    return fresh;
}

[[noreturn]] void refuse(std::string_view what, std::string const& name, Error const& error) {
    if (error.code() == Code::precondition)
        throw Error(Code::conflict, fmt::format("Conflicting resource class already exists: {}", name));
    if (error.code() == Code::conflict)
        throw Error(Code::conflict, fmt::format("Error in {} resource class: Cannot {} resource class {}. Class is in "
                                                "use in inventory.",
                                                what, what, name));
    throw error;
}

} // namespace

Reply list_classes(Request& request) {
    json::array classes;
    for (auto const& name : standard_class_names()) classes.push_back(shown(request, name));
    for (auto const& custom : request.store().all<ResourceClass>()) classes.push_back(shown(request, custom.id));
    return request.reply(json::object{{"resource_classes", std::move(classes)}});
}

Reply show_class(Request& request) { return request.reply(shown(request, existing(request))); }

Reply create_class(Request& request, NamedClass const& wanted) {
    try {
        request.apply(put(made(wanted.name)));
    } catch (Error const& error) {
        refuse("create", wanted.name, error);
    }
    return request.reply().header("Location", request.link("/resource_classes/" + wanted.name));
}

Reply rename_class(Request& request, NamedClass const& wanted) {
    auto const old = custom(request, "update");
    if (old.id == wanted.name) return request.reply(shown(request, old.id));
    try {
        request.apply(put(made(wanted.name)) + remove(old));
    } catch (Error const& error) {
        refuse("update", error.code() == Code::precondition ? wanted.name : old.id, error);
    }
    return request.reply(shown(request, wanted.name));
}

Reply ensure_class(Request& request) {
    auto const& name = request.parameter("name");
    if (!is_custom(name))
        throw Error(Code::invalid,
                    fmt::format("JSON does not validate: '{}' does not match '^CUSTOM_[A-Z0-9_]+$'", name));
    Reply reply(204);
    if (!request.store().get<ResourceClass>(name)) {
        try {
            request.apply(put(made(name)));
            reply.status = 201;
        } catch (Error const& error) {
            if (error.code() != Code::precondition) throw; // else another request has just made it
        }
    }
    return std::move(reply.header("Location", request.link("/resource_classes/" + name)));
}

Reply remove_class(Request& request) {
    auto const gone = custom(request, "delete");
    try {
        request.apply(remove(gone));
    } catch (Error const& error) {
        refuse("delete", gone.id, error);
    }
    return request.reply();
}

} // namespace volutus::placement_service
