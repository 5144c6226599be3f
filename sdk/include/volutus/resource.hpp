// A REST resource is one table. Everything else comes from it: the codec of requests, replies and stored documents,
// validation, the store's kind with its indexes and references, policy defaults, quota names, pages, filters, sort,
// `fields`, microversions, dispatch, the OpenAPI document, and the tests that are walked over every route.
//
//     // volume.hpp
//     struct Volume : Stored {                       // Stored: which revision this was read at
//         std::string id, project_id, name, status, created_at;
//         std::int64_t size = 0;
//     };
//     Resource const& resource_of(Volume const*);    // how put(volume) finds the table
//
//     // volumes_table.hpp, included by the file of the manifest
//     inline constexpr auto volumes = resource<Volume>("volume", "volumes", kind("block_storage.volume"),
//         field<&Volume::id>("id"), field<&Volume::project_id>("project_id", also_as("tenant_id")),
//         field<&Volume::name>("name", writable, max_length(255)),
//         field<&Volume::size>("size", required_on_create, at_least(1)),
//         field<&Volume::status>("status"), field<&Volume::created_at>("created_at"),
//         computed<links_of>("links"),
//         list("/volumes", "volume:get_all", filters("name", "status"), sorts("created_at", "name"),
//              sees_all("volume:get_all_tenants", "all_tenants")),
//         show("/volumes/{volume_id}", "volume:get"),
//         create<create_volume>("/volumes", "volume:create", status(202), quota("volumes", "gigabytes")),
//         action<extend_volume>("/volumes/{volume_id}/action", "os-extend", "volume:extend"),
//         remove<&Volumes::remove>("/volumes/{volume_id}", "volume:delete", status(202)));
//     inline Resource const& resource_of(Volume const*) { return erased<volumes>(); }
//
//     // plugin.cpp
//     constexpr ServiceTraits traits{.name = "block_storage", .type = "block-storage",
//                                    .prefixes = {"/v3/{project_id}", "/v3"}, ...};
//     constexpr auto manifest = volutus::manifest("block_storage", "0.1.0", ..., serves(traits, volumes, types));
//     class BlockStorage : public ServicePlugin {
//         explicit BlockStorage(Host host) : ServicePlugin(host, traits) {
//             serve<volumes>(*this);
//             serve<types>(*this);
//         }
//     };
//
// A handler is a template argument, so that any signature becomes a plain row: a free function or a method of the
// object that serve() was given, Reply (Request&) or Reply (Request&, Body const&). It sees only what passed the
// token's scope, the route's policy and validation. Body is
//   - the resource's own struct: the fields that are `on_create` or `writable`, fallbacks filled in;
//   - a struct with rows_of(): all of its rows. Rows may have since() and until(), and a name may come again for
//     another range of versions; std::optional members tell absent from given;
//   - std::vector of one of these, for a `bulk` create;
//   - a described struct.
// A create (POST) takes the header Idempotency-Key: its repeat gets the first answer. See Store::prepare and
// Request::apply_and_answer.
// Without a handler the store does it. list: the caller's project (sees_all widens), filters, sort, marker, limit,
// fields, one store query a page. show, remove: require(). create: sets id, project_id, user_id and the times where
// there are such fields. update: the given keys, expecting the revision that was read.
//
// Field rules: required_on_create, writable, on_create, on_update, hidden, secret, max_length(n), at_least(n),
// one_of(...), formats::uuid, fallback("json"), refers_to("network.network"), owned_by("network.network"),
// also_as("tenant_id"), transient("creating", "deleting"), seen_by(rule), set_by(create_rule, update_rule),
// field_policy(rule), since("2.9"), until("2.35"),
// when_set, keeps_rest, view<fn>(since("2.47")). quota("volumes") names what a create claims; the handler claims it.
// A field name may come in several rows with ranges of versions that do not overlap; at most one of them is stored.
// The path's last {capture} is the resource's id. A path that begins with "//" stands without the prefixes.
#pragma once

#include <volutus/request.hpp>
#include <volutus/route_row.hpp>
#include <volutus/service_traits.hpp>

#include <memory>

namespace volutus {

// A view of the whole object: changes what is shown from a version on. Several apply in the order of the table.
struct ResourceView {
    Version since = 0, until = 0;
    void (*reshape)(Request&, void const* object, json::object& shown) = nullptr;
};

struct UniqueRow {
    static constexpr std::size_t most_fields = 4;
    std::string_view space;
    Texts<most_fields> fields;
};

// What is the same for the whole table; set by the words below.
struct ResourceRow {
    std::string_view noun, plural;
    std::string_view kind_name; // "" = not stored
    std::string_view called;    // in messages: "Instance"; "" = the noun, capitalised
    std::string_view scope_field = "project_id";
    std::uint32_t schema_number = 1;
    std::uint64_t tombstone_seconds = 0;
    bool passing = false;
    std::string_view work_kind, work_field;
};

// A table without its type: what the SDK's compiled part works on. Lives as long as the program.
struct Resource : ResourceRow {
    Fields fields;
    RouteRow const* routes = nullptr; // all but lists
    std::size_t route_count = 0;
    ListRow const* lists = nullptr;
    std::size_t list_count = 0;
    ResourceView const* views = nullptr;
    std::size_t view_count = 0;
    void const* type = nullptr; // type_tag of the struct
    std::shared_ptr<void> (*make)() = nullptr;
    Stored* (*stored)(void* object) = nullptr;

    template <class Visit> void each_route(Visit visit) const {
        for (std::size_t i = 0; i < list_count; ++i) visit(lists[i]);
        for (std::size_t i = 0; i < route_count; ++i) visit(routes[i]);
    }
    // The field that lists are scoped by; null where the kind has none.
    Field const* scope() const { return fields.find(scope_field); }
};

template <class S, std::size_t F, std::size_t R, std::size_t L, std::size_t U, std::size_t V, std::size_t P>
struct ResourceTable {
    using Struct = S;
    ResourceRow row;
    std::array<Field, F> fields{};
    std::array<RouteRow, R> routes{};
    std::array<ListRow, L> lists{};
    std::array<UniqueRow, U> uniques{};
    std::array<ResourceView, V> views{};
    std::array<PolicyRule, P> rules{};
};

// ---- words for the whole table ----

constexpr auto kind(std::string_view name) {
    return [name](ResourceRow& r) { r.kind_name = name; };
}
constexpr auto called(std::string_view name) {
    return [name](ResourceRow& r) { r.called = name; };
}
constexpr auto scoped_by(std::string_view field) {
    return [field](ResourceRow& r) { r.scope_field = field; };
}
inline constexpr auto unscoped = [](ResourceRow& r) { r.scope_field = {}; }; // every project's, such as flavors
constexpr auto schema(std::uint32_t number) {
    return [number](ResourceRow& r) { r.schema_number = number; };
}
constexpr auto tombstones(std::uint32_t days) {
    return [days](ResourceRow& r) { r.tombstone_seconds = std::uint64_t{days} * 86400; };
}
// Each document is there only as long as a task works on it.
inline constexpr auto passing = [](ResourceRow& r) { r.passing = true; };
// The task of a document that is worked on - in a transient() state, or passing - is not its own: it is that of the
// document of `kind` whose id stands in `field`.
constexpr auto worked_on_at(std::string_view kind, std::string_view field) {
    return [kind, field](ResourceRow& r) {
        r.work_kind = kind;
        r.work_field = field;
    };
}
// No two documents with equal values of these fields, within the kind or within a space that kinds share.
template <class... Names> constexpr UniqueRow unique_in(std::string_view space, Names... fields) {
    static_assert(sizeof...(Names) >= 1 && sizeof...(Names) <= UniqueRow::most_fields);
    return {space, Texts<UniqueRow::most_fields>::of(fields...)};
}
// A rule that no route names, such as one that other rules refer to.
constexpr PolicyRule rule(std::string_view name, std::string_view check) { return {name, check}; }

template <class F> struct ReshapeTraits : std::false_type {};
template <class S> struct ReshapeTraits<void (*)(Request&, S const&, json::object&)> : std::true_type {
    using Struct = S;
};
template <auto Reshape> void reshape_object(Request& request, void const* object, json::object& shown) {
    using Struct = typename ReshapeTraits<decltype(Reshape)>::Struct;
    Reshape(request, *static_cast<Struct const*>(object), shown);
}
template <auto Render> struct FieldViewWord {
    FieldView row;
    constexpr void operator()(Field& f) const {
        if (f.view_count == Field::most_views) throw "a field has at most three views";
        f.views[f.view_count++] = row;
    }
};
// Of a field: R (Request&, S const&) gives its value in those versions. Of a resource: void (Request&, S const&,
// json::object& shown) changes what is shown.
template <auto Fn, class... Words> constexpr auto view(Words... words) {
    if constexpr (ReshapeTraits<decltype(Fn)>::value) {
        ResourceView row;
        row.reshape = &reshape_object<Fn>;
        (words(row), ...);
        return row;
    } else {
        FieldViewWord<Fn> word;
        word.row.render = &render_field<Fn>;
        (words(word.row), ...);
        return word;
    }
}

// ---- the table ----

template <class Part, class S> constexpr bool is_field_of() {
    if constexpr (std::is_base_of_v<Field, Part>)
        static_assert(std::is_base_of_v<typename Part::Struct, S>, "a field of another struct");
    return std::is_base_of_v<Field, Part>;
}
template <class Part>
inline constexpr bool is_plain_route = std::is_base_of_v<RouteRow, Part> && !std::is_same_v<Part, ListRow>;

template <class S, class... Parts>
constexpr auto resource(std::string_view noun, std::string_view plural, Parts... parts) {
    ResourceTable<S, (std::size_t{is_field_of<Parts, S>()} + ... + 0), (std::size_t{is_plain_route<Parts>} + ... + 0),
                  (std::size_t{std::is_same_v<Parts, ListRow>} + ... + 0),
                  (std::size_t{std::is_same_v<Parts, UniqueRow>} + ... + 0),
                  (std::size_t{std::is_same_v<Parts, ResourceView>} + ... + 0),
                  (std::size_t{std::is_same_v<Parts, PolicyRule>} + ... + 0)>
        table;
    table.row.noun = noun;
    table.row.plural = plural;
    std::size_t fields = 0, routes = 0, lists = 0, uniques = 0, views = 0, rules = 0;
    auto add = [&](auto const& part) {
        using Part = std::decay_t<decltype(part)>;
        if constexpr (std::is_base_of_v<Field, Part>)
            table.fields[fields++] = part;
        else if constexpr (std::is_same_v<Part, ListRow>)
            table.lists[lists++] = part;
        else if constexpr (std::is_same_v<Part, RouteRow>)
            table.routes[routes++] = part;
        else if constexpr (std::is_same_v<Part, UniqueRow>)
            table.uniques[uniques++] = part;
        else if constexpr (std::is_same_v<Part, ResourceView>)
            table.views[views++] = part;
        else if constexpr (std::is_same_v<Part, PolicyRule>)
            table.rules[rules++] = part;
        else
            part(table.row);
    };
    (add(parts), ...);
    return table;
}

template <auto const& Table> Resource const& erased() {
    using S = typename std::decay_t<decltype(Table)>::Struct;
    static_assert(std::is_base_of_v<Stored, S>, "derive the struct from volutus::Stored");
    static constexpr Resource resource{Table.row,
                                       {Table.fields.data(), Table.fields.size()},
                                       Table.routes.data(),
                                       Table.routes.size(),
                                       Table.lists.data(),
                                       Table.lists.size(),
                                       Table.views.data(),
                                       Table.views.size(),
                                       &type_tag<S>,
                                       [] { return std::shared_ptr<void>(std::make_shared<S>()); },
                                       [](void* object) -> Stored* { return static_cast<S*>(object); }};
    return resource;
}

} // namespace volutus
