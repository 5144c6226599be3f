// What a caller sees of an object, in its version and by its policy.
#include "policy_check.hpp"

#include <volutus/resource.hpp>

#include <algorithm>

namespace volutus {

namespace {

bool is_empty(json::value const& value) {
    return value.is_null() || (value.is_string() && value.get_string().empty()) ||
           (value.is_array() && value.get_array().empty()) || (value.is_object() && value.get_object().empty());
}

bool is_named(Texts<RouteRow::most_shown> const& names, std::string_view name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

json::value value_of(Field const& row, Request& request, void const* object) {
    for (auto const& view : row.views)
        if (view.render && within(view.since, view.until, request.version())) return view.render(request, object);
    if (!row.stored()) return nullptr;
    return row.type->encode(row.at(const_cast<void*>(object))); // `at` only computes an address
}

// Of what a policy is asked about fields: whose the object is. More would make a new question of every row of a list.
json::object whose(Resource const& resource, void const* object) {
    constexpr std::string_view owners[] = {"project_id", "tenant_id", "user_id", "domain_id"};
    auto const tells = [&](std::string_view name) {
        return std::find(std::begin(owners), std::end(owners), name) != std::end(owners);
    };
    json::object all;
    for (auto const& row : resource.fields) {
        bool const scopes = row.name == resource.scope_field;
        if (!row.stored() || row.secret || (!scopes && !tells(row.name) && !tells(row.also_as))) continue;
        auto const value = row.type->encode(row.at(const_cast<void*>(object))); // `at` only computes an address
        if (value.is_structured()) continue;
        if (!row.also_as.empty()) all[row.also_as] = value;
        if (scopes) all["project_id"] = all["tenant_id"] = value;
        all[row.name] = value;
    }
    json::object target;
    for (auto const name : owners)
        if (auto const* value = all.if_contains(name)) target.emplace(name, *value);
    return target;
}

} // namespace

json::object Request::view_object(Resource const& resource, void const* object) {
    bool const own = &resource == parts_.resource;
    std::vector<Field const*> rows;
    std::vector<std::string> rules;
    Field const* rest = nullptr;
    for (auto const& row : resource.fields) {
        if (row.keeps_rest) rest = &row;
        if (row.hidden || row.keeps_rest || !within(row.since, row.until, version())) continue;
        if (own && !is_named(route().shown, row.name)) continue;
        rows.push_back(&row);
        if (!row.seen_by.name.empty()) rules.emplace_back(row.seen_by.name);
    }
    std::vector<bool> seen; // by rule; empty: all
    if (!rules.empty() && traits().asks_policy && !by_the_cloud_) seen = policy_->ask(rules, whose(resource, object));
    json::object shown;
    std::size_t rule = 0;
    for (auto const* row : rows) {
        bool const may_be_seen = row->seen_by.name.empty() || seen.empty() || seen[rule];
        if (!row->seen_by.name.empty()) ++rule;
        if (!may_be_seen || shown.contains(row->name)) continue;
        auto value = value_of(*row, *this, object);
        if (row->when_set && is_empty(value)) continue;
        if (!row->also_as.empty()) shown.emplace(row->also_as, value);
        shown.emplace(row->name, std::move(value));
    }
    if (rest)
        for (auto const& [key, value] : *static_cast<json::object const*>(rest->at(const_cast<void*>(object))))
            if (!resource.fields.find(key)) shown.emplace(key, value);
    for (std::size_t i = 0; i < resource.view_count; ++i)
        if (auto const& view = resource.views[i]; within(view.since, view.until, version()))
            view.reshape(*this, object, shown);
    if (!own || !traits().selects_fields) return shown;
    auto const wanted = queries("fields");
    bool const reads = route().does == RouteRow::Does::list || route().does == RouteRow::Does::show;
    if (!reads || wanted.empty()) return shown;
    json::object chosen;
    for (auto& [key, value] : shown)
        if (std::find(wanted.begin(), wanted.end(), std::string_view(key)) != wanted.end())
            chosen.emplace(key, std::move(value));
    return chosen;
}

json::value Request::envelope(json::object body) const {
    if (route().is_bare || (traits().bare && route().envelope_key.empty())) return body;
    bool const renamed = !route().envelope_key.empty() && route().does != RouteRow::Does::list;
    return json::object{{json::string(renamed ? route().envelope_key : resource().noun), std::move(body)}};
}

Reply Request::shown_object(Resource const& resource, void const* object) {
    auto body = view_object(resource, object);
    if (&resource == parts_.resource) {
        if (route().is_bulk && has_many()) return shown_items({std::move(body)});
        return reply(envelope(std::move(body)));
    }
    if (traits().bare) return reply(std::move(body));
    return reply(json::object{{json::string(resource.noun), std::move(body)}});
}

// A bulk create answers in the form that was sent: one for one, a list for a list.
Reply Request::shown_items(json::array items) {
    bool const creates = route().does == RouteRow::Does::create;
    if (creates && !has_many() && items.size() == 1) return reply(envelope(std::move(items.front().as_object())));
    return reply(json::object{{json::string(resource().plural), std::move(items)}});
}

} // namespace volutus
