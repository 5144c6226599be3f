#include "documents.hpp"

#include "image.hpp"
#include "members.hpp"

#include <volutus/resource.hpp>

#include <array>

namespace volutus::image_service {

namespace {

// 2.8 and 2.10 to 2.15 are about several stores and a cache, which are not here.
constexpr std::array<std::string_view, 9> spoken{"v2.9", "v2.7", "v2.6", "v2.5", "v2.4",
                                                 "v2.3", "v2.2", "v2.1", "v2.0"};

json::object schema_of(Field const& row) {
    json::object schema;
    auto const type = row.type->schema;
    if (row.type->nullable)
        schema["type"] = json::array{"null", json::string(type)};
    else
        schema["type"] = json::string(type);
    if (!row.type->items.empty()) schema["items"] = json::object{{"type", json::string(row.type->items)}};
    if (row.max_length) schema["maxLength"] = row.max_length;
    if (!row.one_of[0].empty()) {
        json::array names;
        if (row.type->nullable) names.emplace_back(nullptr);
        for (auto name : row.one_of)
            if (!name.empty()) names.emplace_back(json::string(name));
        schema["enum"] = std::move(names);
    }
    if (!row.writable && !row.creatable) schema["readOnly"] = true;
    if (!row.help.empty()) schema["description"] = json::string(row.help);
    return schema;
}

json::object schema_of(std::string_view name, Resource const& resource) {
    json::object properties;
    bool open = false;
    for (auto const& row : resource.fields) {
        open = open || row.keeps_rest;
        if (!row.hidden && !row.keeps_rest) properties.emplace(row.name, schema_of(row));
    }
    json::object schema{{"name", json::string(name)}, {"properties", std::move(properties)}};
    if (open) {
        schema["additionalProperties"] = json::object{{"type", "string"}};
        schema["links"] = json::array{json::object{{"href", "{self}"}, {"rel", "self"}},
                                      json::object{{"href", "{file}"}, {"rel", "enclosure"}},
                                      json::object{{"href", "{schema}"}, {"rel", "describedby"}}};
    }
    return schema;
}

json::object list_schema(std::string_view name, json::object item) {
    json::object text{{"type", "string"}};
    return {
        {"name", json::string(name)},
        {"properties", json::object{{json::string(name), json::object{{"type", "array"}, {"items", std::move(item)}}},
                                    {"first", text},
                                    {"next", text},
                                    {"schema", text}}},
        {"links", json::array{json::object{{"href", "{first}"}, {"rel", "first"}},
                              json::object{{"href", "{next}"}, {"rel", "next"}},
                              json::object{{"href", "{schema}"}, {"rel", "describedby"}}}}};
}

Resource const& images() { return resource_of(static_cast<Image const*>(nullptr)); }
Resource const& members() { return resource_of(static_cast<ShownMember const*>(nullptr)); }

} // namespace

Reply versions(Request& request) {
    json::array versions;
    for (auto id : spoken)
        versions.push_back(
            json::object{{"id", json::string(id)},
                         {"status", id == spoken.front() ? "CURRENT" : "SUPPORTED"},
                         {"links", json::array{json::object{{"rel", "self"}, {"href", request.link("//v2/")}}}}});
    return request.reply(json::object{{"versions", std::move(versions)}});
}

Reply image_schema(Request& request) { return request.reply(schema_of("image", images())); }
Reply images_schema(Request& request) { return request.reply(list_schema("images", schema_of("image", images()))); }
Reply member_schema(Request& request) { return request.reply(schema_of("member", members())); }
Reply members_schema(Request& request) { return request.reply(list_schema("members", schema_of("member", members()))); }

Reply import_methods(Request& request) {
    return request.reply(json::object{
        {"import-methods",
         json::object{{"description", "Import methods available."}, {"type", "array"}, {"value", json::array()}}}});
}

} // namespace volutus::image_service
