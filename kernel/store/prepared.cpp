// What can be said of an apply without the database.
#include <kernel/store/applier.hpp>
#include <kernel/store/fill.hpp>
#include <kernel/store/tasks.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::store {

namespace {
constexpr std::size_t most_items = 1000;
constexpr std::size_t most_bytes = 4u << 20; // of all bodies; what comes over the border is far below

std::size_t items_of(contract::Apply const& apply) {
    return apply.expect.size() + apply.put.size() + apply.remove.size() + apply.set.size() + apply.claim.size() +
           apply.release.size() + apply.take.size() + apply.give_back.size() + apply.tasks.size() + apply.notes.size();
}

std::string print_bounded(std::string_view what, std::string_view id, json::object const& body) {
    auto text = json::print(body);
    if (text.size() > contract::body_max)
        throw Error(Code::too_large, fmt::format("{} {} has {} bytes; at most {} fit, so keep larger parts as blobs",
                                                 what, id, text.size(), contract::body_max));
    return text;
}
} // namespace

KindTable const& Declarations::require(std::string_view kind) const {
    auto const found = schema.find(kind);
    if (found == schema.end())
        throw Error(Code::not_found, fmt::format("no plugin has declared the kind '{:.80}'", kind),
                    json::print(json::object{{"kind", kind}}));
    return *found->second;
}

KindTable const& Declarations::require(std::string_view kind, std::string_view owner) const {
    auto const& table = require(kind);
    auto const found = owners.find(kind);
    if (found == owners.end() || found->second != owner)
        throw Error(Code::forbidden,
                    fmt::format("'{}' may not write the kind '{}'; only the plugin that declares it may", owner, kind),
                    json::print(json::object{{"kind", kind}}));
    return table;
}

PreparedPut prepare_put(KindTable const& table, std::string const& id, json::object const& body) {
    check_name("the id of a " + table.kind.name, id);
    return {&table, id, print_bounded(table.kind.name, id, body), &body, derive(table, id, body), {}};
}

Prepared::Prepared(std::shared_ptr<Declarations const> with, std::string_view by, contract::Apply const& wanted,
                   KernelPart const& kernels)
    : declarations(std::move(with)), owner(by), apply(wanted), kernel(kernels) {
    if (auto const items = items_of(apply) + kernel.put.size() + kernel.remove.size(); items == 0 || items > most_items)
        throw Error(items ? Code::too_large : Code::invalid,
                    fmt::format("an apply has 1 to {} items, this one {}; bigger work is a task that pages", most_items,
                                items));
    std::set<std::pair<std::string_view, std::string_view>> seen;
    auto once = [&](std::string const& kind, std::string const& id) {
        if (!seen.emplace(kind, id).second)
            throw Error(Code::invalid, fmt::format("{} {} is put or removed twice in one apply", kind, id));
    };
    for (auto const& expect : apply.expect) declarations->require(expect.kind);
    std::size_t bytes = 0;
    auto prepare = [&](contract::Put const& put, std::string_view writer) {
        once(put.kind, put.id);
        puts.push_back(prepare_put(declarations->require(put.kind, writer), put.id, put.body));
        bytes += puts.back().text.size();
    };
    puts.reserve(apply.put.size() + kernel.put.size());
    for (auto const& put : apply.put) prepare(put, owner);
    for (std::size_t i = 0; i < apply.take.size(); ++i) {
        if (!apply.take[i].into) continue;
        auto const& into = *apply.take[i].into;
        auto const put = std::ranges::find_if(
            puts, [&](PreparedPut const& put) { return put.id == into.id && put.table->kind.name == into.kind; });
        check_fill(apply.take[i], put == puts.end() ? nullptr : put->body);
        put->filled_by.push_back(i);
    }
    for (auto const& put : kernel.put) prepare(put, "");
    auto check_remove = [&](contract::Remove const& remove, std::string_view writer) {
        once(remove.kind, remove.id);
        declarations->require(remove.kind, writer);
        check_name("the id of a " + remove.kind, remove.id);
    };
    for (auto const& remove : apply.remove) check_remove(remove, owner);
    for (auto const& remove : kernel.remove) check_remove(remove, "");
    for (auto const& note : apply.notes) {
        check_name("the topic of a note", note.topic);
        if (note.topic == audit_topic)
            throw Error(Code::forbidden, "notes with the topic 'audit' are the kernel's own");
        if (declarations->schema.contains(note.topic))
            throw Error(Code::invalid, fmt::format("the topic '{}' of a note is the name of a kind", note.topic));
        bytes += print_bounded("a note of", note.topic, note.body).size();
    }
    for (auto const& task : apply.tasks) bytes += print_bounded("the input of task", task.id, task.input).size();
    if (bytes > most_bytes)
        throw Error(Code::too_large,
                    fmt::format("the documents of one apply have {} bytes; at most {} fit", bytes, most_bytes));
}

} // namespace volutus::kernel::store
