// The codec between JSON documents and described structs; its rules stand in json.hpp.
#pragma once

#include <volutus/error.hpp>
#include <volutus/json.hpp>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace volutus {
struct Fields; // field.hpp
namespace json {
struct Path;
enum class Unknown;
} // namespace json
void decode(Fields rows, json::object const& from, void* into, json::Path const& at, json::Unknown unknown);
json::object encode(Fields rows, void const* from);
} // namespace volutus

namespace volutus::json {

// Where in a document a value stands; lives on the stack while decoding.
struct Path {
    Path const* parent = nullptr;
    std::string_view key;
    std::size_t index = 0;
};
std::string to_string(Path const& path);
[[noreturn]] void refuse(Path const& path, std::string_view expected);

// What a reader does with a key it does not know. A key that begins with '!' must be understood: it is refused always.
enum class Unknown { ignored, refused };

template <class T> struct is_optional : std::false_type {};
template <class T> struct is_optional<std::optional<T>> : std::true_type {};
template <class T> struct is_list : std::false_type {};
template <class T> struct is_list<std::vector<T>> : std::true_type {};
template <class T> struct is_map : std::false_type {};
template <class T> struct is_map<std::map<std::string, T>> : std::true_type {};
// A struct whose fields are rows: its namespace has rows_of(T const*); see field.hpp.
template <class T, class = void> struct has_rows : std::false_type {};
template <class T>
struct has_rows<T, std::void_t<decltype(rows_of(static_cast<T const*>(nullptr)))>> : std::true_type {};
template <class T>
inline constexpr bool is_json = std::is_same_v<T, value> || std::is_same_v<T, object> || std::is_same_v<T, array>;
template <class T>
inline constexpr bool may_be_absent =
    is_optional<T>::value || is_list<T>::value || is_map<T>::value || is_json<T> || std::is_same_v<T, bool>;

constexpr std::string_view key_of(char const* member) {
    std::string_view name(member);
    if (name.size() > 1 && name.back() == '_') name.remove_suffix(1);
    return name;
}

template <class T> value encode(T const& from);
template <class T> void decode(value const& from, T& into, Path const& at, Unknown unknown);

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <class T> object encode_struct(T const& from) {
    object out;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
        auto const& field = from.*member.pointer;
        using Field = std::decay_t<decltype(field)>;
        if constexpr (is_optional<Field>::value) {
            if (!field) return;
        } else if constexpr (is_list<Field>::value || is_map<Field>::value || std::is_same_v<Field, object> ||
                             std::is_same_v<Field, array>) {
            if (field.empty()) return;
        } else if constexpr (std::is_same_v<Field, value>) {
            if (field.is_null()) return;
        } else if constexpr (std::is_same_v<Field, bool>) {
            if (field == T().*member.pointer) return; // as decoding starts with it
        }
        out.emplace(key_of(member.name), encode(field));
    });
    return out;
}

template <class T> value encode(T const& from) {
    if constexpr (is_optional<T>::value) {
        return from ? encode(*from) : value();
    } else if constexpr (is_list<T>::value) {
        array out;
        out.reserve(from.size());
        for (auto const& item : from) out.push_back(encode(item));
        return out;
    } else if constexpr (is_map<T>::value) {
        object out;
        for (auto const& [key, item] : from) out.emplace(key, encode(item));
        return out;
    } else if constexpr (std::is_enum_v<T>) {
        return value(boost::describe::enum_to_string(from, ""));
    } else if constexpr (has_rows<T>::value) {
        return volutus::encode(rows_of(static_cast<T const*>(nullptr)), &from);
    } else if constexpr (boost::describe::has_describe_members<T>::value) {
        return encode_struct(from);
    } else if constexpr (std::is_same_v<T, std::string>) {
        return value(from);
    } else {
        return value(from);
    }
}

template <class T> void decode_struct(value const& from, T& into, Path const& at, Unknown unknown) {
    auto const* members = from.if_object();
    if (!members) refuse(at, "an object");
    std::size_t known = 0;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
        auto& field = into.*member.pointer;
        using Field = std::decay_t<decltype(field)>;
        Path here{&at, key_of(member.name)};
        auto const* found = members->if_contains(here.key);
        if (found) {
            ++known;
            decode(*found, field, here, unknown);
        } else if constexpr (!may_be_absent<Field>) {
            refuse(here, "a value; it is required");
        }
    });
    if (known == members->size()) return;
    for (auto const& [key, item] : *members) {
        bool named = false;
        boost::mp11::mp_for_each<Members<T>>(
            [&, k = std::string_view(key)](auto member) { named |= key_of(member.name) == k; });
        if (!named && (unknown == Unknown::refused || (!key.empty() && key[0] == '!')))
            refuse(Path{&at, key}, "no such key; it is unknown here");
    }
}

template <class T> void decode(value const& from, T& into, Path const& at, Unknown unknown) {
    if constexpr (is_optional<T>::value) {
        if (from.is_null()) {
            into.reset();
        } else {
            decode(from, into.emplace(), at, unknown);
        }
    } else if constexpr (is_list<T>::value) {
        auto const* items = from.if_array();
        if (!items) refuse(at, "an array");
        into.clear();
        into.reserve(items->size());
        for (std::size_t i = 0; i < items->size(); ++i) {
            typename T::value_type item{};
            decode((*items)[i], item, Path{&at, {}, i}, unknown);
            into.push_back(std::move(item));
        }
    } else if constexpr (is_map<T>::value) {
        auto const* items = from.if_object();
        if (!items) refuse(at, "an object");
        into.clear();
        for (auto const& [key, item] : *items) decode(item, into[std::string(key)], Path{&at, key}, unknown);
    } else if constexpr (std::is_same_v<T, value>) {
        into = from;
    } else if constexpr (std::is_same_v<T, object>) {
        if (!from.is_object()) refuse(at, "an object");
        into = from.get_object();
    } else if constexpr (std::is_same_v<T, array>) {
        if (!from.is_array()) refuse(at, "an array");
        into = from.get_array();
    } else if constexpr (std::is_enum_v<T>) {
        if (!from.is_string() || !boost::describe::enum_from_string(std::string(view(from.get_string())).c_str(), into))
            refuse(at, "one of the names of this field");
    } else if constexpr (has_rows<T>::value) {
        if (!from.is_object()) refuse(at, "an object");
        volutus::decode(rows_of(static_cast<T const*>(nullptr)), from.get_object(), &into, at, unknown);
    } else if constexpr (boost::describe::has_describe_members<T>::value) {
        decode_struct(from, into, at, unknown);
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (!from.is_string()) refuse(at, "a string");
        into.assign(view(from.get_string()));
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!from.is_bool()) refuse(at, "true or false");
        into = from.get_bool();
    } else if constexpr (std::is_integral_v<T>) {
        boost::json::error_code refused;
        into = from.is_number() ? from.to_number<T>(refused) : T{};
        if (!from.is_number() || refused) refuse(at, "an integer in its range");
    } else {
        static_assert(std::is_floating_point_v<T>, "describe this type with BOOST_DESCRIBE_STRUCT");
        if (!from.is_number()) refuse(at, "a number");
        into = from.to_number<T>();
    }
}

template <class T> T decode(value const& from, Unknown unknown = Unknown::ignored) {
    T into{};
    decode(from, into, Path{}, unknown);
    return into;
}

} // namespace volutus::json
