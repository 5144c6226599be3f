#include "documents.hpp"

#include "domains.hpp"

#include <fmt/format.h>

namespace volutus::identity_service {

Reply collection(Request& request, std::string_view key, json::array items) {
    json::object body;
    body[key] = std::move(items);
    body["links"] = {{"next", nullptr}, {"self", request.http().base + request.http().path}, {"previous", nullptr}};
    return request.reply(std::move(body));
}

void store_named_object(Request& request, Resource const& resource, void* object, std::string_view name, Writes more) {
    try {
        auto const applied = request.apply(put_object(resource, object) + std::move(more));
        resource.stored(object)->stored_revision = applied.revision;
    } catch (Error const& error) {
        if (error.code() != Code::conflict) throw;
        throw Error(Code::conflict, fmt::format("Conflict occurred attempting to store {} - Duplicate entry found with "
                                                "name {}.",
                                                resource.noun, name));
    }
}

void refuse_if_immutable(Request& request, std::string_view noun, std::string_view id, json::object const& options) {
    auto const* now = options.if_contains("immutable");
    if (!now || *now != true) return;
    if (request.route().does == RouteRow::Does::update && request.body().size() == 1) {
        auto const* wanted = json::find(request.body(), "options.immutable");
        if (wanted && *wanted != true) return;
    }
    throw Error(Code::forbidden,
                fmt::format("Cannot modify or delete the immutable {} {}; set its option \"immutable\" "
                            "to false first.",
                            noun, id));
}

std::string domain_for(Request& request, std::string_view named) {
    auto const& caller = request.caller();
    auto id = !named.empty() ? std::string(named) : caller.domain ? caller.domain->id : std::string(default_domain);
    if (!request.store().get<Domain>(id)) request.missing("domain", id);
    return id;
}

std::int64_t now_micros() { return world::wall_now().time_since_epoch().count(); }

} // namespace volutus::identity_service
