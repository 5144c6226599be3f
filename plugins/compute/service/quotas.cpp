#include "quotas_table.hpp"

#include <fmt/format.h>

#include <charconv>

namespace volutus::compute {

Resource const& resource_of(QuotaSet const*) { return erased<quota_sets>(); }

namespace {

struct Kept {
    std::int64_t limit = 0, used = 0;
};

Kept kept(Store& store, std::string const& project, std::string_view name, std::int64_t fallback) {
    store::AccountQuery query;
    query.account = project;
    query.resource = std::string(name);
    query.limit = 1;
    auto const found = store.accounts(query).accounts;
    if (found.empty()) return {fallback, 0};
    auto const& account = found.front();
    // What nobody has set is as the configuration says now, not as it said when somebody last took of it.
    return {account.quota && !account.inherited ? account.total : fallback, account.used};
}

// A limit as clients send it: a number, or one in a string.
std::int64_t limit_of(std::string_view name, json::value const& value) {
    std::int64_t limit = 0;
    bool read = false;
    if (auto const* text = value.if_string()) {
        auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
        read = error == std::errc() && end == text->data() + text->size();
    } else if (value.is_int64()) {
        limit = value.get_int64();
        read = true;
    }
    if (!read || limit < -1 || limit > INT32_MAX)
        throw Error(Code::invalid, fmt::format("Invalid input for field/attribute {}. Value: {}. It is an integer from "
                                               "-1, which is no limit, to {}",
                                               name, json::print(value), INT32_MAX));
    return limit;
}

void enforce_for(Request& request, PolicyRule rule, std::string const& project) {
    request.enforce(rule, {{"project_id", json::string(project)}, {"tenant_id", json::string(project)}});
}

} // namespace

// What the network service counts, and files that are not injected here, stay in the shapes of old versions.
std::vector<Quotas::Row> Quotas::rows(Request const& request) const {
    auto const networks = version_from("2.35"), files = version_from("2.56");
    std::vector<Row> all{{"cores", settings_.cores},
                         {"instances", settings_.instances},
                         {"key_pairs", settings_.key_pairs},
                         {"metadata_items", settings_.metadata_items},
                         {"ram", settings_.ram},
                         {"server_groups", settings_.server_groups},
                         {"server_group_members", settings_.server_group_members},
                         {"fixed_ips", -1, networks, true},
                         {"floating_ips", -1, networks, true},
                         {"security_groups", -1, networks, true},
                         {"security_group_rules", -1, networks, true},
                         {"injected_files", 5, files, true},
                         {"injected_file_content_bytes", 10240, files, true},
                         {"injected_file_path_bytes", 255, files, true}};
    std::vector<Row> out;
    for (auto const& row : all)
        if (within(0, row.until, request.version())) out.push_back(row);
    return out;
}

json::object Quotas::set_of(Request& request, std::string const& project) const {
    json::object set;
    for (auto const& row : rows(request))
        set[row.name] = row.fixed ? row.fallback : kept(request.store(), project, row.name, row.fallback).limit;
    return set;
}

Reply Quotas::show(Request& request) {
    auto const& project = request.parameter("quota_project");
    enforce_for(request, request.route().policy, project);
    auto set = set_of(request, project);
    set["id"] = json::string(project);
    return request.reply(json::object{{"quota_set", std::move(set)}});
}

Reply Quotas::show_defaults(Request& request) {
    json::object set{{"id", json::string(request.parameter("quota_project"))}};
    for (auto const& row : rows(request)) set[row.name] = row.fallback;
    return request.reply(json::object{{"quota_set", std::move(set)}});
}

Reply Quotas::show_in_detail(Request& request) {
    auto const& project = request.parameter("quota_project");
    enforce_for(request, request.route().policy, project);
    json::object set{{"id", json::string(project)}};
    for (auto const& row : rows(request)) {
        auto const now = row.fixed ? Kept{row.fallback, 0} : kept(request.store(), project, row.name, row.fallback);
        set[row.name] = json::object{{"limit", now.limit}, {"in_use", now.used}, {"reserved", 0}};
    }
    return request.reply(json::object{{"quota_set", std::move(set)}});
}

Reply Quotas::update(Request& request) {
    auto const& project = request.parameter("quota_project");
    auto const* body = request.body().if_contains("quota_set");
    if (!body || !body->is_object()) throw Error(Code::invalid, "the body is {\"quota_set\": {...}}");
    auto const all = rows(request);
    bool const forced = [&] {
        auto const* value = body->get_object().if_contains("force");
        return value && (*value == json::value(true) || *value == json::value("True") || *value == json::value("true"));
    }();
    Writes writes;
    for (auto const& [key, value] : body->get_object()) {
        if (key == "force" || key == "tenant_id") continue;
        auto const row = std::find_if(all.begin(), all.end(),
                                      [&k = key](Row const& one) { return one.name == std::string_view(k); });
        if (row == all.end())
            throw Error(Code::invalid, fmt::format("Invalid input for field/attribute quota_set: {} is unknown here",
                                                   std::string_view(key)));
        auto const limit = limit_of(row->name, value);
        if (row->fixed) continue;
        auto const used = kept(request.store(), project, row->name, row->fallback).used;
        if (!forced && limit >= 0 && limit < used)
            throw Error(Code::invalid,
                        fmt::format("Quota limit {} for {} must be greater than or equal to already used "
                                    "and reserved {}.",
                                    limit, row->name, used));
        writes += set_quota(project, row->name, limit);
    }
    if (!writes.apply.set.empty()) request.apply(std::move(writes)); // clients send {"force": true} alone
    return request.reply(json::object{{"quota_set", set_of(request, project)}});
}

Reply Quotas::reset(Request& request) {
    auto const& project = request.parameter("quota_project");
    Writes writes;
    for (auto const& row : rows(request)) {
        if (row.fixed) continue;
        store::AccountQuery query;
        query.account = project;
        query.resource = std::string(row.name);
        query.limit = 1;
        if (!request.store().accounts(query).accounts.empty()) writes += reset_quota(project, row.name);
    }
    if (!writes.apply.set.empty()) request.apply(std::move(writes));
    return request.reply();
}

Reply Quotas::show_limits(Request& request) {
    auto const asked = request.query("tenant_id");
    bool const own = !asked || (request.caller().project && *asked == request.caller().project->id);
    if (!own) enforce_for(request, "os_compute_api:limits:other_project", *asked);
    auto const project = own ? request.project() : *asked;
    auto of = [&](char const* name, std::int64_t fallback) { return kept(request.store(), project, name, fallback); };
    auto const instances = of("instances", settings_.instances), cores = of("cores", settings_.cores),
               ram = of("ram", settings_.ram);
    json::object absolute{{"maxTotalInstances", instances.limit},
                          {"maxTotalCores", cores.limit},
                          {"maxTotalRAMSize", ram.limit},
                          {"maxTotalKeypairs", of("key_pairs", settings_.key_pairs).limit},
                          {"maxServerMeta", of("metadata_items", settings_.metadata_items).limit},
                          {"maxServerGroups", of("server_groups", settings_.server_groups).limit},
                          {"maxServerGroupMembers", of("server_group_members", settings_.server_group_members).limit},
                          {"totalInstancesUsed", instances.used},
                          {"totalCoresUsed", cores.used},
                          {"totalRAMUsed", ram.used},
                          {"totalServerGroupsUsed", 0}};
    auto until = [&](char const* version, char const* name, std::int64_t value) {
        if (within(0, version_from(version), request.version())) absolute[name] = value;
    };
    for (auto const* name : {"maxTotalFloatingIps", "maxSecurityGroups", "maxSecurityGroupRules"})
        until("2.35", name, -1);
    for (auto const* name : {"totalFloatingIpsUsed", "totalSecurityGroupsUsed"}) until("2.35", name, 0);
    until("2.38", "maxImageMeta", 128);
    until("2.56", "maxPersonality", 5);
    until("2.56", "maxPersonalitySize", 10240);
    return request.reply(json::object{{"limits", {{"rate", json::array()}, {"absolute", std::move(absolute)}}}});
}

} // namespace volutus::compute
