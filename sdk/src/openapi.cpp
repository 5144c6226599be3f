// The OpenAPI 3.1 document of a service, from the same rows that serve it.
#include <volutus/service.hpp>

#include <algorithm>

namespace volutus {

namespace {

json::string copy(std::string_view text) { return json::string(text); }

json::object schema_of_rows(Fields rows, bool (*takes)(Field const&));

void add_versions(json::object& to, Version since, Version until) {
    if (since) to["x-since"] = to_string(since);
    if (until) to["x-until"] = to_string(until);
}

json::object schema_of(Field const& row) {
    json::object schema;
    auto const& type = *row.type;
    bool const text = type.schema == "string";
    if (!type.schema.empty()) {
        if (type.nullable)
            schema["type"] = json::array{copy(type.schema), "null"};
        else
            schema["type"] = copy(type.schema);
    }
    auto all = [](Field const& field) { return field.stored() && !field.hidden; };
    if (type.schema == "array") {
        json::object items;
        if (type.rows)
            items = schema_of_rows(type.rows(), all);
        else if (!type.items.empty())
            items["type"] = copy(type.items);
        schema["items"] = std::move(items);
    } else if (type.schema == "object" && type.rows) {
        for (auto& [key, value] : schema_of_rows(type.rows(), all)) schema[key] = std::move(value);
    }
    if (row.min_length) schema[text ? "minLength" : "minItems"] = row.min_length;
    if (row.max_length) schema[text ? "maxLength" : "maxItems"] = row.max_length;
    if (row.at_least != INT64_MIN) schema["minimum"] = row.at_least;
    if (row.at_most != INT64_MAX) schema["maximum"] = row.at_most;
    if (!row.one_of[0].empty()) {
        json::array names;
        for (auto name : row.one_of)
            if (!name.empty()) names.emplace_back(copy(name));
        if (type.nullable) names.emplace_back(nullptr);
        schema["enum"] = std::move(names);
    }
    if (!row.format_name.empty()) schema["format"] = copy(row.format_name);
    if (!row.fallback.empty()) schema["default"] = json::parse(row.fallback);
    if (!row.help.empty()) schema["description"] = copy(row.help);
    add_versions(schema, row.since, row.until);
    return schema;
}

json::object schema_of_rows(Fields rows, bool (*takes)(Field const&)) {
    json::object properties;
    json::array required;
    bool open = false;
    for (auto const& row : rows) {
        if (!takes(row)) continue;
        if (row.keeps_rest) {
            open = true;
            continue;
        }
        properties[copy(row.name)] = schema_of(row);
        if (!row.also_as.empty()) properties[copy(row.also_as)] = schema_of(row);
        auto const already = std::find(required.begin(), required.end(), json::value(copy(row.name))) != required.end();
        if (row.required && !row.since && !row.until && !already) required.emplace_back(copy(row.name));
    }
    json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) schema["required"] = std::move(required);
    if (open) schema["additionalProperties"] = true;
    return schema;
}

// What is shown: a computed field has the schema of its function, a view of a stored one may be anything.
json::object shown_schema(Resource const& resource) {
    json::object properties;
    bool open = false;
    for (auto const& row : resource.fields) {
        if (row.hidden || properties.contains(row.name)) continue;
        if (row.keeps_rest) {
            open = true;
            continue;
        }
        json::object schema;
        if (row.stored() && row.views[0].render)
            add_versions(schema, row.since, row.until);
        else
            schema = schema_of(row);
        schema.erase("default");
        if (!row.also_as.empty()) properties[copy(row.also_as)] = schema;
        properties[copy(row.name)] = std::move(schema);
    }
    json::object schema{{"type", "object"}, {"properties", std::move(properties)}};
    if (open) schema["additionalProperties"] = true;
    return schema;
}

json::object reference(Resource const& resource) {
    return {{"$ref", "#/components/schemas/" + std::string(resource.noun)}};
}

json::object wrapped(std::string_view key, json::object inside) {
    return {{"type", "object"},
            {"properties", json::object{{copy(key), std::move(inside)}}},
            {"required", json::array{copy(key)}}};
}

json::object content(json::object schema) {
    return {{"application/json", json::object{{"schema", std::move(schema)}}}};
}

json::array parameters_of(std::string_view path) {
    json::array out;
    for (auto open = path.find('{'); open != path.npos; open = path.find('{', open + 1)) {
        auto const name = path.substr(open + 1, path.find('}', open) - open - 1);
        out.push_back(json::object{
            {"name", copy(name)}, {"in", "path"}, {"required", true}, {"schema", json::object{{"type", "string"}}}});
    }
    return out;
}

json::object query_parameter(std::string_view name, std::string_view type = "string") {
    return {{"name", copy(name)}, {"in", "query"}, {"schema", json::object{{"type", copy(type)}}}};
}

void add_queries(json::array& to, ListRow const& row) {
    for (std::size_t i = 0; i < row.filter_count; ++i) {
        auto parameter = query_parameter(row.filter_rows[i].name);
        add_versions(parameter, row.filter_rows[i].since, row.filter_rows[i].until);
        to.push_back(std::move(parameter));
    }
    json::array keys;
    for (std::size_t i = 0; i < row.sort_count; ++i) keys.emplace_back(copy(row.sort_rows[i].name));
    if (!keys.empty()) {
        auto sort = query_parameter("sort_key");
        sort["schema"].as_object()["enum"] = std::move(keys);
        to.push_back(std::move(sort));
        to.push_back(query_parameter("sort_dir"));
    }
    to.push_back(query_parameter("limit", "integer"));
    to.push_back(query_parameter("marker"));
    if (!row.all_query.empty()) to.push_back(query_parameter(row.all_query, "boolean"));
}

json::object body_schema(ServiceTraits const& traits, Resource const& resource, RouteRow const& row) {
    json::object inside{{"type", "object"}};
    if (row.takes)
        inside = schema_of_rows(row.takes(), [](Field const& field) { return field.stored(); });
    else if (row.does == RouteRow::Does::create)
        inside = schema_of_rows(resource.fields, [](Field const& field) { return field.creatable; });
    else if (row.does == RouteRow::Does::update)
        inside = schema_of_rows(resource.fields, [](Field const& field) { return field.writable; });
    if (row.does == RouteRow::Does::update && !row.takes) inside.erase("required");
    if (row.does == RouteRow::Does::action)
        return wrapped(row.action_name, row.takes ? std::move(inside) : json::object());
    if (row.is_bare || row.does == RouteRow::Does::route || traits.bare) return inside;
    auto const key = row.envelope_key.empty() ? resource.noun : row.envelope_key;
    if (!row.is_bulk) return wrapped(key, std::move(inside));
    json::object many{{"type", "array"}, {"items", inside}};
    return {{"oneOf", json::array{wrapped(key, std::move(inside)), wrapped(resource.plural, std::move(many))}}};
}

json::object reply_of(ServiceTraits const& traits, Resource const& resource, RouteRow const& row) {
    json::object reply{{"description", row.help.empty() ? json::string("as declared") : copy(row.help)}};
    bool const one =
        row.does == RouteRow::Does::show || row.does == RouteRow::Does::create || row.does == RouteRow::Does::update;
    if (row.does == RouteRow::Does::list)
        reply["content"] = content(wrapped(resource.plural, {{"type", "array"}, {"items", reference(resource)}}));
    else if (one && row.status_code != 204)
        reply["content"] =
            content(row.is_bare || traits.bare ? reference(resource) : wrapped(resource.noun, reference(resource)));
    return reply;
}

class Document {
public:
    explicit Document(ServiceTraits const& traits) : traits_(traits) {}

    void add(Resource const& resource) {
        schemas[copy(resource.noun)] = shown_schema(resource);
        for (std::size_t i = 0; i < resource.list_count; ++i) add(resource, resource.lists[i], &resource.lists[i]);
        for (std::size_t i = 0; i < resource.route_count; ++i) add(resource, resource.routes[i], nullptr);
    }

    json::object paths, schemas;

private:
    void add(Resource const& resource, RouteRow const& row, ListRow const* list) {
        if (is_absolute(row.path)) return add(resource, row, list, std::string(row.path.substr(1)));
        each_path(traits_, row, [&](std::string_view prefix, std::string_view path) {
            add(resource, row, list, std::string(prefix) + std::string(path));
        });
    }

    void add(Resource const& resource, RouteRow const& row, ListRow const* list, std::string const& path) {
        std::string method(row.method);
        std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::tolower(c); });
        auto& slot = paths[path];
        if (!slot.is_object()) slot = json::object();
        auto& methods = slot.get_object();
        bool const takes_body = row.does == RouteRow::Does::create || row.does == RouteRow::Does::update ||
                                row.does == RouteRow::Does::action || row.takes;
        if (auto* there = methods.if_contains(method)) { // another action, or another version's
            if (!takes_body) return;
            auto& body = there->as_object()["requestBody"];
            if (!body.is_object()) return;
            auto& schema =
                body.get_object()["content"].as_object()["application/json"].as_object()["schema"].as_object();
            if (!schema.contains("anyOf")) schema = {{"anyOf", json::array{schema}}};
            schema["anyOf"].as_array().push_back(body_schema(traits_, resource, row));
            return;
        }
        json::object operation{{"operationId", std::string(row.method) + " " + path},
                               {"tags", json::array{copy(resource.noun)}}};
        if (!row.help.empty()) operation["summary"] = copy(row.help);
        if (!row.policy.name.empty()) operation["x-policy"] = copy(row.policy.name);
        add_versions(operation, row.since, row.until);
        auto parameters = parameters_of(path);
        if (list) add_queries(parameters, *list);
        if (row.takes_key())
            parameters.push_back(json::object{{"name", "Idempotency-Key"},
                                              {"in", "header"},
                                              {"schema", json::object{{"type", "string"}, {"maxLength", 255}}}});
        if (!parameters.empty()) operation["parameters"] = std::move(parameters);
        if (takes_body && !row.any_body)
            operation["requestBody"] =
                json::object{{"required", true}, {"content", content(body_schema(traits_, resource, row))}};
        operation["responses"] =
            json::object{{std::to_string(row.status_code), reply_of(traits_, resource, row)},
                         {"default", json::object{{"description", "an error in the service's form"}}}};
        methods[method] = std::move(operation);
    }

    ServiceTraits const& traits_;
};

} // namespace

json::object ServicePlugin::openapi(std::string_view base) const {
    Document document(*traits_);
    for (auto const* resource : resources_) document.add(*resource);
    auto const version = traits_->versions.newest.empty() ? std::string_view("1.0") : traits_->versions.newest;
    return {{"openapi", "3.1.0"},
            {"info", json::object{{"title", copy(traits_->type)}, {"version", copy(version)}}},
            {"servers", json::array{json::object{{"url", copy(base)}}}},
            {"paths", std::move(document.paths)},
            {"components", json::object{{"schemas", std::move(document.schemas)}}}};
}

} // namespace volutus
