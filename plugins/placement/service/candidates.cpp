#include "candidates.hpp"

#include "inventories.hpp"
#include "providers.hpp"

#include <fmt/format.h>

#include <charconv>

namespace volutus::placement_service {

namespace {

std::vector<std::string> parted(std::string const& text, char by) {
    std::vector<std::string> parts;
    std::size_t from = 0;
    while (from <= text.size()) {
        auto const end = std::min(text.find(by, from), text.size());
        if (end > from) parts.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    return parts;
}

std::int64_t number(std::string_view text, std::string_view what) {
    std::int64_t value = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size() || value < 1)
        throw Error(Code::invalid,
                    fmt::format("Badly formed {} parameter: expected a positive integer, got '{}'.", what, text));
    return value;
}

scheduler::Demand demand_of(Request& request) {
    scheduler::Demand demand;
    auto const resources = request.query("resources");
    if (!resources || resources->empty())
        throw Error(Code::invalid,
                    "All resource groups must specify the 'resources' parameter, such as VCPU:1,MEMORY_MB:128.");
    for (auto const& one : parted(*resources, ',')) {
        auto const colon = one.find(':');
        if (colon == std::string::npos)
            throw Error(Code::invalid,
                        fmt::format("Badly formed resources parameter: expected CLASS:AMOUNT, got '{}'.", one));
        demand.resources[one.substr(0, colon)] = number(std::string_view(one).substr(colon + 1), "resources");
    }
    for (auto const& text : request.queries("required"))
        for (auto const& trait : parted(text, ','))
            (trait[0] == '!' ? demand.forbidden : demand.required).push_back(trait.substr(trait[0] == '!'));
    for (auto const& text : request.queries("member_of"))
        demand.member_of.push_back(text.rfind("in:", 0) == 0 ? parted(text.substr(3), ',') : std::vector{text});
    if (auto const tree = request.query("in_tree")) demand.in = {*tree};
    demand.limit = 1000;
    if (auto const limit = request.query("limit"))
        demand.limit = static_cast<std::uint32_t>(std::min<std::int64_t>(number(*limit, "limit"), 1000));
    return demand;
}

json::object resources_of(scheduler::Demand const& demand) {
    json::object resources;
    for (auto const& [name, amount] : demand.resources) resources.emplace(name, amount);
    return resources;
}

// Until 1.11 the allocations of a candidate are a list, from 1.12 on they are keyed by provider.
json::object request_for(Request& request, Provider const& provider, scheduler::Demand const& demand) {
    json::object one{{"resources", resources_of(demand)}};
    if (request.since("1.12")) return {{"allocations", json::object{{provider.id, std::move(one)}}}};
    one.emplace("resource_provider", json::object{{"uuid", provider.id}});
    return {{"allocations", json::array{std::move(one)}}};
}

json::object summary_of(Request& request, Provider const& provider, scheduler::Demand const& demand) {
    json::object resources;
    for (auto const& [name, account] : accounts_of(request.store(), provider.id))
        // Until 1.26 only what was asked for.
        if (request.since("1.27") || demand.resources.count(name))
            resources.emplace(name, json::object{{"capacity", capacity_of(account)}, {"used", account.used}});
    json::object summary{{"resources", std::move(resources)}};
    if (request.since("1.17")) summary.emplace("traits", json::encode(provider.traits));
    if (request.since("1.29")) {
        summary.emplace("parent_provider_uuid", json::encode(provider.parent));
        summary.emplace("root_provider_uuid", root_of(request, provider));
    }
    return summary;
}

} // namespace

Reply Candidates::list(Request& request) {
    auto const demand = demand_of(request);
    auto const found = scheduler_.call<&scheduler::Scheduler::candidates>(request.call(), demand);
    json::array requests;
    json::object summaries;
    for (auto const& candidate : found.candidates) {
        auto const provider = request.store().get<Provider>(candidate.host);
        if (!provider) continue; // removed since the index heard of it
        requests.push_back(request_for(request, *provider, demand));
        summaries.emplace(provider->id, summary_of(request, *provider, demand));
    }
    return request.reply(
        json::object{{"allocation_requests", std::move(requests)}, {"provider_summaries", std::move(summaries)}});
}

} // namespace volutus::placement_service
