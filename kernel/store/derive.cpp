#include <kernel/store/schema.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::store {

namespace {
// Where an error happened; made into text only when there is one.
struct Place {
    KindTable const& table;
    std::string_view id;
    [[noreturn]] void refuse(std::string_view field, std::string_view expected) const {
        throw Error(Code::invalid,
                    fmt::format("{} {}: the field '{}' must be {}", table.kind.name, id, field, expected),
                    json::print(json::object{{"kind", table.kind.name}, {"id", id}, {"field", field}}));
    }
};

bool none(json::value const* value) { return !value || value->is_null(); }

std::string text_of(json::value const& value, std::string_view field, Place const& at) {
    if (!value.is_string()) at.refuse(field, "a string");
    auto text = json::text(value);
    if (text.size() > longest_value || text.find('\0') != std::string::npos)
        at.refuse(field, fmt::format("at most {} bytes without NUL", longest_value));
    return text;
}

template <class Each> void each_text(json::value const* value, std::string_view field, Place const& at, Each each) {
    if (none(value)) return;
    if (!value->is_array()) return each(text_of(*value, field, at));
    for (auto const& item : value->get_array()) each(text_of(item, field, at));
}

void add_unique(Derived& into, contract::UniqueKey const& key, json::object const& body, Place const& at) {
    json::array parts;
    for (auto const& field : key.fields) {
        auto const* value = json::find(body, field);
        if (none(value)) return;
        if (value->is_object() || (value->is_array() && !(key.several && field == key.fields.front())))
            at.refuse(field, "a plain value; it is a unique key");
        parts.push_back(*value);
    }
    auto add = [&](json::array const& values) {
        auto text = json::print(values);
        if (text.size() > longest_value) at.refuse(key.fields.front(), "shorter; it is a unique key");
        into.unique.emplace_back(key.space, std::move(text));
    };
    auto const* first = parts.front().if_array();
    if (!first) return add(parts);
    auto const several = *first;
    for (auto const& item : several) {
        if (item.is_null() || item.is_structured()) at.refuse(key.fields.front(), "an array of plain values");
        parts.front() = item;
        add(parts);
    }
}

template <class List> void sort_unique(List& list) {
    std::ranges::sort(list);
    list.erase(std::unique(list.begin(), list.end()), list.end());
}
} // namespace

Value column_value(contract::IndexField const& field, json::value const* value, std::string_view where) {
    if (none(value)) return {};
    auto refuse = [&](std::string_view expected) {
        throw Error(Code::invalid, fmt::format("{}: '{}' must be {}", where, field.field, expected),
                    json::print(json::object{{"field", field.field}}));
    };
    switch (field.type) {
    case contract::FieldType::string: {
        if (!value->is_string()) refuse("a string");
        auto text = json::text(*value);
        if (text.size() > longest_value || text.find('\0') != std::string::npos)
            refuse("at most 2000 bytes without NUL");
        return text;
    }
    case contract::FieldType::integer: {
        boost::json::error_code refused;
        auto const number = value->is_number() ? value->to_number<std::int64_t>(refused) : 0;
        if (!value->is_number() || refused) refuse("an integer of 64 bits");
        return number;
    }
    case contract::FieldType::number:
        if (!value->is_number()) refuse("a number");
        return value->to_number<double>();
    case contract::FieldType::boolean:
        if (!value->is_bool()) refuse("true or false");
        return std::int64_t(value->get_bool());
    }
    return {};
}

Derived derive(KindTable const& table, std::string_view id, json::object const& body) {
    Place const at{table, id};
    Derived derived;
    derived.columns.reserve(table.single.size());
    for (auto const& field : table.single) {
        auto const* value = json::find(body, field.field);
        derived.columns.push_back(none(value) ? Value()
                                              : column_value(field, value, fmt::format("{} {}", table.kind.name, id)));
    }
    for (auto const& field : table.several) {
        auto const* value = json::find(body, field.field);
        if (!none(value) && !value->is_array()) at.refuse(field.field, "an array of strings");
        each_text(value, field.field, at,
                  [&](std::string text) { derived.values.emplace_back(field.field, std::move(text)); });
    }
    for (auto const& key : table.kind.unique) add_unique(derived, key, body, at);
    auto add_edge = [&](std::string const& field, std::string_view kind, bool owned) {
        each_text(json::find(body, field), field, at, [&](std::string target) {
            if (!target.empty()) derived.edges.push_back({field, std::string(kind), std::move(target), owned});
        });
    };
    for (auto const& reference : table.kind.references) add_edge(reference.field, reference.kind, reference.owned);
    for (auto const& field : table.kind.blobs) add_edge(field, blob_kind, false);
    sort_unique(derived.values);
    sort_unique(derived.unique);
    sort_unique(derived.edges);
    return derived;
}

} // namespace volutus::kernel::store
