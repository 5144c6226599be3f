// A route as a row of data, and the words for it. Read resource.hpp first.
#pragma once

#include <volutus/field.hpp>
#include <volutus/reply.hpp>

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace volutus {

// One address for each type: tells at start whether a handler's object is of its class.
template <class T> inline constexpr char type_tag = 0;

// A few names in a row. Counted: g++ 12 refuses to read the unset rest of an array of a constant.
template <std::size_t N> struct Texts {
    std::array<std::string_view, N> values{};
    std::size_t count = 0;

    template <class... Names> static constexpr Texts of(Names... names) {
        static_assert(sizeof...(Names) <= N);
        Texts out;
        ((out.values[out.count++] = names), ...);
        return out;
    }
    constexpr bool empty() const { return count == 0; }
    constexpr std::string_view const* begin() const { return values.data(); }
    constexpr std::string_view const* end() const { return values.data() + count; }
};

struct RouteRow {
    enum class Does : std::uint8_t { list, show, create, update, remove, action, route };
    static constexpr std::size_t most_shown = 16;

    Does does = Does::route;
    std::string_view method, path;
    Texts<2> aliases;             // other paths of the same
    std::string_view action_name; // the key of the body that chooses it
    PolicyRule policy;
    Reply (*call)(Request&) = nullptr; // null: the store's default for what it does
    void const* owner = nullptr;       // type_tag of the handler's class; null for a free function
    Fields (*takes)() = nullptr;       // rows of the body that the handler takes; null: the resource's own

    std::uint16_t status_code = 200;
    Texts<6> quotas;
    Texts<most_shown> shown; // names of the fields in the reply; none = all
    Version since = 0, until = 0;
    std::string_view envelope_key; // of the body, where it is not the noun
    std::string_view scope_needed; // "system", "domain" or "project": the token's scope
    std::string_view help;
    bool reads_only = false;   // changes nothing; may run on the connection's thread
    bool streams = false;      // body and reply are bytes for the handler, not documents
    bool is_anonymous = false; // without a token
    bool is_websocket = false;
    bool is_bulk = false;        // takes {"networks": [...]} as well
    bool is_bare = false;        // no {"volume": ...} around the body and the reply
    bool checks_itself = false;  // the handler asks for the policy
    bool asks_of_object = false; // the policy is asked about what require() reads, and not before
    bool wraps_items = false;    // {"keypairs": [{"keypair": {...}}]}
    bool has_handler = false;
    bool typed_body = false; // the handler has a body type, which checks it
    bool any_body = false;   // the body is not checked; the handler reads document()

    // A create that Idempotency-Key makes repeatable; a PUT is by itself.
    constexpr bool takes_key() const { return does == Does::create && method == "POST" && !streams; }
};

// A path that begins with "//" stands without the prefixes: "//" is the root, "//v2.1" the version document.
constexpr bool is_absolute(std::string_view path) { return path.size() > 1 && path[0] == '/' && path[1] == '/'; }

// A name of the query and the field of the stored body that it means.
struct QueryKey {
    std::string_view name, field;
    Version since = 0, until = 0;
    std::string_view help;
};

struct ListRow : RouteRow {
    static constexpr std::size_t most_filters = 24, most_sorts = 16;

    std::array<QueryKey, most_filters> filter_rows{}; // by ==; repeated names are or-ed
    std::size_t filter_count = 0;
    std::array<QueryKey, most_sorts> sort_rows{};
    std::size_t sort_count = 0;
    std::string_view default_sort = "created_at"; // newest first, where there is such a field; else by id
    bool default_descending = true;
    PolicyRule all_rule;                      // who passes it sees every project's
    std::string_view all_query;               // and only when this is true in the query
    std::string_view reach;                   // field that tells who sees it: a project's id, or "*" for everybody
    Texts<12> queries;                        // other names that the handler reads
    std::string_view beside_key, beside_text; // a member of the reply beside the list; "" = none
};

// ---- handlers: Reply h(Request&), Reply h(Request&, Body const&), and the same as methods of one class ----

template <class H> struct HandlerTraits;
template <> struct HandlerTraits<Reply (*)(Request&)> {
    using Body = void;
    using Class = void;
};
template <class B> struct HandlerTraits<Reply (*)(Request&, B const&)> {
    using Body = B;
    using Class = void;
};
template <class T> struct HandlerTraits<Reply (T::*)(Request&)> {
    using Body = void;
    using Class = T;
};
template <class T, class B> struct HandlerTraits<Reply (T::*)(Request&, B const&)> {
    using Body = B;
    using Class = T;
};

template <auto Handler> Reply call_handler(Request& request); // request.hpp

template <class B> constexpr auto rows_taken() -> Fields (*)() {
    if constexpr (std::is_void_v<B>)
        return nullptr;
    else
        return nested_rows<B>();
}

template <auto Handler> constexpr void set_handler(RouteRow& row) {
    if constexpr (!std::is_null_pointer_v<decltype(Handler)>) {
        using Traits = HandlerTraits<decltype(Handler)>;
        row.call = &call_handler<Handler>;
        row.has_handler = true;
        row.typed_body = !std::is_void_v<typename Traits::Body>;
        row.takes = rows_taken<typename Traits::Body>();
        if constexpr (!std::is_void_v<typename Traits::Class>) row.owner = &type_tag<typename Traits::Class>;
    }
}

template <class Row, auto Handler, class... Words>
constexpr Row route_row(RouteRow::Does does, std::string_view method, std::string_view path, PolicyRule rule,
                        std::uint16_t status, Words... words) {
    Row row;
    row.does = does;
    row.method = method;
    row.path = path;
    row.policy = rule;
    row.status_code = status;
    row.reads_only = method == "GET" || method == "HEAD";
    set_handler<Handler>(row);
    (words(row), ...);
    return row;
}

// ---- what a resource can do. Without a handler the store's default does it ----

template <auto Handler = nullptr, class... W>
constexpr ListRow list(std::string_view path, PolicyRule rule, W... words) {
    return route_row<ListRow, Handler>(RouteRow::Does::list, "GET", path, rule, 200, words...);
}
template <auto Handler = nullptr, class... W>
constexpr RouteRow show(std::string_view path, PolicyRule rule, W... words) {
    return route_row<RouteRow, Handler>(RouteRow::Does::show, "GET", path, rule, 200, words...);
}
template <auto Handler = nullptr, class... W>
constexpr RouteRow create(std::string_view path, PolicyRule rule, W... words) {
    return route_row<RouteRow, Handler>(RouteRow::Does::create, "POST", path, rule, 201, words...);
}
template <auto Handler = nullptr, class... W>
constexpr RouteRow update(std::string_view path, PolicyRule rule, W... words) {
    return route_row<RouteRow, Handler>(RouteRow::Does::update, "PUT", path, rule, 200, words...);
}
template <auto Handler = nullptr, class... W>
constexpr RouteRow remove(std::string_view path, PolicyRule rule, W... words) {
    return route_row<RouteRow, Handler>(RouteRow::Does::remove, "DELETE", path, rule, 204, words...);
}
// POST {"os-extend": {...}} to a path that several actions share. A handler with a body type gets what the key holds.
template <auto Handler, class... W>
constexpr RouteRow action(std::string_view path, std::string_view name, PolicyRule rule, W... words) {
    auto row = route_row<RouteRow, Handler>(RouteRow::Does::action, "POST", path, rule, 202, words...);
    row.action_name = name;
    return row;
}
// What is none of these. A handler without a body type reads document() or the input, unchecked.
template <auto Handler, class... W>
constexpr RouteRow route(std::string_view method, std::string_view path, PolicyRule rule, W... words) {
    return route_row<RouteRow, Handler>(RouteRow::Does::route, method, path, rule, 200, words...);
}

// ---- words for all routes ----

constexpr auto status(std::uint16_t code) {
    return [code](RouteRow& r) { r.status_code = code; };
}
constexpr auto by(std::string_view method) {
    return [method](RouteRow& r) { r.method = method; };
} // by("PATCH")
template <class... Names> constexpr auto quota(Names... names) {
    return [names...](RouteRow& r) { r.quotas = r.quotas.of(names...); };
}
template <class... Names> constexpr auto shows(Names... names) {
    static_assert(sizeof...(Names) <= RouteRow::most_shown, "leave the fields out in a view<> instead");
    return [names...](RouteRow& r) { r.shown = r.shown.of(names...); };
}
template <class... Paths> constexpr auto alias(Paths... paths) {
    return [paths...](RouteRow& r) { r.aliases = r.aliases.of(paths...); };
}
constexpr auto envelope(std::string_view key) {
    return [key](RouteRow& r) { r.envelope_key = key; };
}
constexpr auto scope(std::string_view name) {
    return [name](RouteRow& r) { r.scope_needed = name; };
}
inline constexpr auto waits = [](RouteRow& r) { r.reads_only = false; }; // a GET that may block
inline constexpr auto streams = [](RouteRow& r) {
    r.streams = r.any_body = true;
    r.reads_only = false;
};
inline constexpr auto anonymous = [](RouteRow& r) { r.is_anonymous = true; };
inline constexpr auto websocket = [](RouteRow& r) { r.is_websocket = r.is_anonymous = true; };
inline constexpr auto bulk = [](RouteRow& r) { r.is_bulk = true; };
inline constexpr auto bare = [](RouteRow& r) { r.is_bare = true; };
inline constexpr auto checks_itself = [](RouteRow& r) { r.checks_itself = true; };
// For rules about the object itself, such as user_id:%(target.user.id)s. The handler has to require() it.
inline constexpr auto asks_of_object = [](RouteRow& r) { r.asks_of_object = true; };
inline constexpr auto wraps_items = [](RouteRow& r) { r.wraps_items = true; };
inline constexpr auto any_body = [](RouteRow& r) { r.any_body = true; };

// ---- words for lists ----

template <class... W> constexpr QueryKey filter(std::string_view name, std::string_view field, W... words) {
    QueryKey row{name, field};
    (words(row), ...);
    return row;
}
constexpr QueryKey sort_key(std::string_view name, std::string_view field) { return {name, field}; }
constexpr QueryKey as_key(QueryKey row) { return row; }
constexpr QueryKey as_key(char const* name) { return {name, name}; }
// Names of fields, or filter("tenant_id", "project_id", since("2.26")) where name and field differ.
template <class... Rows> constexpr auto filters(Rows... rows) {
    static_assert(sizeof...(Rows) <= ListRow::most_filters);
    return [rows...](ListRow& r) { ((r.filter_rows[r.filter_count++] = as_key(rows)), ...); };
}
// Names of fields, or sort_key("uuid", "id").
template <class... Rows> constexpr auto sorts(Rows... rows) {
    static_assert(sizeof...(Rows) <= ListRow::most_sorts);
    return [rows...](ListRow& r) { ((r.sort_rows[r.sort_count++] = as_key(rows)), ...); };
}
constexpr auto sorted_by(std::string_view field, bool descending = false) {
    return [field, descending](ListRow& r) {
        r.default_sort = field;
        r.default_descending = descending;
    };
}
// Who passes the rule sees every project's; with a query name only when it asks: sees_all(rule, "all_tenants").
constexpr auto sees_all(PolicyRule rule, std::string_view query = {}) {
    return [rule, query](ListRow& r) {
        r.all_rule = rule;
        r.all_query = query;
    };
}
// Who sees a row stands in this field of it, the id of a project or "*" for everybody: what is shared or public.
constexpr auto reach(std::string_view field) {
    return [field](ListRow& r) { r.reach = field; };
}
template <class... Names> constexpr auto queries(Names... names) {
    return [names...](ListRow& r) { r.queries = r.queries.of(names...); };
}
// A member beside the list that is always the same: beside("schema", "/v2/schemas/images").
constexpr auto beside(std::string_view key, std::string_view text) {
    return [key, text](ListRow& r) {
        r.beside_key = key;
        r.beside_text = text;
    };
}

} // namespace volutus
