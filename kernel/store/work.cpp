#include <kernel/store/tasks.hpp>
#include <kernel/store/work.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::store {

namespace {
bool holds(contract::Transient const& state, json::object const& body) {
    auto const* value = json::find(body, state.field);
    if (!value || value->is_null()) return false;
    if (state.values.empty()) return true;
    return value->is_string() && std::ranges::find(state.values, json::text(*value)) != state.values.end();
}

std::string text_in(json::object const& body, std::string_view field) {
    auto const* value = json::find(body, field);
    return value && value->is_string() ? json::text(*value) : std::string();
}
} // namespace

std::optional<Pair> work_of(contract::Kind const& kind, std::string_view id, json::object const& body) {
    if (!kind.passing && std::ranges::none_of(kind.transient, [&](auto const& state) { return holds(state, body); }))
        return std::nullopt;
    if (kind.worked_on_at) return Pair{kind.worked_on_at->kind, text_in(body, kind.worked_on_at->field)};
    return Pair{kind.name, id};
}

std::string work_in_words(contract::Kind const& kind, json::object const& body) {
    for (auto const& state : kind.transient)
        if (holds(state, body)) return fmt::format("{} is '{}'", state.field, text_in(body, state.field));
    return "it is there only as long as a task works on it";
}

std::string live_task(Connection& connection, std::string_view kind, std::string_view id) {
    auto row = connection.query("SELECT id FROM store_unique WHERE space = ?1 AND value = ?2", live_space,
                                live_value(kind, id));
    return row.next() ? row.string(0) : std::string();
}

} // namespace volutus::kernel::store
