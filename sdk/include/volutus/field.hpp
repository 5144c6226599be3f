// A field is a row of data: a name, where in its struct the value stands, its type, and the rules for its value. One
// compiled codec walks the rows, for configuration, for requests and replies, and for stored documents alike.
//
//     field<&Volume::size>("size", required, at_least(1))
//
// Types: std::string, bool, integers, double, std::optional, std::vector and std::map<std::string, ...> of these,
// json values, and described structs.
#pragma once

#include <volutus/codec.hpp>
#include <volutus/manifest_writer.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace volutus {

// How one C++ type is read and written; one for each type, shared by all its fields.
struct FieldType {
    std::string_view schema;                     // the "type" of JSON Schema; "" = any
    std::string_view items;                      // of an array: its items' type
    bool nullable;
    void (*decode)(json::value const& from, void* field, json::Path const& at);
    json::value (*encode)(void const* field);
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

struct Field {
    static constexpr std::size_t most_names = 12;

    std::string_view name;
    FieldType const* type = nullptr;
    void* (*at)(void* object) = nullptr;

    // rules; set by the words below
    bool required = false;      // must be in the configuration, or in the body of a create
    bool writable = false;      // may be in the body of an update
    bool creatable = false;     // may be in the body of a create
    bool hidden = false;        // stored, never shown
    bool secret = false;        // never shown, logged or put into the feed
    bool indexed = false;
    std::uint64_t min_length = 0, max_length = 0; // of strings, in characters; of arrays, in items. 0 = none
    std::int64_t at_least = INT64_MIN, at_most = INT64_MAX;
    std::array<std::string_view, most_names> one_of{};
    bool (*format)(std::string_view) = nullptr;   // see formats.hpp
    std::string_view format_name;
    std::string_view fallback;  // JSON of the value that an absent field gets
    std::string_view refers_to; // kind of the document whose id this is
    bool owned = false;         // with refers_to: this document belongs to that one
    std::string_view policy;    // rule that decides who sees and sets it
    Version since = 0, until = 0;
    std::string_view help;

    constexpr void write_schema(ManifestWriter& out) const;
};

template <class T> json::value encode_field(void const* field) { return json::encode(*static_cast<T const*>(field)); }
template <class T> void decode_field(json::value const& from, void* field, json::Path const& at) {
    json::decode(from, *static_cast<T*>(field), at, json::Unknown::refused);
}
template <class T> struct unwrapped { using type = T; };
template <class T> struct unwrapped<std::optional<T>> { using type = T; };

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
template <class T>
inline constexpr FieldType field_type{schema_of<typename unwrapped<T>::type>(), items_of<typename unwrapped<T>::type>(),
                                      json::is_optional<T>::value, &decode_field<T>, &encode_field<T>};

template <class Member> struct MemberTraits;
template <class S, class T> struct MemberTraits<T S::*> {
    using Struct = S;
    using Type = T;
};

// A field that knows its struct, so that a table cannot mix two.
template <class S> struct FieldOf : Field {};

template <auto Member, class... Rules> constexpr auto field(std::string_view name, Rules... rules) {
    using Traits = MemberTraits<decltype(Member)>;
    FieldOf<typename Traits::Struct> row;
    row.name = name;
    row.type = &field_type<typename Traits::Type>;
    row.at = [](void* object) -> void* { return &(static_cast<typename Traits::Struct*>(object)->*Member); };
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
constexpr auto min_length(std::uint64_t n) { return [n](Field& f) { f.min_length = n; }; }
constexpr auto max_length(std::uint64_t n) { return [n](Field& f) { f.max_length = n; }; }
constexpr auto at_least(std::int64_t n) { return [n](Field& f) { f.at_least = n; }; }
constexpr auto at_most(std::int64_t n) { return [n](Field& f) { f.at_most = n; }; }
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
constexpr auto fallback(std::string_view json) { return [json](Field& f) { f.fallback = json; }; }
constexpr auto refers_to(std::string_view kind) { return [kind](Field& f) { f.refers_to = kind; }; }
constexpr auto owned_by(std::string_view kind) {
    return [kind](Field& f) {
        f.refers_to = kind;
        f.owned = true;
    };
}
constexpr auto field_policy(std::string_view rule) { return [rule](Field& f) { f.policy = rule; }; }
constexpr auto since(std::string_view version) { return [v = version_from(version)](Field& f) { f.since = v; }; }
constexpr auto until(std::string_view version) { return [v = version_from(version)](Field& f) { f.until = v; }; }
constexpr auto help(std::string_view text) { return [text](Field& f) { f.help = text; }; }

// ---- a table of fields ----

struct Fields {
    Field const* first = nullptr;
    std::size_t count = 0;
    Field const* begin() const { return first; }
    Field const* end() const { return first + count; }
    Field const* find(std::string_view name) const;
};

// Checks one value against its row's rules; throws Code::invalid that names the path and what would be right.
void check(Field const& row, json::value const& value, json::Path const& at);

// Reads an object into a struct by its rows: every key known, every rule kept, fallbacks filled in.
void decode(Fields rows, json::object const& from, void* into, json::Path const& at);

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
