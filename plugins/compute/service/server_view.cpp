#include "server_view.hpp"

#include "links.hpp"
#include "ssh_key.hpp"

#include <set>

namespace volutus::compute {

json::object address_of(std::string const& address, std::uint32_t version) {
    return {{"version", version}, {"addr", json::string(address)}};
}

json::object shown_addresses(Request&, Server const& server) {
    json::object out;
    if (!server.shown_nics) return out;
    for (auto const& nic : *server.shown_nics) {
        auto& list = out[nic.network_name];
        if (!list.is_array()) list = json::array();
        auto add = [&](std::string const& address, std::uint32_t version, char const* type) {
            auto row = address_of(address, version);
            row["OS-EXT-IPS:type"] = type;
            row["OS-EXT-IPS-MAC:mac_addr"] = nic.mac;
            list.get_array().push_back(std::move(row));
        };
        for (auto const& address : nic.addresses) {
            add(address.address, address.version, "fixed");
            for (auto const& floating : address.floating) add(floating, 4, "floating");
        }
    }
    return out;
}

json::object flavor_reference(Request& request, Server const& server) {
    return {{"id", json::string(server.flavor.id)},
            {"links", json::array{bookmark_to(request, "/flavors/" + server.flavor.id)}}};
}

json::object embedded_flavor(Request& request, Server const& server) {
    auto out = volutus::encode(rows_of(&server.flavor), &server.flavor);
    out.erase("id");
    if (!request.may("os_compute_api:os-flavor-extra-specs:index", request.own_target())) out.erase("extra_specs");
    return out;
}

json::value shown_image(Request& request, Server const& server) {
    if (server.image.id.empty()) return "";
    return json::object{{"id", json::string(server.image.id)},
                        {"links", json::array{bookmark_to(request, "/images/" + server.image.id)}}};
}

json::array server_links(Request& request, Server const& server) { return links_to(request, "/servers/" + server.id); }

std::string shown_config_drive(Request&, Server const& server) { return server.config_drive ? "True" : ""; }

// The same for a project's servers on one host, and telling nothing about the host.
std::string shown_host_id(Request&, Server const& server) {
    return server.host.empty() ? std::string() : sha224(server.project_id + server.host);
}

std::string host_status(Request&, Server const& server) { return server.host.empty() ? "" : "UP"; }

std::optional<std::string> shown_host(Request&, Server const& server) {
    if (server.host.empty()) return std::nullopt;
    return server.host;
}

std::string shown_instance_name(Request&, Server const& server) { return instance_name(server); }

json::array shown_groups(Request&, Server const& server) {
    json::array out;
    std::set<std::string> names;
    if (server.shown_nics)
        for (auto const& nic : *server.shown_nics) names.insert(nic.security_groups.begin(), nic.security_groups.end());
    else
        names.insert(server.security_groups.begin(), server.security_groups.end());
    for (auto const& name : names) out.push_back(json::object{{"name", json::string(name)}});
    return out;
}

json::array no_volumes(Request&, Server const&) { return {}; }
json::array no_groups(Request&, Server const&) { return {}; }
std::optional<std::string> nothing_known(Request&, Server const&) { return std::nullopt; }
std::string root_device(Request&, Server const&) { return "/dev/vda"; }
std::int64_t no_progress(Request&, Server const&) { return 0; }

json::value shown_fault(Request&, Server const& server) {
    if (!server.fault || server.status != "ERROR") return nullptr;
    return volutus::encode(rows_of(&*server.fault), &*server.fault);
}

std::string shown_status(Request&, Server const& server) { return server.stored_removed ? "DELETED" : server.status; }
std::string shown_vm_state(Request&, Server const& server) {
    return server.stored_removed ? "deleted" : server.vm_state;
}

void fit_state(Request&, Server const& server, json::object& shown) {
    if (server.stored_removed || (server.status != "ACTIVE" && server.status != "BUILD")) shown.erase("progress");
}

} // namespace volutus::compute
