#include <volutus/field.hpp>

#include <algorithm>

namespace volutus {

namespace {
// Characters, not bytes: continuation bytes of UTF-8 do not count.
std::uint64_t characters(std::string_view text) {
    return static_cast<std::uint64_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void check_size(Field const& row, std::uint64_t size, std::string_view unit, json::Path const& at) {
    if (size < row.min_length) json::refuse(at, "at least " + std::to_string(row.min_length) + std::string(unit));
    if (row.max_length && size > row.max_length)
        json::refuse(at, "at most " + std::to_string(row.max_length) + std::string(unit));
}

void check_text(Field const& row, std::string_view text, json::Path const& at) {
    check_size(row, characters(text), " characters", at);
    if (row.format && !row.format(text))
        json::refuse(at, "something of the form '" + std::string(row.format_name) + "'");
    if (row.one_of[0].empty()) return;
    std::string allowed;
    for (auto name : row.one_of) {
        if (name.empty()) break;
        if (name == text) return;
        allowed += (allowed.empty() ? "" : ", ") + std::string(name);
    }
    json::refuse(at, "one of " + allowed);
}
} // namespace

Field const* Fields::find(std::string_view name) const {
    for (auto const& row : *this)
        if (row.name == name) return &row;
    return nullptr;
}

void check(Field const& row, json::value const& value, json::Path const& at) {
    if (value.is_null()) return;
    if (auto const* text = value.if_string()) {
        check_text(row, json::view(*text), at);
    } else if (auto const* items = value.if_array()) {
        check_size(row, items->size(), " items", at);
    } else if (value.is_number() && !value.is_double()) {
        boost::json::error_code beyond;
        auto const number = value.to_number<std::int64_t>(beyond);
        if (beyond || number > row.at_most) json::refuse(at, "at most " + std::to_string(row.at_most));
        if (number < row.at_least) json::refuse(at, "at least " + std::to_string(row.at_least));
    }
}

void decode(Field const& row, json::value const& value, void* into, json::Path const& at) {
    row.type->decode(value, row.at(into), at, json::Unknown::refused);
    check(row, value, at);
}

void decode(Fields rows, json::object const& from, void* into, json::Path const& at, json::Unknown unknown) {
    bool const strict = unknown == json::Unknown::refused;
    for (auto const& [key, value] : from)
        if (strict && !rows.find(key)) json::refuse(json::Path{&at, key}, "no such key; it is unknown here");
    for (auto const& row : rows) {
        if (!row.stored()) continue;
        json::Path const here{&at, row.name};
        if (auto const* value = from.if_contains(row.name)) {
            row.type->decode(*value, row.at(into), here, unknown);
            if (strict) check(row, *value, here);
        } else if (!row.fallback.empty()) {
            row.type->decode(json::parse(row.fallback), row.at(into), here, unknown);
        } else if (row.required && strict) {
            json::refuse(here, "a value; it is required");
        }
    }
}

json::object encode(Fields rows, void const* from) {
    json::object out;
    out.reserve(rows.count);
    for (auto const& row : rows) {
        if (!row.stored()) continue;
        auto value = row.type->encode(row.at(const_cast<void*>(from))); // `at` only computes an address
        if (!(value.is_null() && row.type->nullable)) out.emplace(row.name, std::move(value));
    }
    return out;
}

} // namespace volutus
