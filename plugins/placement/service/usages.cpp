#include "usages.hpp"

#include "consumer.hpp"
#include "names.hpp"

#include <fmt/format.h>

#include <set>

namespace volutus::placement_service {

namespace {

struct Asked {
    std::string project;
    std::optional<std::string> user, type;
};

Asked asked_of(Request& request) {
    Asked asked;
    auto refuse = [](std::string const& why) { throw Error(Code::invalid, "Invalid query string parameters: " + why); };
    for (auto const& [name, value] : request.http().query) {
        if (value.empty() || value.size() > 255) refuse(fmt::format("{} is 1 to 255 characters long", name));
        if (name == "project_id")
            asked.project = value;
        else if (name == "user_id")
            asked.user = value;
        else if (name == "consumer_type" && request.since("1.38"))
            asked.type = value;
        else
            refuse(fmt::format("Additional properties are not allowed ('{}' was unexpected)", name));
    }
    if (asked.project.empty()) refuse("'project_id' is a required property");
    if (asked.type && *asked.type != "all" && *asked.type != "unknown" && !is_name(*asked.type))
        refuse(fmt::format("'{}' is no consumer type", *asked.type));
    return asked;
}

// Those that say so themselves, and those that count on the project's quota.
std::set<std::string> consumers_of(Store& store, std::string const& project) {
    std::set<std::string> consumers;
    for (auto const& consumer : store.all<Consumer>(where("project", json::string(project))))
        consumers.insert(consumer.id);
    store::AccountQuery query;
    query.account = project;
    while (true) {
        auto page = store.accounts(query);
        for (auto const& claim : page.claims) consumers.insert(claim.consumer);
        if (!page.next_after) return consumers;
        query.after = std::move(page.next_after);
    }
}

struct Usage {
    std::int64_t consumers = 0;
    Amounts amounts;
};

} // namespace

Reply list_usages(Request& request) {
    auto const project = request.query("project_id");
    request.enforce({"placement:usages", for_project_readers}, {{"project_id", project.value_or("")}});
    auto const asked = asked_of(request);
    std::map<std::string, Usage> by_type;
    for (auto const& id : consumers_of(request.store(), asked.project)) {
        auto const held = held_by(request.store(), id);
        if (!held.there() || held.project() != asked.project) continue;
        if (asked.user && held.user() != *asked.user) continue;
        bool const all = asked.type == "all" || !request.since("1.38");
        if (asked.type && !all && held.type() != *asked.type) continue;
        auto& usage = by_type[all ? "all" : held.type()];
        ++usage.consumers;
        for (auto const& [provider, amounts] : held.allocations)
            for (auto const& [resource, amount] : amounts) usage.amounts[resource] += amount;
    }
    if (!request.since("1.38")) return request.reply(json::object{{"usages", json::encode(by_type["all"].amounts)}});
    json::object usages;
    for (auto const& [type, usage] : by_type) {
        auto shown = json::encode(usage.amounts).as_object();
        shown.emplace("consumer_count", usage.consumers);
        usages.emplace(type, std::move(shown));
    }
    return request.reply(json::object{{"usages", std::move(usages)}});
}

} // namespace volutus::placement_service
