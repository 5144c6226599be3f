// Lists of servers, one server, and changes of what is said about it.
#include "host.hpp"
#include "server_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <regex>

namespace volutus::compute {

Resource const& resource_of(Server const*) { return erased<servers>(); }

bool is_zone_name(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}
bool is_ipv4_or_empty(std::string_view text) { return text.empty() || is_ipv4(text); }
bool is_ipv6_or_empty(std::string_view text) { return text.empty() || is_ipv6(text); }

namespace {

std::regex regex_of(std::string_view name, std::string const& text) {
    constexpr std::size_t longest = 255;
    if (text.size() > longest)
        throw Error(Code::invalid, fmt::format("Invalid input for query parameter {}: at most 255 characters", name));
    try {
        // The library's own flag: its matcher then takes time by the length of the text, whatever the pattern.
        constexpr auto polynomial = std::regex_constants::__polynomial;
        return std::regex(text, std::regex::ECMAScript | std::regex::icase | std::regex::nosubs | polynomial);
    } catch (std::regex_error const&) {
        throw Error(Code::invalid,
                    fmt::format("Invalid input for query parameter {}: '{}' is no regular expression", name, text));
    }
}

// Most patterns are a plain part of a name; an expression costs more.
bool is_plain(std::string const& text) { return text.find_first_of("\\^$.|?*+()[]{}") == text.npos; }

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

std::function<bool(std::string const&)> matcher(std::string_view name, std::string const& pattern) {
    if (is_plain(pattern))
        return [wanted = lower(pattern)](std::string const& text) { return lower(text).find(wanted) != text.npos; };
    return [expression = std::make_shared<std::regex>(regex_of(name, pattern))](std::string const& text) {
        return std::regex_search(text, *expression);
    };
}

std::string time_of(Request const& request, std::string_view name, std::string const& text) {
    if (!is_timestamp(text)) {
        (void)request;
        throw Error(Code::invalid, fmt::format("Invalid input for query parameter {}. Value: {}. '{}' is not a "
                                               "'date-time'",
                                               name, text, text));
    }
    // Ours are in UTC to the second; fractions and zones other than Z are cut, which asks for a little more.
    auto out = text.substr(0, 19);
    out[10] = 'T';
    return out + "Z";
}

struct TextFilter {
    std::string_view name;
    std::string (*value)(Server const&);
    bool operators = false; // only operators filter by it
    Version since = 0;
};
std::string text(std::optional<std::string> const& value) { return value.value_or(""); }
constexpr std::array text_filters{
    TextFilter{"flavor", [](Server const& s) { return s.flavor.id; }},
    TextFilter{"image", [](Server const& s) { return s.image.id; }},
    TextFilter{"reservation_id", [](Server const& s) { return s.reservation_id; }},
    TextFilter{"uuid", [](Server const& s) { return s.id; }, true},
    TextFilter{"host", [](Server const& s) { return s.host; }, true},
    TextFilter{"node", [](Server const& s) { return s.host; }, true},
    TextFilter{"hostname", [](Server const& s) { return s.hostname; }, true},
    TextFilter{"user_id", [](Server const& s) { return s.user_id; }, true, version_from("2.1")},
    TextFilter{"availability_zone", [](Server const& s) { return s.availability_zone; }, true, version_from("2.83")},
    TextFilter{"key_name", [](Server const& s) { return text(s.key_name); }, true, version_from("2.83")},
    TextFilter{"vm_state", [](Server const& s) { return s.vm_state; }, true, version_from("2.83")},
    TextFilter{"task_state", [](Server const& s) { return text(s.task_state); }, true, version_from("2.83")},
    TextFilter{"power_state", [](Server const& s) { return std::to_string(s.power_state); }, true,
               version_from("2.83")},
    TextFilter{"description", [](Server const& s) { return text(s.description); }, true},
};

std::vector<KeepServer> text_keeps(Request const& request) {
    auto keeps = keeps_by_tags(request);
    for (auto const& row : text_filters) {
        bool const open = !row.operators || request.caller().is_admin ||
                          (row.since > version_from("2.1") && request.version() >= row.since);
        auto values = request.queries(row.name);
        if (!open || values.empty()) continue;
        keeps.push_back([value = row.value, values = std::move(values)](Server const& server) {
            return std::find(values.begin(), values.end(), value(server)) != values.end();
        });
    }
    return keeps;
}

bool is_yes(std::string const& value) {
    auto const text = lower(value);
    return text == "true" || text == "1" || text == "yes" || text == "on" || text == "t" || text == "y";
}

std::vector<std::string> statuses_of(Request const& request) {
    constexpr std::array<std::string_view, 23> known{"ACTIVE",
                                                     "BUILD",
                                                     "DELETED",
                                                     "ERROR",
                                                     "HARD_REBOOT",
                                                     "MIGRATING",
                                                     "PASSWORD",
                                                     "PAUSED",
                                                     "REBOOT",
                                                     "REBUILD",
                                                     "RESCUE",
                                                     "RESIZE",
                                                     "REVERT_RESIZE",
                                                     "SHELVED",
                                                     "SHUTOFF",
                                                     "SUSPENDED",
                                                     "UNKNOWN",
                                                     "VERIFY_RESIZE",
                                                     "SHELVED_OFFLOADED",
                                                     "SOFT_DELETED",
                                                     "DELETING",
                                                     "STOPPED",
                                                     "NOSTATE"};
    std::vector<std::string> wanted;
    for (auto status : request.queries("status")) {
        std::transform(status.begin(), status.end(), status.begin(), [](unsigned char c) { return std::toupper(c); });
        bool const is_known = std::find(known.begin(), known.end(), status) != known.end();
        if (!is_known && request.since("2.38"))
            throw Error(Code::invalid, fmt::format("Invalid status value: {}", status));
        wanted.push_back(std::move(status));
    }
    return wanted;
}

} // namespace

Server require_server(Request& request) {
    auto const& id = request.parameter("server_id");
    auto server = request.require<Server>(id);
    if (is_gone(server)) request.missing("Instance", id);
    return server;
}

void Servers::fill_nics(Call& call, std::vector<Server*> const& all) const {
    constexpr std::size_t at_once = 1000;
    for (std::size_t first = 0; first < all.size(); first += at_once) {
        ports::Servers wanted;
        std::map<std::string, Server*> by_id;
        for (auto i = first; i < std::min(all.size(), first + at_once); ++i) {
            if (all[i]->networks == "none" || all[i]->stored_removed) continue;
            by_id[all[i]->id] = all[i];
            wanted.servers.push_back(all[i]->id);
            all[i]->shown_nics.emplace();
        }
        if (wanted.servers.empty()) continue;
        auto nics = backends_.ports.call<&ports::Ports::of_servers>(call, wanted).nics;
        name_groups(call, nics);
        for (auto& nic : nics)
            if (auto const found = by_id.find(nic.server); found != by_id.end())
                found->second->shown_nics->push_back(std::move(nic));
    }
}

// A group that the caller does not see keeps its id.
void Servers::name_groups(Call& call, std::vector<ports::Nic>& nics) const {
    std::map<std::string, std::string> names; // by id
    for (auto const& nic : nics)
        for (auto const& group : nic.security_groups) names.emplace(group, group);
    if (names.empty()) return;
    ports::GroupIds wanted;
    for (auto const& [id, name] : names) wanted.ids.push_back(id);
    for (auto const& group : backends_.ports.call<&ports::Ports::groups>(call, wanted).groups)
        names[group.id] = group.name;
    for (auto& nic : nics)
        for (auto& group : nic.security_groups) group = names[group];
}

Reply Servers::list(Request& request) {
    if (request.query("limit") == "0") return request.shown_items({}); // no server, and not "as many as there are"
    auto keeps = text_keeps(request);
    ListHooks hooks;
    bool const operators = request.caller().is_admin || request.by_the_cloud();
    if (auto const name = request.query("name"))
        keeps.push_back([matches = matcher("name", *name)](Server const& server) { return matches(server.name); });
    if (auto const statuses = statuses_of(request); !statuses.empty()) {
        auto const deleted = std::find(statuses.begin(), statuses.end(), "DELETED") != statuses.end();
        if (deleted && !operators) throw Error(Code::forbidden, "Only administrators may list deleted instances");
        json::array values;
        for (auto const& status : statuses) values.push_back(json::string(status));
        if (deleted) {
            hooks.removed = true;
            keeps.push_back(is_gone);
        } else {
            hooks.where.push_back(where("status", std::move(values)));
        }
    }
    if (auto const project = request.query("tenant_id") ? request.query("tenant_id") : request.query("project_id");
        project && operators && request.flag("all_tenants"))
        hooks.where.push_back(where("tenant_id", json::string(*project)));
    bool const only_deleted = operators && request.query("deleted") && is_yes(*request.query("deleted"));
    if (only_deleted) {
        hooks.removed = true;
        keeps.push_back(is_gone);
    }
    if (auto const since = request.query("changes-since")) {
        hooks.removed = true;
        keeps.push_back(
            [from = time_of(request, "changes-since", *since)](Server const& s) { return s.updated >= from; });
    }
    if (auto const before = request.query("changes-before"); before && request.since("2.66")) {
        hooks.removed = true;
        keeps.push_back(
            [until = time_of(request, "changes-before", *before)](Server const& s) { return s.updated <= until; });
    }
    if (auto const locked = request.query("locked"); locked && request.since("2.73"))
        keeps.push_back([yes = is_yes(*locked)](Server const& server) { return server.locked == yes; });
    for (auto const* name : {"ip", "ip6"}) {
        auto const pattern = request.query(name);
        if (!pattern) continue;
        auto const version = std::string_view(name) == "ip" ? 4u : 6u;
        keeps.push_back([this, &request, version, matches = matcher(name, *pattern)](Server const& server) {
            auto copy = server;
            fill_nics(request.call(), {&copy});
            for (auto const& nic : copy.shown_nics.value_or(std::vector<ports::Nic>()))
                for (auto const& address : nic.addresses)
                    if (address.version == version && matches(address.address)) return true;
            return false;
        });
    }
    if (!hooks.removed) keeps.push_back([](Server const& server) { return !is_gone(server); });
    if (!keeps.empty())
        hooks.keep = [keeps = std::move(keeps)](void const* object) {
            auto const& server = *static_cast<Server const*>(object);
            return std::all_of(keeps.begin(), keeps.end(), [&](KeepServer const& keep) { return keep(server); });
        };
    if (request.route().shown.empty()) // in detail
        hooks.before_view = [this, &request](std::vector<void*> const& objects) {
            std::vector<Server*> all;
            for (auto* object : objects) all.push_back(static_cast<Server*>(object));
            fill_nics(request.call(), all);
        };
    return request.list(std::move(hooks));
}

Reply Servers::show(Request& request) {
    auto server = require_server(request);
    fill_nics(request.call(), {&server});
    auto reply = request.shown(server);
    if (request.since("2.71")) reply.body->at("server").as_object()["server_groups"] = json::array();
    return reply;
}

Reply Servers::update(Request& request) {
    refuse_numeric_name(request);
    auto server = retry_on_conflict([&] {
        auto found = require_server(request);
        request.change(found);
        touch(found);
        request.store().save(found);
        return found;
    });
    fill_nics(request.call(), {&server});
    auto reply = request.shown(server);
    auto& shown = reply.body->at("server").as_object();
    if (request.since("2.71")) shown["server_groups"] = json::array();
    if (request.since("2.75")) return reply;
    // Older versions answer an update with the server's own fields, without those that extensions had added.
    for (auto const* name :
         {"key_name", "security_groups", "config_drive", "OS-EXT-AZ:availability_zone", "OS-SRV-USG:launched_at",
          "OS-SRV-USG:terminated_at", "OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "OS-EXT-STS:power_state",
          "os-extended-volumes:volumes_attached", "host_status"})
        shown.erase(name);
    for (auto at = shown.begin(); at != shown.end();)
        at = std::string_view(at->key()).substr(0, 16) == "OS-EXT-SRV-ATTR:" ? shown.erase(at) : at + 1;
    for (auto& [network, rows] : shown.at("addresses").as_object())
        for (auto& row : rows.as_array()) {
            row.as_object().erase("OS-EXT-IPS:type");
            row.as_object().erase("OS-EXT-IPS-MAC:mac_addr");
        }
    return reply;
}

} // namespace volutus::compute
