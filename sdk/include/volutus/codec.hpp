// The codec between JSON documents and described structs; its rules stand in json.hpp. print() writes a struct's text
// without a tree in between, the same as print(encode()); decode() of a document that is given away moves parts of it.
#pragma once

#include <volutus/error.hpp>
#include <volutus/json.hpp>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <charconv>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
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
template <class T> void write_as_json(T const& from, std::string& out);
template <class Value, class T> void decode_from(Value& from, T& into, Path const& at, Unknown unknown);

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

// Calls take(key, field) for the members that are written.
template <class T, class Take> void each_written(T const& from, Take take) {
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
        take(key_of(member.name), field);
    });
}

template <class T> object encode_struct(T const& from) {
    object out;
    each_written(from, [&](std::string_view key, auto const& field) { out.emplace(key, encode(field)); });
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
    } else if constexpr (std::is_same_v<T, Printed>) {
        return parse(from.text);
    } else {
        return value(from);
    }
}

template <class T> void write_members(T const& from, std::string& out) {
    char before = '{';
    auto const member = [&](std::string_view key, auto const& field) {
        out += std::exchange(before, ',');
        write(key, out);
        out += ':';
        write_as_json(field, out);
    };
    if constexpr (is_map<T>::value) {
        for (auto const& [key, item] : from) member(key, item);
    } else {
        each_written(from, member);
    }
    out += before == '{' ? "{}" : "}";
}

template <class T> void write_as_json(T const& from, std::string& out) {
    if constexpr (is_optional<T>::value) {
        if (from)
            write_as_json(*from, out);
        else
            out += "null";
    } else if constexpr (is_list<T>::value) {
        char before = '[';
        for (auto const& item : from) {
            out += std::exchange(before, ',');
            write_as_json(item, out);
        }
        out += before == '[' ? "[]" : "]";
    } else if constexpr (std::is_enum_v<T>) {
        write(std::string_view(boost::describe::enum_to_string(from, "")), out);
    } else if constexpr (has_rows<T>::value) {
        write(volutus::encode(rows_of(static_cast<T const*>(nullptr)), &from), out);
    } else if constexpr (is_map<T>::value || boost::describe::has_describe_members<T>::value) {
        write_members(from, out);
    } else if constexpr (std::is_same_v<T, Printed>) {
        out += from.text;
    } else if constexpr (std::is_same_v<T, std::string>) {
        write(std::string_view(from), out);
    } else if constexpr (std::is_same_v<T, bool>) {
        out += from ? "true" : "false";
    } else if constexpr (std::is_integral_v<T>) {
        char digits[24];
        out.append(digits, std::to_chars(digits, digits + sizeof digits, from).ptr);
    } else if constexpr (is_json<T>) {
        write(from, out);
    } else {
        write(value(from), out);
    }
}

// The text of a described struct, or of a container or optional of such.
template <class T, class = std::enable_if_t<!is_json<T>>> std::string print(T const& from) {
    std::string out;
    write_as_json(from, out);
    return out;
}

template <class Value, class T> void decode_struct(Value& from, T& into, Path const& at, Unknown unknown) {
    auto* const members = from.if_object();
    if (!members) refuse(at, "an object");
    std::size_t known = 0;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
        auto& field = into.*member.pointer;
        using Field = std::decay_t<decltype(field)>;
        Path here{&at, key_of(member.name)};
        auto* const found = members->if_contains(here.key);
        if (found) {
            ++known;
            decode_from(*found, field, here, unknown);
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

// Of a `from` that is not const, parts that are documents themselves are moved away.
template <class Value, class T> void decode_from(Value& from, T& into, Path const& at, Unknown unknown) {
    constexpr bool moves = !std::is_const_v<Value>;
    if constexpr (is_optional<T>::value) {
        if (from.is_null()) {
            into.reset();
        } else {
            decode_from(from, into.emplace(), at, unknown);
        }
    } else if constexpr (is_list<T>::value) {
        auto* const items = from.if_array();
        if (!items) refuse(at, "an array");
        into.clear();
        into.reserve(items->size());
        for (std::size_t i = 0; i < items->size(); ++i) {
            typename T::value_type item{};
            decode_from((*items)[i], item, Path{&at, {}, i}, unknown);
            into.push_back(std::move(item));
        }
    } else if constexpr (is_map<T>::value) {
        auto* const items = from.if_object();
        if (!items) refuse(at, "an object");
        into.clear();
        for (auto&& member : *items)
            decode_from(member.value(), into[std::string(member.key())], Path{&at, member.key()}, unknown);
    } else if constexpr (std::is_same_v<T, value>) {
        if constexpr (moves)
            into = std::move(from);
        else
            into = from;
    } else if constexpr (std::is_same_v<T, object>) {
        if (!from.is_object()) refuse(at, "an object");
        if constexpr (moves)
            into = std::move(from.get_object());
        else
            into = from.get_object();
    } else if constexpr (std::is_same_v<T, array>) {
        if (!from.is_array()) refuse(at, "an array");
        if constexpr (moves)
            into = std::move(from.get_array());
        else
            into = from.get_array();
    } else if constexpr (std::is_enum_v<T>) {
        if (!from.is_string() || !boost::describe::enum_from_string(std::string(view(from.get_string())).c_str(), into))
            refuse(at, "one of the names of this field");
    } else if constexpr (has_rows<T>::value) {
        if (!from.is_object()) refuse(at, "an object");
        volutus::decode(rows_of(static_cast<T const*>(nullptr)), from.get_object(), &into, at, unknown);
    } else if constexpr (boost::describe::has_describe_members<T>::value) {
        decode_struct(from, into, at, unknown);
    } else if constexpr (std::is_same_v<T, Printed>) {
        into.text = print(from);
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (!from.is_string()) refuse(at, "a string");
        into.assign(view(from.get_string()));
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!from.is_bool()) refuse(at, "true or false");
        into = from.get_bool();
    } else if constexpr (std::is_integral_v<T>) {
        boost::json::error_code refused;
        value const& number = from;
        into = number.is_number() ? number.to_number<T>(refused) : T{};
        if (!from.is_number() || refused) refuse(at, "an integer in its range");
    } else {
        static_assert(std::is_floating_point_v<T>, "describe this type with BOOST_DESCRIBE_STRUCT");
        value const& number = from;
        if (!number.is_number()) refuse(at, "a number");
        into = number.to_number<T>();
    }
}

template <class T> void decode(value const& from, T& into, Path const& at, Unknown unknown) {
    decode_from(from, into, at, unknown);
}

template <class T> T decode(value const& from, Unknown unknown = Unknown::ignored) {
    T into{};
    decode_from(from, into, Path{}, unknown);
    return into;
}

template <class T> T decode(value&& from, Unknown unknown = Unknown::ignored) {
    T into{};
    decode_from(from, into, Path{}, unknown);
    return into;
}

} // namespace volutus::json
