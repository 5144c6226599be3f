#include "guest_metadata.hpp"

#include "guest_documents.hpp"
#include "ssh_key.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace volutus::compute {

namespace {

constexpr std::size_t password_max = 1020; // four values of 255 in the API's own storage

// The dates that each format was published under; "latest" is the newest.
constexpr std::array<std::string_view, 10> ec2_versions{"1.0",        "2007-01-19", "2007-03-01", "2007-08-29",
                                                        "2007-10-10", "2007-12-15", "2008-02-01", "2008-09-01",
                                                        "2009-04-04", "latest"};
constexpr std::array<std::string_view, 12> openstack_versions{"2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15",
                                                              "2016-06-30", "2016-10-06", "2017-02-22", "2018-08-27",
                                                              "2020-10-14", "2022-05-20", "2023-10-05", "latest"};

metadata::Reply text(std::string body) { return {200, "text/plain; charset=UTF-8", std::move(body)}; }
metadata::Reply document(json::object const& body) { return {200, "application/json", json::print(body)}; }
metadata::Reply refusal(std::uint32_t status, std::string body) {
    return {status, "text/plain; charset=UTF-8", std::move(body)};
}
metadata::Reply not_there() { return refusal(404, "404 Not Found\n"); }

template <class Names> std::string lines(Names const& names) {
    std::string out;
    for (auto const& name : names) out += fmt::format("{}{}", out.empty() ? "" : "\n", std::string_view(name));
    return out;
}

template <class Names> bool is_one_of(Names const& names, std::string_view wanted) {
    return std::find(names.begin(), names.end(), wanted) != names.end();
}

std::vector<std::string> parts_of(std::string_view path) {
    path = path.substr(0, path.find('?'));
    std::vector<std::string> parts;
    while (!path.empty()) {
        auto const slash = path.find('/');
        if (slash != 0) parts.emplace_back(path.substr(0, slash));
        path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
    }
    return parts;
}

// A folder lists its names, those of folders with a slash; what it says itself stands under "".
metadata::Reply ec2_answer(json::object const& tree, std::vector<std::string> const& parts, std::size_t at) {
    auto const* folder = &tree;
    for (; at < parts.size(); ++at) {
        auto const* found = folder->if_contains(parts[at]);
        if (!found) return not_there();
        if (found->is_string()) return at + 1 == parts.size() ? text(json::text(*found)) : not_there();
        folder = &found->get_object();
    }
    if (auto const* own = folder->if_contains("")) return text(json::text(*own));
    std::vector<std::string> names;
    for (auto const& [name, value] : *folder) names.push_back(std::string(name) + (value.is_object() ? "/" : ""));
    return text(lines(names));
}

std::string ec2_id(char const* prefix, std::string const& uuid) {
    return fmt::format("{}-{}", prefix, uuid.substr(0, 8));
}

} // namespace

json::object ec2_tree_of(Server const& server, ports::Nic const& nic) {
    std::string fixed, floating;
    for (auto const& address : nic.addresses) {
        if (address.version == 4 && fixed.empty()) fixed = address.address;
        if (floating.empty() && !address.floating.empty()) floating = address.floating.front();
    }
    json::object data{{"ami-id", ec2_id("ami", server.image.id)},
                      {"ami-launch-index", std::to_string(server.launch_index)},
                      {"block-device-mapping", {{"ami", "vda"}, {"root", "/dev/vda"}}},
                      {"hostname", json::string(server.hostname)},
                      {"instance-action", "none"},
                      {"instance-id", ec2_id("i", server.id)},
                      {"instance-type", json::string(server.flavor.original_name)},
                      {"local-hostname", json::string(server.hostname)},
                      {"local-ipv4", json::string(fixed)},
                      {"placement", {{"availability-zone", json::string(server.availability_zone)}}},
                      {"public-hostname", json::string(server.hostname)},
                      {"public-ipv4", json::string(floating)},
                      {"reservation-id", json::string(server.reservation_id)},
                      {"security-groups", lines(server.security_groups)}};
    if (server.key_name && server.public_key)
        data["public-keys"] =
            json::object{{"", "0=" + *server.key_name}, {"0", {{"openssh-key", json::string(*server.public_key)}}}};
    json::object tree{{"meta-data", std::move(data)}};
    if (server.user_data) tree["user-data"] = from_base64(*server.user_data);
    return tree;
}

// A guest posts once, a password that it encrypted with its owner's key.
metadata::Reply GuestMetadata::post_password(Call& call, Server const& server, std::string const& body) const {
    if (body.size() > password_max) return refusal(400, "The password is longer than 1020 bytes\n");
    Store store(backends_.host, call);
    return retry_on_conflict([&]() -> metadata::Reply {
        auto now = store.require<Server>(server.id);
        if (!now.password.empty()) return refusal(409, "The password was posted already\n");
        now.password = body;
        store.save(now);
        return text("");
    });
}

metadata::Reply GuestMetadata::answer(Call& call, metadata::Request const& request) {
    auto const nic = backends_.ports.call<&ports::Ports::find>(call, ports::Source{request.network, request.address});
    auto const server = nic ? Store(backends_.host, call).get<Server>(nic->server) : std::nullopt;
    if (!server) return not_there();
    auto const parts = parts_of(request.path);
    bool const openstack = !parts.empty() && parts[0] == "openstack";
    bool const password = openstack && parts.size() == 3 && parts[2] == "password";
    if (request.method == "POST" && password && is_one_of(openstack_versions, parts[1]))
        return post_password(call, *server, request.body);
    if (request.method != "GET" && request.method != "HEAD") return refusal(405, "405 Method Not Allowed\n");
    if (parts.empty()) return text(lines(ec2_versions));
    if (!openstack) {
        if (!is_one_of(ec2_versions, parts[0])) return not_there();
        return ec2_answer(ec2_tree_of(*server, *nic), parts, 1);
    }
    if (parts.size() == 1) return text(lines(openstack_versions));
    if (!is_one_of(openstack_versions, parts[1])) return not_there();
    if (parts.size() == 2) {
        std::vector<std::string> names{"meta_data.json", "network_data.json", "password", "vendor_data.json",
                                       "vendor_data2.json"};
        if (server->user_data) names.emplace_back("user_data");
        return text(lines(names));
    }
    if (parts.size() > 3) return not_there();
    if (password) return text(server->password);
    if (parts[2] == "meta_data.json") return document(meta_data_of(*server));
    if (parts[2] == "vendor_data.json" || parts[2] == "vendor_data2.json") return document({});
    if (parts[2] == "user_data" && server->user_data) return text(from_base64(*server->user_data));
    if (parts[2] == "network_data.json")
        return document(
            network_data_of(backends_.ports.call<&ports::Ports::of_servers>(call, ports::Servers{{server->id}}).nics));
    return not_there();
}

} // namespace volutus::compute
