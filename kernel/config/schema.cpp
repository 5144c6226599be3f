#include <kernel/config/schema.hpp>

#include <kernel/config/problems.hpp>
#include <kernel/config/secret_file.hpp>
#include <kernel/config/units.hpp>
#include <volutus/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace volutus::kernel::config {

namespace {
constexpr std::array<std::string_view, 6> types{"string", "integer", "number", "boolean", "array", "object"};
constexpr std::array<std::string_view, 15> keywords{"type",
                                                    "description",
                                                    "default",
                                                    "enum",
                                                    "minimum",
                                                    "maximum",
                                                    "minLength",
                                                    "maxLength",
                                                    "minItems",
                                                    "maxItems",
                                                    "properties",
                                                    "required",
                                                    "additionalProperties",
                                                    "items",
                                                    "format"};

template <class Names> bool holds(Names const& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view word(json::object const& schema, std::string_view key) {
    auto const* found = schema.if_contains(key);
    return found && found->is_string() ? json::view(found->get_string()) : std::string_view();
}

std::optional<double> number(json::object const& schema, std::string_view key) {
    auto const* found = schema.if_contains(key);
    if (!found || !found->is_number()) return std::nullopt;
    return found->to_number<double>();
}

[[noreturn]] void wrong_schema(std::string const& path, std::string_view message) {
    throw Error(Code::invalid, fmt::format("the schema is wrong at '{}': {}", path.empty() ? "/" : path, message));
}

std::string_view article(std::string_view type) {
    if (type == "integer") return "an integer";
    if (type == "array") return "an array";
    if (type == "object") return "a table";
    if (type == "boolean") return "true or false";
    if (type == "number") return "a number";
    return type == "string" ? "a string" : "a value";
}

std::string_view kind_of(json::value const& value) {
    switch (value.kind()) {
    case json::kind::string: return "a string";
    case json::kind::bool_: return "a boolean";
    case json::kind::array: return "an array";
    case json::kind::object: return "a table";
    case json::kind::null: return "null";
    case json::kind::double_: return "a number";
    case json::kind::int64:
    case json::kind::uint64: return "an integer";
    }
    return "a value";
}

bool is_integer(json::value const& value) { return value.is_int64() || value.is_uint64(); }

bool has_type(json::value const& value, std::string_view type) {
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "integer") return is_integer(value);
    if (type == "number") return value.is_number() && std::isfinite(value.to_number<double>());
    if (type == "array") return value.is_array();
    return value.is_object();
}

class Checker {
public:
    // A default is written by a program and may be plain milliseconds, where a person must name the unit.
    enum class Of { document, defaults };
    explicit Checker(std::vector<Mismatch>& mismatches, Of of = Of::document) : mismatches_(mismatches), of_(of) {}

    void check(json::object const& schema, json::value& value, std::string const& path) {
        auto const type = word(schema, "type");
        auto const format = word(schema, "format");
        if (type == "integer" && (format == "duration" || format == "size")) {
            if (!read_units(format, value, path)) return;
        } else if (!type.empty() && !has_type(value, type)) {
            return refuse(path, fmt::format("{} is expected, but this is {}", article(type), kind_of(value)));
        }
        if (auto const* allowed = schema.if_contains("enum")) check_enum(allowed->as_array(), value, path);
        if (value.is_string()) check_text(schema, format, json::view(value.get_string()), path);
        if (value.is_number()) check_range(schema, value, path, format);
        if (value.is_array()) check_items(schema, value.get_array(), path);
        if (value.is_object()) check_members(schema, value.get_object(), path);
    }

private:
    void refuse(std::string const& path, std::string message) { mismatches_.push_back({path, std::move(message)}); }

    void check_enum(json::array const& allowed, json::value const& value, std::string const& path) {
        std::string list;
        std::vector<std::string_view> words;
        for (auto const& one : allowed) {
            if (one == value) return;
            if (one.is_string()) words.push_back(json::view(one.get_string()));
            if (!list.empty()) list += ", ";
            list += json::print(one);
        }
        auto const near = value.is_string() ? nearest(json::view(value.get_string()), words) : std::string_view();
        refuse(path, fmt::format("{} is not one of {}{}", json::print(value), list,
                                 near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
    }

    // Turns a duration or a size into its integer; false when it is none.
    bool read_units(std::string_view format, json::value& value, std::string const& path) {
        if (is_integer(value) && (format == "size" || of_ == Of::defaults))
            return true; // minimum says what is too small
        if (!value.is_string()) {
            refuse(path, fmt::format("a {} with a unit is expected, such as {}, but this is {}", format, sample(format),
                                     kind_of(value)));
            return false;
        }
        auto const text = json::view(value.get_string());
        auto const parsed = format == "duration" ? parse_duration(text) : parse_size(text);
        if (parsed)
            value = *parsed;
        else
            not_of(format, text, path);
        return parsed.has_value();
    }

    static std::string_view sample(std::string_view format) { return format == "duration" ? "\"30s\"" : "\"10MiB\""; }

    void not_of(std::string_view format, std::string_view text, std::string const& path) {
        refuse(path, fmt::format("\"{}\" is not a {}; write a number and a unit ({}), such as {}", text, format,
                                 format == "duration" ? "ms, s, m, h, d" : "B, KiB, MiB, GiB, TiB", sample(format)));
    }

    void check_text(json::object const& schema, std::string_view format, std::string_view text,
                    std::string const& path) {
        if (auto const least = number(schema, "minLength"); least && text.size() < *least)
            refuse(path, *least == 1 ? "must not be empty" : fmt::format("must have {} bytes or more", *least));
        if (auto const most = number(schema, "maxLength"); most && text.size() > *most)
            refuse(path, fmt::format("has {} bytes; at most {} are allowed", text.size(), *most));
        if ((format == "duration" && !parse_duration(text)) || (format == "size" && !parse_size(text)))
            return not_of(format, text, path);
        if (format != "path" && format != "secret_file") return;
        if (text.empty() || text[0] != '/' || text.find('\0') != std::string_view::npos)
            return refuse(path, fmt::format("\"{}\" is not an absolute path; it must begin with /", text));
        if (format == "secret_file")
            if (auto const open = why_not_secret(std::string(text)); !open.empty()) refuse(path, open);
    }

    void check_range(json::object const& schema, json::value const& value, std::string const& path,
                     std::string_view format) {
        auto const shown = [&](double bound) {
            return format == "duration" ? fmt::format("{} ms", bound)
                   : format == "size"   ? fmt::format("{} bytes", bound)
                                        : fmt::format("{}", bound);
        };
        auto const given = value.to_number<double>();
        if (auto const least = number(schema, "minimum"); least && given < *least)
            refuse(path, fmt::format("{} is too small; at least {}", shown(given), shown(*least)));
        if (auto const most = number(schema, "maximum"); most && given > *most)
            refuse(path, fmt::format("{} is too large; at most {}", shown(given), shown(*most)));
    }

    void check_items(json::object const& schema, json::array& items, std::string const& path) {
        if (auto const least = number(schema, "minItems"); least && items.size() < *least)
            refuse(path, fmt::format("has {} elements; at least {} are needed", items.size(), *least));
        if (auto const most = number(schema, "maxItems"); most && items.size() > *most)
            refuse(path, fmt::format("has {} elements; at most {} are allowed", items.size(), *most));
        auto const* each = schema.if_contains("items");
        for (std::size_t i = 0; each && i < items.size(); ++i)
            check(each->as_object(), items[i], fmt::format("{}[{}]", path, i));
    }

    void check_members(json::object const& schema, json::object& members, std::string const& path) {
        static json::object const nothing;
        auto const* declared = schema.if_contains("properties");
        auto const& properties = declared ? declared->as_object() : nothing;
        auto const* additional = schema.if_contains("additionalProperties");
        for (auto& member : members) {
            std::string_view const key = member.key();
            auto const here = join(path, key);
            if (auto const* property = properties.if_contains(key))
                check(property->as_object(), member.value(), here);
            else if (additional && additional->is_object())
                check(additional->get_object(), member.value(), here);
            else if (additional ? !additional->as_bool() : declared != nullptr)
                refuse(here, unknown_key(key, properties));
        }
        fill_in(schema, properties, members, path);
    }

    static std::string unknown_key(std::string_view key, json::object const& properties) {
        std::vector<std::string_view> known;
        std::string list;
        for (auto const& property : properties) {
            known.push_back(property.key());
            list += (list.empty() ? "" : ", ") + std::string(property.key());
        }
        if (auto const near = nearest(key, known); !near.empty())
            return fmt::format("unknown key; did you mean '{}'?", near);
        return known.empty() ? std::string("unknown key; none is allowed here")
                             : fmt::format("unknown key; the known ones are {}", list);
    }

    void fill_in(json::object const& schema, json::object const& properties, json::object& members,
                 std::string const& path) {
        auto const* listed = schema.if_contains("required");
        for (auto const& property : properties) {
            if (members.contains(property.key())) continue;
            auto const& inner = property.value().as_object();
            auto const here = join(path, property.key());
            if (auto const* fallback = inner.if_contains("default")) {
                json::value filled = *fallback;
                Checker(mismatches_, Of::defaults).check(inner, filled, here);
                members[property.key()] = std::move(filled);
            } else if (listed && holds(listed->as_array(), property.key())) {
                refuse(here, fmt::format("is missing; {} is required", article(word(inner, "type"))));
            } else if (word(inner, "type") == "object") {
                std::vector<Mismatch> missing;
                json::value filled = json::object();
                Checker(missing).check(inner, filled, here);
                if (missing.empty()) members[property.key()] = std::move(filled);
            }
        }
    }

    static bool holds(json::array const& names, std::string_view name) {
        return std::any_of(names.begin(), names.end(),
                           [&](auto const& n) { return json::view(n.as_string()) == name; });
    }

    std::vector<Mismatch>& mismatches_;
    Of of_;
};

void verify(json::value const& schema, std::string const& path);

void verify_properties(json::object const& schema, std::string const& path) {
    if (auto const* properties = schema.if_contains("properties")) {
        if (!properties->is_object()) wrong_schema(path, "'properties' must be an object of schemas");
        for (auto const& property : properties->get_object()) verify(property.value(), join(path, property.key()));
    }
    if (auto const* additional = schema.if_contains("additionalProperties"); additional && !additional->is_bool())
        verify(*additional, join(path, "additionalProperties"));
    auto const* required = schema.if_contains("required");
    if (!required) return;
    if (!required->is_array()) wrong_schema(path, "'required' must be an array of names");
    for (auto const& name : required->get_array())
        if (!name.is_string() || !schema.contains("properties") ||
            !schema.at("properties").get_object().contains(json::view(name.get_string())))
            wrong_schema(path, "'required' names " + json::print(name) + ", which is not among 'properties'");
}

void verify(json::value const& value, std::string const& path) {
    if (!value.is_object()) wrong_schema(path, "a schema must be an object");
    auto const& schema = value.get_object();
    for (auto const& member : schema)
        if (!holds(keywords, member.key()))
            wrong_schema(path, fmt::format("'{}' is not a keyword that is known here", std::string_view(member.key())));
    auto const type = word(schema, "type");
    if (schema.contains("type") && !holds(types, type))
        wrong_schema(path, "'type' must be string, integer, number, boolean, array or object");
    for (auto const* key : {"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"})
        if (schema.contains(key) && !number(schema, key)) wrong_schema(path, fmt::format("'{}' must be a number", key));
    if (auto const* allowed = schema.if_contains("enum"); allowed && !allowed->is_array())
        wrong_schema(path, "'enum' must be an array");
    if (schema.contains("format") && type != "string" && type != "integer")
        wrong_schema(path, "a 'format' is of strings and integers");
    if (auto const* items = schema.if_contains("items")) verify(*items, path + "[]");
    if (type == "object") verify_properties(schema, path);
    if (auto const* fallback = schema.if_contains("default")) {
        std::vector<Mismatch> mismatches;
        auto filled = *fallback;
        Checker(mismatches, Checker::Of::defaults).check(schema, filled, path);
        if (!mismatches.empty())
            wrong_schema(mismatches.front().path, "the default does not fit: " + mismatches.front().message);
    }
}
} // namespace

std::string join(std::string_view path, std::string_view key) {
    bool const bare = !key.empty() && key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                            "0123456789_-") == std::string_view::npos;
    std::string out(path);
    if (!out.empty()) out += '.';
    if (bare)
        out += key;
    else
        out += json::print(json::value(key));
    return out;
}

Schema::Schema(std::string_view text) : Schema(json::parse_object(text)) {}

Schema::Schema(json::object schema) : schema_(std::move(schema)) { verify(schema_, ""); }

void Schema::check(json::value& document, std::string const& path, std::vector<Mismatch>& mismatches) const {
    Checker(mismatches).check(schema_, document, path);
}

} // namespace volutus::kernel::config
