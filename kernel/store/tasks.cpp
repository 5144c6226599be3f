#include <kernel/store/applier.hpp>
#include <kernel/store/tasks.hpp>
#include <kernel/store/work.hpp>

#include <fmt/format.h>

namespace volutus::kernel::store {

contract::Kind task_kind_declaration() {
    using contract::FieldType;
    contract::Kind kind;
    kind.name = task_kind;
    kind.indexes = {{"status", FieldType::string},
                    {"not_before", FieldType::integer},
                    {"resource", FieldType::string},
                    {"name", FieldType::string},
                    {"owner", FieldType::string}};
    kind.unique = {{std::string(live_space), {"live"}, false}};
    kind.lists = {{"", {"status"}, {"not_before"}}, {"", {"resource", "name", "owner"}, {}}};
    return kind;
}

json::object task_body(contract::StartTask const& task, std::string_view owner, bool waits) {
    json::object body{{"name", task.name},
                      {"version", task.version},
                      {"owner", owner},
                      {"kind", task.kind},
                      {"resource", task.resource},
                      {"input", task.input},
                      {"state", json::object()},
                      {"phase", "forward"},
                      {"step", 0},
                      {"attempt", 0},
                      {"epoch", 0},
                      {"lease", ""},
                      {"lease_until", 0},
                      {"not_before", 0},
                      {"started", wall_microseconds()},
                      {"cancel", false},
                      {"status", waits ? "waiting" : "ready"}};
    if (task.deadline) body["deadline"] = *task.deadline;
    if (!waits) body["live"] = fmt::format("{}/{}", task.kind, task.resource);
    return body;
}

bool same_task(json::object const& body, contract::StartTask const& task, std::string_view owner) {
    auto const fresh = task_body(task, owner, false);
    for (auto const* key : {"name", "version", "owner", "kind", "resource", "input", "deadline"}) {
        auto const *here = body.if_contains(key), *there = fresh.if_contains(key);
        if (!here != !there || (here && *here != *there)) return false;
    }
    return true;
}

std::string live_value(std::string_view kind, std::string_view resource) {
    return json::print(json::array{json::string(fmt::format("{}/{}", kind, resource))});
}

void Applier::start(contract::StartTask const& task) {
    check_name("the name of a task", task.name);
    check_name("the resource of a task", task.resource);
    auto const& kinds = *prepared_.declarations;
    kinds.require(task.kind, prepared_.owner);
    auto const& table = kinds.require(task_kind);
    if (auto const stored = read(table, task.id)) {
        if (same_task(stored->body, task, prepared_.owner)) return;
        throw Error(Code::conflict,
                    fmt::format("the task {} is there already and is another one; choose a new id", task.id),
                    json::print(json::object{{"kind", task_kind}, {"id", task.id}}));
    }
    auto live = live_task(db_, task.kind, task.resource);
    for (auto const& [key, document] : new_keys_) // started by this same apply
        if (key.first == live_space && key.second == live_value(task.kind, task.resource)) live = document.second;
    if (!live.empty()) {
        auto stored = read(table, live);
        if (!task.replaces || !stored)
            throw Error(
                Code::conflict,
                fmt::format("the task {} works on {} {}; wait for it, or replace it", live, task.kind, task.resource),
                json::print(json::object{{"kind", task_kind}, {"id", live}}));
        if (auto const* cancel = stored->body.if_contains("cancel"); !cancel || *cancel != json::value(true)) {
            stored->body["cancel"] = true;
            put(prepare_put(table, live, stored->body));
        }
    }
    auto body = task_body(task, prepared_.owner, !live.empty());
    if (!prepared_.kernel.by.empty()) body["by"] = prepared_.kernel.by;
    if (!prepared_.kernel.traceparent.empty()) body["traceparent"] = prepared_.kernel.traceparent;
    put(prepare_put(table, task.id, body));
    task_resources_.emplace_back(task.kind, task.resource);
}

} // namespace volutus::kernel::store
