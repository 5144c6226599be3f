#include <volutus/formats.hpp>
#include <volutus/resource.hpp>

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

} // namespace

void stamp_object(Request& request, Resource const& resource, void* object) {
    set_where_empty(resource, object, "id", request.traits().plain_ids ? new_plain_uuid() : new_uuid());
    if (request.caller().project) set_where_empty(resource, object, resource.scope_field, request.caller().project->id);
    if (request.caller().user) set_where_empty(resource, object, "user_id", request.caller().user->id);
    auto const at = now(request);
    for (std::string_view name : {"created_at", "created", "updated_at", "updated"})
        set_where_empty(resource, object, name, at);
}

void stamp_changed_object(Request& request, Resource const& resource, void* object) {
    auto const at = now(request);
    for (std::string_view name : {"updated_at", "updated"}) set_where_empty(resource, object, name, at, true);
}

} // namespace volutus
