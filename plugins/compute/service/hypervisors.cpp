// Hosts as the API shows them: hypervisors, services, availability zones.
#include "hosts_table.hpp"
#include "links.hpp"
#include "numbers.hpp"
#include "server.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace volutus::compute {

namespace {

// Ids are numbers before 2.53.
json::value shown_id(Request const& request, std::string const& id) {
    if (request.since("2.53")) return json::string(id);
    return number_of(id);
}
bool is_id(Request const& request, std::string const& shown, std::string const& id) {
    return request.since("2.53") ? shown == id : shown == std::to_string(number_of(id));
}

struct Use {
    std::int64_t vcpus = 0, memory_mb = 0, disk_gb = 0, servers = 0;
};

Use use_of(Store& store, ComputeHost const& host) {
    Use use;
    auto used = [&](char const* resource) {
        store::AccountQuery query;
        query.account = host.id;
        query.resource = resource;
        query.limit = 1;
        auto const found = store.accounts(query).accounts;
        return found.empty() ? 0 : found.front().used;
    };
    use.vcpus = used("VCPU");
    use.memory_mb = used("MEMORY_MB");
    use.disk_gb = used("DISK_GB");
    use.servers = static_cast<std::int64_t>(store.count<Server>(where("host", json::string(host.name))));
    return use;
}

bool wants_detail(Request const& request) {
    auto const path = request.route().path;
    return path.size() > 7 && path.substr(path.size() - 7) == "/detail";
}

std::uint64_t limit_of(Request const& request) {
    auto const text = request.query("limit");
    if (!text) return 1000;
    std::uint64_t limit = 0;
    auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
    if (error != std::errc() || end != text->data() + text->size() || limit == 0)
        throw Error(Code::invalid, fmt::format("Invalid input for query parameter limit: '{}'", *text));
    return std::min<std::uint64_t>(limit, 1000);
}

json::array servers_on(Store& store, ComputeHost const& host) {
    json::array rows;
    for (auto const& server : store.all<Server>(where("host", json::string(host.name))))
        rows.push_back(json::object{{"name", json::string(instance_name(server))}, {"uuid", json::string(server.id)}});
    return rows;
}

[[noreturn]] void no_hypervisor(std::string const& id) {
    throw Error(Code::not_found, fmt::format("Hypervisor with ID '{}' could not be found.", id));
}

} // namespace

std::vector<ComputeHost> Hosts::all(Request& request) const {
    auto hosts = request.store().all<ComputeHost>();
    std::sort(hosts.begin(), hosts.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
    return hosts;
}

json::object Hosts::hypervisor_of(Request& request, ComputeHost const& host, bool in_detail) const {
    json::object out{{"id", shown_id(request, host.id)},
                     {"hypervisor_hostname", json::string(host.name)},
                     {"state", is_up(host) ? "up" : "down"},
                     {"status", host.disabled ? "disabled" : "enabled"}};
    if (!in_detail) return out;
    auto const use = use_of(request.store(), host);
    out["service"] = json::object{{"host", json::string(host.name)},
                                  {"id", shown_id(request, host.service_id)},
                                  {"disabled_reason", json::encode(host.disabled_reason)}};
    if (request.since("2.28"))
        out["cpu_info"] = host.cpu;
    else
        out["cpu_info"] = json::string(json::print(host.cpu));
    out["vcpus"] = host.vcpus;
    out["vcpus_used"] = use.vcpus;
    out["memory_mb"] = host.memory_mb;
    out["memory_mb_used"] = use.memory_mb + settings_.reserved_memory_mb;
    out["free_ram_mb"] = host.memory_mb - use.memory_mb - settings_.reserved_memory_mb;
    out["local_gb"] = host.disk_gb;
    out["local_gb_used"] = use.disk_gb;
    out["free_disk_gb"] = host.disk_gb - use.disk_gb;
    out["disk_available_least"] = host.disk_gb - use.disk_gb;
    out["running_vms"] = use.servers;
    out["current_workload"] = 0;
    out["host_ip"] = json::string(host.address);
    out["hypervisor_type"] = json::string(host.type);
    out["hypervisor_version"] = host.version;
    return out;
}

Reply Hosts::list(Request& request) {
    auto hosts = all(request);
    if (auto const pattern = request.query("hypervisor_hostname_pattern"); pattern && request.since("2.53")) {
        hosts.erase(std::remove_if(hosts.begin(), hosts.end(),
                                   [&](auto const& host) { return host.name.find(*pattern) == std::string::npos; }),
                    hosts.end());
        if (hosts.empty())
            throw Error(Code::not_found, fmt::format("No hypervisor matching '{}' could be found.", *pattern));
    }
    json::object body;
    if (request.since("2.33")) {
        if (auto const marker = request.query("marker")) {
            auto const at = std::find_if(hosts.begin(), hosts.end(),
                                         [&](auto const& host) { return is_id(request, *marker, host.id); });
            if (at == hosts.end()) throw Error(Code::invalid, fmt::format("marker [{}] not found", *marker));
            hosts.erase(hosts.begin(), at + 1);
        }
        if (auto const limit = limit_of(request); hosts.size() > limit) {
            hosts.resize(limit);
            auto const marker = request.since("2.53") ? hosts.back().id : std::to_string(number_of(hosts.back().id));
            auto const next = fmt::format("{}?limit={}&marker={}", request.route().path, limit, marker);
            body["hypervisors_links"] = json::array{json::object{{"rel", "next"}, {"href", request.link(next)}}};
        }
    }
    json::array rows;
    for (auto const& host : hosts) {
        auto row = hypervisor_of(request, host, wants_detail(request));
        if (request.since("2.53") && request.flag("with_servers"))
            if (auto servers = servers_on(request.store(), host); !servers.empty() || request.since("2.75"))
                row["servers"] = std::move(servers);
        rows.push_back(std::move(row));
    }
    body["hypervisors"] = std::move(rows);
    return request.reply(std::move(body));
}

ComputeHost Hosts::require_hypervisor(Request& request) const {
    auto const& id = request.parameter("hypervisor_id");
    if (request.since("2.53")) {
        if (!is_uuid(id)) throw Error(Code::invalid, fmt::format("Invalid uuid {}", id));
        auto host = request.store().get<ComputeHost>(id);
        if (!host) no_hypervisor(id);
        return *host;
    }
    for (auto& host : request.store().all<ComputeHost>())
        if (is_id(request, id, host.id)) return host;
    no_hypervisor(id);
}

Reply Hosts::show(Request& request) {
    auto const host = require_hypervisor(request);
    auto row = hypervisor_of(request, host, true);
    if (request.since("2.53") && request.flag("with_servers")) row["servers"] = servers_on(request.store(), host);
    return request.reply(json::object{{"hypervisor", std::move(row)}});
}

// Drivers do not tell how long their hosts have been up.
Reply Hosts::uptime(Request& request) {
    require_hypervisor(request);
    throw Error(Code::unsupported, "Virt driver does not implement uptime function.");
}

Reply Hosts::statistics(Request& request) {
    json::object sum;
    std::int64_t count = 0;
    for (auto const& host : all(request)) {
        ++count;
        for (auto const& [key, value] : hypervisor_of(request, host, true))
            if (value.is_int64() && key != "id" && key != "hypervisor_version")
                sum[key] = (sum.contains(key) ? sum[key].as_int64() : 0) + value.get_int64();
    }
    for (auto const* key : {"current_workload", "disk_available_least", "free_disk_gb", "free_ram_mb", "local_gb",
                            "local_gb_used", "memory_mb", "memory_mb_used", "running_vms", "vcpus", "vcpus_used"})
        if (!sum.contains(key)) sum[key] = 0;
    sum["count"] = count;
    return request.reply(json::object{{"hypervisor_statistics", std::move(sum)}});
}

Reply Hosts::search(Request& request) {
    auto const& pattern = request.parameter("pattern");
    json::array rows;
    for (auto const& host : all(request))
        if (host.name.find(pattern) != std::string::npos) rows.push_back(hypervisor_of(request, host, false));
    if (rows.empty()) throw Error(Code::not_found, fmt::format("No hypervisor matching '{}' could be found.", pattern));
    return request.reply(json::object{{"hypervisors", std::move(rows)}});
}

Reply Hosts::servers_of(Request& request) {
    auto const& pattern = request.parameter("pattern");
    json::array rows;
    for (auto const& host : all(request)) {
        if (host.name.find(pattern) == std::string::npos) continue;
        auto row = hypervisor_of(request, host, false);
        if (auto servers = servers_on(request.store(), host); !servers.empty()) row["servers"] = std::move(servers);
        rows.push_back(std::move(row));
    }
    if (rows.empty()) throw Error(Code::not_found, fmt::format("No hypervisor matching '{}' could be found.", pattern));
    return request.reply(json::object{{"hypervisors", std::move(rows)}});
}

// ---- services ----

json::object Hosts::service_of(Request& request, ComputeHost const& host) const {
    bool const up = is_up(host);
    json::object out{{"id", shown_id(request, host.service_id)},
                     {"binary", "nova-compute"},
                     {"host", json::string(host.name)},
                     {"zone", json::string(host.zone)},
                     {"status", host.disabled ? "disabled" : "enabled"},
                     {"state", up ? "up" : "down"},
                     {"updated_at", json::string(up ? timestamp_now() : host.updated_at)},
                     {"disabled_reason", json::encode(host.disabled_reason)}};
    if (request.since("2.11")) out["forced_down"] = false;
    return out;
}

Reply Hosts::list_services(Request& request) {
    auto const wanted = request.query("host"), binary = request.query("binary");
    json::array rows;
    for (auto const& host : all(request))
        if ((!wanted || *wanted == host.name) && (!binary || *binary == "nova-compute"))
            rows.push_back(service_of(request, host));
    return request.reply(json::object{{"services", std::move(rows)}});
}

ComputeHost Hosts::set_disabled(Request& request, std::string const& id, bool disabled,
                                std::optional<std::string> reason) const {
    auto const changed = retry_on_conflict([&] {
        auto host = request.store().get<ComputeHost>(id);
        if (!host) throw Error(Code::not_found, fmt::format("Compute host {} could not be found.", id));
        host->disabled = disabled;
        host->disabled_reason = disabled ? reason : std::nullopt;
        host->updated_at = timestamp_now();
        request.store().save(*host);
        return *host;
    });
    tell_placement(request.call(), changed);
    return changed;
}

namespace {

std::optional<std::string> text_in(json::object const& body, std::string_view key) {
    auto const* value = body.if_contains(key);
    if (!value) return std::nullopt;
    if (!value->is_string() || value->get_string().size() > 255)
        throw Error(Code::invalid,
                    fmt::format("Invalid input for field/attribute {}: a string of at most 255 characters", key));
    return json::text(*value);
}

} // namespace

Reply Hosts::update_service(Request& request) {
    auto const& id = request.parameter("service_id");
    if (!is_uuid(id)) throw Error(Code::invalid, fmt::format("Invalid uuid {}", id));
    auto const status = text_in(request.body(), "status"), reason = text_in(request.body(), "disabled_reason");
    if (status && *status != "enabled" && *status != "disabled")
        throw Error(Code::invalid, "Invalid input for field/attribute status: enabled or disabled");
    if (!status)
        throw Error(Code::invalid, "No updates were requested. Fields 'status' or 'forced_down' should be specified.");
    if (reason && *status == "enabled")
        throw Error(Code::invalid, "Specifying 'disabled_reason' when status is 'enabled' is invalid.");
    for (auto const& host : all(request))
        if (host.service_id == id)
            return request.reply(json::object{
                {"service", service_of(request, set_disabled(request, host.id, *status == "disabled", reason))}});
    throw Error(Code::not_found, fmt::format("Service {} could not be found.", id));
}

Reply Hosts::set_service(Request& request) {
    auto const& what = request.parameter("service_id");
    if (what != "enable" && what != "disable" && what != "disable-log-reason")
        throw Error(Code::not_found, fmt::format("Unknown action {}", what));
    auto const name = text_in(request.body(), "host"), reason = text_in(request.body(), "disabled_reason");
    if (!name) throw Error(Code::invalid, "Invalid input for field/attribute host: it is required");
    if (what == "disable-log-reason" && !reason) throw Error(Code::invalid, "Missing disabled reason field");
    auto const host = request.store().find<ComputeHost>(where("name", json::string(*name)));
    if (!host) throw Error(Code::not_found, fmt::format("Compute host {} could not be found.", *name));
    set_disabled(request, host->id, what != "enable", reason);
    json::object shown{{"host", json::string(*name)},
                       {"binary", "nova-compute"},
                       {"status", what == "enable" ? "enabled" : "disabled"}};
    if (what == "disable-log-reason") shown["disabled_reason"] = json::string(*reason);
    return request.reply(json::object{{"service", std::move(shown)}});
}

Reply Hosts::list_zones(Request& request) {
    bool const in_detail = wants_detail(request);
    struct Zone {
        bool available = false;
        json::object hosts;
    };
    std::map<std::string, Zone> zones;
    if (!in_detail) zones[settings_.zone]; // there even before its first host
    for (auto const& host : all(request)) {
        auto& zone = zones[host.zone];
        zone.available = zone.available || !host.disabled;
        zone.hosts[host.name] =
            json::object{{"nova-compute",
                          {{"available", is_up(host)},
                           {"active", !host.disabled},
                           {"updated_at", json::string(is_up(host) ? timestamp_now() : host.updated_at)}}}};
    }
    json::array rows;
    for (auto& [name, zone] : zones) {
        json::object row{
            {"zoneName", json::string(name)}, {"zoneState", {{"available", zone.available}}}, {"hosts", nullptr}};
        if (in_detail) row["hosts"] = std::move(zone.hosts);
        rows.push_back(std::move(row));
    }
    return request.reply(json::object{{"availabilityZoneInfo", std::move(rows)}});
}

} // namespace volutus::compute
