#include "default_handlers.hpp"

#include <volutus/formats.hpp>

namespace volutus {

namespace {

// Sets a field that the table has and the request left empty.
void set_where_empty(Resource const& resource, void* object, std::string_view name, std::string_view text,
                     bool always = false) {
    auto const* row = resource.fields.find(name);
    if (!row || !row->stored() || row->type->schema != "string") return;
    auto const now = row->type->encode(row->at(object));
    bool const empty = now.is_null() || (now.is_string() && now.get_string().empty());
    if (empty || always) row->type->decode(json::string(text), row->at(object), json::Path{}, json::Unknown::refused);
}

std::string now(Request const& request) {
    auto const at = world::wall_now();
    return request.traits().microsecond_times ? timestamp_with_micros(at) : timestamp(at);
}

void set_origin(Request& request, Resource const& resource, void* object) {
    set_where_empty(resource, object, "id", new_uuid());
    if (request.caller().project) set_where_empty(resource, object, resource.scope_field, request.caller().project->id);
    if (request.caller().user) set_where_empty(resource, object, "user_id", request.caller().user->id);
    auto const at = now(request);
    for (std::string_view name : {"created_at", "created", "updated_at", "updated"})
        set_where_empty(resource, object, name, at);
}

void set_changed(Request& request, Resource const& resource, void* object) {
    auto const at = now(request);
    for (std::string_view name : {"updated_at", "updated"}) set_where_empty(resource, object, name, at, true);
}

Reply show_one(Request& request) {
    auto object = request.resource().make();
    request.require_object(request.resource(), request.id(), object.get());
    return request.shown_object(request.resource(), object.get());
}

Reply create_all(Request& request) {
    auto const& resource = request.resource();
    Writes writes;
    json::array shown;
    for (std::size_t i = 0; i < request.bodies().size(); ++i) {
        auto object = resource.make();
        request.decode_nth(i, object.get());
        set_origin(request, resource, object.get());
        writes += put_object(resource, object.get());
        shown.push_back(request.view_object(resource, object.get()));
    }
    request.apply(std::move(writes));
    return request.shown_items(std::move(shown));
}

Reply update_one(Request& request) {
    return retry_on_conflict([&] {
        auto const& resource = request.resource();
        auto object = resource.make();
        request.require_object(resource, request.id(), object.get());
        request.change_object(object.get());
        set_changed(request, resource, object.get());
        request.apply(put_object(resource, object.get()));
        return request.shown_object(resource, object.get());
    });
}

Reply remove_one(Request& request) {
    return retry_on_conflict([&] {
        auto object = request.resource().make();
        request.require_object(request.resource(), request.id(), object.get());
        request.apply(remove_object(request.resource(), object.get()));
        return request.reply();
    });
}

} // namespace

Reply by_default(Request& request) {
    switch (request.route().does) {
    case RouteRow::Does::list:
        return request.list();
    case RouteRow::Does::show:
        return show_one(request);
    case RouteRow::Does::create:
        return create_all(request);
    case RouteRow::Does::update:
        return update_one(request);
    case RouteRow::Does::remove:
        return remove_one(request);
    case RouteRow::Does::action:
    case RouteRow::Does::route:
        break; // the words for them take no default
    }
    throw Error(Code::internal, "the route " + request.http().route + " has no handler");
}

} // namespace volutus
