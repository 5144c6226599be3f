// A field is a row of data: a name, where in its struct the value stands, its type, and the rules for its value. One
// compiled codec walks the rows, for configuration, for requests and replies, and for stored documents alike.
//
//     field<&Volume::size>("size", required, at_least(1))
//
// Types: std::string, bool, integers, double, std::optional, std::vector and std::map<std::string, ...> of these,
// json values, described structs, and structs with rows of their own (see rows_of below).
#pragma once

#include <volutus/codec.hpp>
#include <volutus/manifest_writer.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace volutus {

class Request; // request.hpp
struct Fields;

// The name of a policy rule and, where it is declared, the check that holds unless the operator overrides it. A name
// alone takes the check that is declared elsewhere in the table, or the service's default.
struct PolicyRule {
    std::string_view name, check;
    constexpr PolicyRule() = default;
    constexpr PolicyRule(char const* rule) : name(rule) {}
    constexpr PolicyRule(std::string_view rule, std::string_view default_check = {})
        : name(rule), check(default_check) {}
};
constexpr PolicyRule policy(std::string_view name, std::string_view check) { return {name, check}; }

// How one C++ type is read and written; one for each type, shared by all its fields.
struct FieldType {
    std::string_view schema; // the "type" of JSON Schema; "" = any
    std::string_view items;  // of an array: its items' type
    bool nullable;
    void (*decode)(json::value const& from, void* field, json::Path const& at, json::Unknown unknown);
    json::value (*encode)(void const* field);
    Fields (*rows)(); // of the struct, or of the array's items; null where they have none
};

// A microversion as a number that compares: 2.96 is 200096. 0 = no bound.
using Version = std::uint32_t;
constexpr Version version_from(std::string_view text) {
    Version major = 0, minor = 0;
    bool after_dot = false;
    for (char c : text) {
        if (c == '.')
            after_dot = true;
        else
            (after_dot ? minor : major) = (after_dot ? minor : major) * 10 + static_cast<Version>(c - '0');
    }
    return major * 100000 + minor;
}

// How a value is shown from a version on: by a function of the whole object instead of from its field alone.
struct FieldView {
    Version since = 0, until = 0;
    json::value (*render)(Request&, void const* object) = nullptr;
};

// Does a row with these bounds exist in a version? 0 = the service has no versions.
constexpr bool within(Version since, Version until, Version version) {
    return version == 0 || ((since == 0 || version >= since) && (until == 0 || version <= until));
}

struct Field {
    static constexpr std::size_t most_names = 12;
    static constexpr std::size_t most_views = 3;
    static constexpr std::size_t most_states = 8;

    std::string_view name;
    FieldType const* type = nullptr;
    void* (*at)(void* object) = nullptr;

    // rules; set by the words below
    bool required = false;  // must be in the configuration, or in the body of a create
    bool writable = false;  // may be in the body of an update
    bool creatable = false; // may be in the body of a create
    bool hidden = false;    // stored, never shown
    bool secret = false;    // never shown, logged or put into the feed
    bool indexed = false;
    bool keeps_rest = false; // an object: keys of a body that no row names are kept in it, and shown beside the rows
    std::uint64_t min_length = 0, max_length = 0; // of strings, in characters; of arrays, in items. 0 = none
    std::int64_t at_least = INT64_MIN, at_most = INT64_MAX;
    std::array<std::string_view, most_names> one_of{};
    bool (*format)(std::string_view) = nullptr; // see formats.hpp
    std::string_view format_name;
    std::string_view fallback;                  // JSON of the value that an absent field gets
    std::string_view refers_to;                 // kind of the document whose id this is
    bool owned = false;                         // with refers_to: this document belongs to that one
    std::string_view also_as;                   // a second name on the wire: tenant_id beside project_id
    PolicyRule seen_by, created_by, updated_by; // rules that decide who sees it, who sets it in a create, in an update
    Version since = 0, until = 0;               // the first and the last version that have it
    std::array<FieldView, most_views> views{};
    std::size_t view_count = 0;
    std::array<std::string_view, most_states> transient{}; // values with which a task works on the document
    bool is_transient = false;                             // without such values: any
    bool when_set = false;                                 // left out, not null, where it has no value or is empty
    std::string_view help;

    // Not asked of `at`: g++ 12 cannot compare a function with null in a constant under -fsanitize=undefined.
    bool is_stored = false;
    constexpr bool stored() const { return is_stored; }

    constexpr void write_schema(ManifestWriter& out) const;
};

// A struct with rows of its own, found by this function in its namespace:
//     constexpr auto fixed_ip_rows = rows(field<&FixedIp::subnet_id>("subnet_id", formats::uuid), ...);
//     constexpr Fields rows_of(FixedIp const*) { return fields_of(fixed_ip_rows); }
template <class T> json::value encode_field(void const* field) { return json::encode(*static_cast<T const*>(field)); }
template <class T>
void decode_field(json::value const& from, void* field, json::Path const& at, json::Unknown unknown) {
    json::decode(from, *static_cast<T*>(field), at, unknown);
}
template <class T> struct unwrapped {
    using type = T;
};
template <class T> struct unwrapped<std::optional<T>> {
    using type = T;
};

template <class T> constexpr std::string_view schema_of() {
    if constexpr (std::is_same_v<T, std::string> || std::is_enum_v<T>)
        return "string";
    else if constexpr (std::is_same_v<T, bool>)
        return "boolean";
    else if constexpr (std::is_integral_v<T>)
        return "integer";
    else if constexpr (std::is_floating_point_v<T>)
        return "number";
    else if constexpr (json::is_list<T>::value || std::is_same_v<T, json::array>)
        return "array";
    else if constexpr (std::is_same_v<T, json::value>)
        return "";
    else
        return "object";
}
template <class T> constexpr std::string_view items_of() {
    if constexpr (json::is_list<T>::value)
        return schema_of<typename T::value_type>();
    else
        return "";
}
template <class T> Fields rows_of_struct();
template <class T> constexpr auto nested_rows() -> Fields (*)() {
    if constexpr (json::is_optional<T>::value || json::is_list<T>::value)
        return nested_rows<typename T::value_type>();
    else if constexpr (json::has_rows<T>::value)
        return &rows_of_struct<T>;
    else
        return nullptr;
}
template <class T>
inline constexpr FieldType field_type{schema_of<typename unwrapped<T>::type>(),
                                      items_of<typename unwrapped<T>::type>(),
                                      json::is_optional<T>::value,
                                      &decode_field<T>,
                                      &encode_field<T>,
                                      nested_rows<T>()};

template <class Member> struct MemberTraits;
template <class S, class T> struct MemberTraits<T S::*> {
    using Struct = S;
    using Type = T;
};

// A field that knows its struct, so that a table cannot mix two. Members of a base may stand in the table of what
// derives from it, if it is the first base: `at` is given the address of the whole.
template <class S> struct FieldOf : Field {
    using Struct = S;
};

template <auto Member, class... Rules> constexpr auto field(std::string_view name, Rules... rules) {
    using Traits = MemberTraits<decltype(Member)>;
    FieldOf<typename Traits::Struct> row;
    row.name = name;
    row.type = &field_type<typename Traits::Type>;
    row.is_stored = true;
    row.at = [](void* object) -> void* { return &(static_cast<typename Traits::Struct*>(object)->*Member); };
    (rules(static_cast<Field&>(row)), ...);
    return row;
}

// Something shown that is not stored, by a function R (Request&, S const&): links, counts, what another field implies.
template <class F> struct RenderTraits;
template <class S, class R> struct RenderTraits<R (*)(Request&, S const&)> {
    using Struct = S;
    using Result = R;
};
template <auto Render> json::value render_field(Request& request, void const* object) {
    using Struct = typename RenderTraits<decltype(Render)>::Struct;
    return json::encode(Render(request, *static_cast<Struct const*>(object)));
}
template <auto Render, class... Rules> constexpr auto computed(std::string_view name, Rules... rules) {
    using Traits = RenderTraits<decltype(Render)>;
    FieldOf<typename Traits::Struct> row;
    row.name = name;
    row.type = &field_type<typename Traits::Result>;
    row.views[row.view_count++].render = &render_field<Render>;
    (rules(static_cast<Field&>(row)), ...);
    return row;
}

// ---- the words of a rule ----

inline constexpr auto required_field = [](Field& f) { f.required = f.creatable = true; };
inline constexpr auto required_on_create = required_field;
inline constexpr auto writable = [](Field& f) { f.creatable = f.writable = true; };
inline constexpr auto on_create = [](Field& f) { f.creatable = true; };
inline constexpr auto on_update = [](Field& f) { f.writable = true; };
inline constexpr auto hidden = [](Field& f) { f.hidden = true; };
inline constexpr auto secret = [](Field& f) { f.secret = f.hidden = true; };
inline constexpr auto indexed = [](Field& f) { f.indexed = true; };
// Of a json::object: what a client adds of its own to the body of a create or an update, where an API allows that.
inline constexpr auto keeps_rest = [](Field& f) { f.keeps_rest = true; };
constexpr auto min_length(std::uint64_t n) {
    return [n](Field& f) { f.min_length = n; };
}
constexpr auto max_length(std::uint64_t n) {
    return [n](Field& f) { f.max_length = n; };
}
constexpr auto at_least(std::int64_t n) {
    return [n](Field& f) { f.at_least = n; };
}
constexpr auto at_most(std::int64_t n) {
    return [n](Field& f) { f.at_most = n; };
}
template <class... Names> constexpr auto one_of(Names... names) {
    static_assert(sizeof...(Names) <= Field::most_names);
    return [names...](Field& f) { f.one_of = {std::string_view(names)...}; };
}
constexpr auto format(std::string_view name, bool (*check)(std::string_view)) {
    return [name, check](Field& f) {
        f.format_name = name;
        f.format = check;
    };
}
constexpr auto fallback(std::string_view json) {
    return [json](Field& f) { f.fallback = json; };
}
constexpr auto refers_to(std::string_view kind) {
    return [kind](Field& f) { f.refers_to = kind; };
}
constexpr auto owned_by(std::string_view kind) {
    return [kind](Field& f) {
        f.refers_to = kind;
        f.owned = true;
    };
}
constexpr auto also_as(std::string_view name) {
    return [name](Field& f) { f.also_as = name; };
}
// Of a document in which the field has one of these values - none: in which it has any - a live task is at work, always:
// see Kind in contract/store.hpp.
template <class... States> constexpr auto transient(States... states) {
    static_assert(sizeof...(States) <= Field::most_states);
    return [states...](Field& f) {
        f.is_transient = true;
        f.transient = {std::string_view(states)...};
    };
}
inline constexpr auto when_set = [](Field& f) { f.when_set = true; };
constexpr auto seen_by(PolicyRule rule) {
    return [rule](Field& f) { f.seen_by = rule; };
}
constexpr auto set_by(PolicyRule create, PolicyRule update) {
    return [create, update](Field& f) {
        f.created_by = create;
        f.updated_by = update;
    };
}
// One rule for who sees it and who sets it.
constexpr auto field_policy(PolicyRule rule) {
    return [rule](Field& f) { f.seen_by = f.created_by = f.updated_by = rule; };
}
// Words for any row that a version can bring and take: fields, routes, actions, filters, views. Both bounds are in.
constexpr auto since(std::string_view version) {
    return [v = version_from(version)](auto& row) { row.since = v; };
}
constexpr auto until(std::string_view version) {
    return [v = version_from(version)](auto& row) { row.until = v; };
}
constexpr auto help(std::string_view text) {
    return [text](auto& row) { row.help = text; };
}

// ---- a table of fields ----

struct Fields {
    Field const* first = nullptr;
    std::size_t count = 0;
    constexpr Field const* begin() const { return first; }
    constexpr Field const* end() const { return first + count; }
    Field const* find(std::string_view name) const;
};
template <class S, class... Rows> constexpr auto rows(FieldOf<S> first, Rows... more) {
    return std::array<FieldOf<S>, 1 + sizeof...(Rows)>{first, more...};
}
template <class S, std::size_t N> constexpr Fields fields_of(std::array<FieldOf<S>, N> const& rows) {
    static_assert(sizeof(FieldOf<S>) == sizeof(Field));
    return {rows.data(), N};
}

template <class T> Fields rows_of_struct() { return rows_of(static_cast<T const*>(nullptr)); }

// Checks one value against its row's rules; throws Code::invalid that names the path and what would be right.
void check(Field const& row, json::value const& value, json::Path const& at);

// Reads an object into a struct by its rows: every key known, every rule kept, fallbacks filled in. With
// Unknown::ignored, as for what was stored, unknown keys are passed over and rules are not checked again.
void decode(Fields rows, json::object const& from, void* into, json::Path const& at,
            json::Unknown unknown = json::Unknown::refused);

// Reads one value into its row's field and checks it.
void decode(Field const& row, json::value const& value, void* into, json::Path const& at);

// Stored form: all fields, absent optionals left out.
json::object encode(Fields rows, void const* from);

constexpr void Field::write_schema(ManifestWriter& out) const {
    out.open('{');
    if (!type->schema.empty()) out.member("type", type->schema);
    if (!type->items.empty()) {
        out.key("items");
        out.open('{');
        out.member("type", type->items);
        out.close('}');
    }
    bool const text = type->schema == "string";
    if (min_length) out.member(text ? "minLength" : "minItems", static_cast<std::int64_t>(min_length));
    if (max_length) out.member(text ? "maxLength" : "maxItems", static_cast<std::int64_t>(max_length));
    if (at_least != INT64_MIN) out.member("minimum", at_least);
    if (at_most != INT64_MAX) out.member("maximum", at_most);
    if (!one_of[0].empty()) out.texts("enum", one_of);
    if (!format_name.empty()) out.member("format", format_name);
    if (!fallback.empty()) {
        out.key("default");
        out.raw(fallback);
    }
    if (!help.empty()) out.member("description", help);
    out.close('}');
}

} // namespace volutus
