// What belongs to one server: its metadata, addresses, interfaces, security groups, password and history.
#include "server_table.hpp"

#include <fmt/format.h>

namespace volutus::compute {

namespace {

std::map<std::string, std::string> strings_of(Request& request, std::string_view key) {
    auto const* given = request.body().if_contains(key);
    if (!given || !given->is_object()) throw Error(Code::invalid, fmt::format("the body is {{\"{}\": {{...}}}}", key));
    std::map<std::string, std::string> out;
    for (auto const& [name, value] : given->get_object()) {
        if (!value.is_string())
            throw Error(Code::invalid,
                        fmt::format("Invalid input for field/attribute {}: a string", std::string_view(name)));
        out[name] = json::text(value);
    }
    return out;
}

Reply shown_metadata(Request& request, std::map<std::string, std::string> const& metadata) {
    return request.reply(json::object{{"metadata", json::encode(metadata)}});
}

[[noreturn]] void no_key() { throw Error(Code::not_found, "Metadata item was not found"); }

json::object group_of(ports::SecurityGroup const& group) {
    return {{"id", json::string(group.id)},
            {"name", json::string(group.name)},
            {"description", json::string(group.description)},
            {"tenant_id", json::string(group.project_id)},
            {"rules", json::array()}};
}

json::object interface_of(Request& request, ports::Nic const& nic) {
    json::array addresses;
    for (auto const& address : nic.addresses)
        addresses.push_back(json::object{{"subnet_id", json::string(address.subnet_id)},
                                         {"ip_address", json::string(address.address)}});
    json::object out{{"port_state", json::string(nic.status)},
                     {"fixed_ips", std::move(addresses)},
                     {"port_id", json::string(nic.port)},
                     {"net_id", json::string(nic.network)},
                     {"mac_addr", json::string(nic.mac)}};
    if (request.since("2.70")) out["tag"] = nullptr;
    return out;
}

json::object shown_event(Request& request, Server const& server, ServerEvent const& event) {
    json::object out{{"action", json::string(event.action)},         {"instance_uuid", json::string(server.id)},
                     {"request_id", json::string(event.request_id)}, {"user_id", json::string(event.user_id)},
                     {"project_id", json::string(event.project_id)}, {"start_time", json::string(event.start_time)},
                     {"message", json::encode(event.message)}};
    if (request.since("2.58")) out["updated_at"] = json::string(event.start_time);
    return out;
}

// What was done to a server can be read after it is gone, from 2.21.
Server server_or_tombstone(Request& request) {
    auto const& id = request.parameter("server_id");
    if (!request.since("2.21")) return require_server(request);
    store::Query query;
    query.where = {where("id", json::string(id))};
    query.removed = true;
    query.limit = 1;
    auto const found = request.store().query<Server>(std::move(query));
    if (found.empty() || !found.front().stored_removed) return request.require<Server>(id);
    auto const project = json::string(found.front().project_id);
    if (!request.may(request.route().policy, {{"project_id", project}, {"tenant_id", project}}))
        request.missing("Instance", id);
    return found.front();
}

json::object plain_addresses(Server const& server) {
    json::object out;
    for (auto const& nic : server.shown_nics.value_or(std::vector<ports::Nic>())) {
        auto& list = out[nic.network_name];
        if (!list.is_array()) list = json::array();
        for (auto const& address : nic.addresses) {
            list.get_array().push_back(address_of(address.address, address.version));
            for (auto const& floating : address.floating) list.get_array().push_back(address_of(floating, 4));
        }
    }
    return out;
}

} // namespace

Reply Servers::list_metadata(Request& request) { return shown_metadata(request, require_server(request).metadata); }

template <class Change> Reply Servers::change_metadata(Request& request, Change change) {
    auto const server = changed(request, [&](Server& found) {
        change(found.metadata);
        check_metadata(found.metadata);
    });
    return shown_metadata(request, server.metadata);
}

Reply Servers::add_metadata(Request& request) {
    auto const given = strings_of(request, "metadata");
    return change_metadata(request, [&](auto& metadata) {
        for (auto const& [key, value] : given) metadata[key] = value;
    });
}

Reply Servers::replace_metadata(Request& request) {
    auto const given = strings_of(request, "metadata");
    return change_metadata(request, [&](auto& metadata) { metadata = given; });
}

Reply Servers::show_metadata_key(Request& request) {
    auto const server = require_server(request);
    auto const found = server.metadata.find(request.parameter("key"));
    if (found == server.metadata.end()) no_key();
    return request.reply(json::object{{"meta", {{json::string(found->first), json::string(found->second)}}}});
}

Reply Servers::set_metadata_key(Request& request) {
    auto const given = strings_of(request, "meta");
    auto const& key = request.parameter("key");
    if (given.size() != 1 || given.begin()->first != key)
        throw Error(Code::invalid, "Request body and URI mismatch: the body's one key is that of the path");
    change_metadata(request, [&](auto& metadata) { metadata[key] = given.begin()->second; });
    return request.reply(json::object{{"meta", json::encode(given)}});
}

Reply Servers::remove_metadata_key(Request& request) {
    change_metadata(request, [&](auto& metadata) {
        if (metadata.erase(request.parameter("key")) == 0) no_key();
    });
    return request.reply();
}

Reply Servers::list_addresses(Request& request) {
    auto server = require_server(request);
    fill_nics(request.call(), {&server});
    return request.reply(json::object{{"addresses", plain_addresses(server)}});
}

Reply Servers::list_addresses_of_network(Request& request) {
    auto server = require_server(request);
    fill_nics(request.call(), {&server});
    auto all = plain_addresses(server);
    auto const& network = request.parameter("network");
    if (!all.contains(network)) throw Error(Code::not_found, "Network name not found");
    return request.reply(json::object{{json::string(network), all.at(network)}});
}

Reply Servers::list_interfaces(Request& request) {
    auto server = require_server(request);
    fill_nics(request.call(), {&server});
    json::array rows;
    for (auto const& nic : server.shown_nics.value_or(std::vector<ports::Nic>()))
        rows.push_back(interface_of(request, nic));
    return request.reply(json::object{{"interfaceAttachments", std::move(rows)}});
}

Reply Servers::show_interface(Request& request) {
    auto server = require_server(request);
    fill_nics(request.call(), {&server});
    auto const& port = request.parameter("port_id");
    for (auto const& nic : server.shown_nics.value_or(std::vector<ports::Nic>()))
        if (nic.port == port) return request.reply(json::object{{"interfaceAttachment", interface_of(request, nic)}});
    throw Error(Code::not_found, fmt::format("No interface of instance {} has port {}", server.id, port));
}

Reply Servers::list_groups_of_server(Request& request) {
    auto const server = require_server(request);
    ports::GroupIds wanted;
    if (server.networks != "none")
        for (auto const& nic :
             backends_.ports.call<&ports::Ports::of_servers>(request.call(), ports::Servers{{server.id}}).nics)
            wanted.ids.insert(wanted.ids.end(), nic.security_groups.begin(), nic.security_groups.end());
    json::array rows;
    if (!wanted.ids.empty())
        for (auto const& group : backends_.ports.call<&ports::Ports::groups>(request.call(), wanted).groups)
            rows.push_back(group_of(group));
    return request.reply(json::object{{"security_groups", std::move(rows)}});
}

// Still answered from 2.36 on, where the API has none: clients that add a group to a server ask here.
Reply Servers::list_groups(Request& request) {
    json::array rows;
    for (auto const& group : backends_.ports.call<&ports::Ports::groups>(request.call(), ports::GroupIds{}).groups)
        rows.push_back(group_of(group));
    return request.reply(json::object{{"security_groups", std::move(rows)}});
}

Reply Servers::show_group(Request& request) {
    auto const& id = request.parameter("group_id");
    if (!is_uuid(id)) throw Error(Code::invalid, "Security group id should be uuid");
    auto const found = backends_.ports.call<&ports::Ports::groups>(request.call(), ports::GroupIds{{id}}).groups;
    if (found.empty()) throw Error(Code::not_found, fmt::format("Security group {} not found.", id));
    return request.reply(json::object{{"security_group", group_of(found.front())}});
}

Reply Servers::list_volumes(Request& request) {
    require_server(request);
    return request.reply(json::object{{"volumeAttachments", json::array()}});
}

Reply Servers::show_password(Request& request) {
    return request.reply(json::object{{"password", json::string(require_server(request).password)}});
}

Reply Servers::remove_password(Request& request) {
    retry_on_conflict([&] {
        auto server = require_server(request);
        server.password.clear();
        request.apply(put(server));
    });
    return request.reply();
}

Reply Servers::list_events(Request& request) {
    auto const server = server_or_tombstone(request);
    json::array rows;
    for (auto at = server.events.rbegin(); at != server.events.rend(); ++at)
        rows.push_back(shown_event(request, server, *at));
    return request.reply(json::object{{"instanceActions", std::move(rows)}});
}

Reply Servers::show_event(Request& request) {
    auto const server = server_or_tombstone(request);
    auto const& id = request.parameter("request_id");
    for (auto const& event : server.events) {
        if (event.request_id != id) continue;
        auto shown = shown_event(request, server, event);
        shown["events"] = json::array();
        return request.reply(json::object{{"instanceAction", std::move(shown)}});
    }
    throw Error(Code::not_found, fmt::format("Action for request_id {} on instance {} not found", id, server.id));
}

} // namespace volutus::compute
