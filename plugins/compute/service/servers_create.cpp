// Making servers: what was asked for, checked, and the one apply that starts them.
#include "host.hpp"
#include "keypairs.hpp"
#include "quota_words.hpp"
#include "server_table.hpp"
#include "server_tasks.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace volutus::compute {

namespace {

constexpr std::int64_t most_at_once = 100; // so that one apply holds them all
constexpr std::int64_t gib = 1024LL * 1024 * 1024;

// Old clients send links in the place of ids.
std::string id_of_reference(std::string const& reference) {
    auto const slash = reference.rfind('/');
    return slash == reference.npos ? reference : reference.substr(slash + 1);
}

// What the network service says a user may not have is, of a create, a bad request.
[[noreturn]] void refuse_networks(Error const& error, bool automatic) {
    if (error.code() == Code::not_found) throw Error(Code::invalid, error.what(), error.details());
    if (error.code() == Code::invalid && automatic) throw Error(Code::conflict, error.what(), error.details());
    throw error;
}

std::string new_password() {
    constexpr std::string_view letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"; // none alike
    std::string out;
    while (out.size() < 12) {
        unsigned char byte = 0;
        world::random_bytes(&byte, 1);
        if (byte < 256 / letters.size() * letters.size()) out += letters[byte % letters.size()];
    }
    return out;
}

// RFC 5952, as clients compare it.
std::string canonical_ipv6(std::string const& text) {
    in6_addr address{};
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (text.empty() || ::inet_pton(AF_INET6, text.c_str(), &address) != 1 ||
        !::inet_ntop(AF_INET6, &address, out.data(), out.size()))
        return text;
    return out.data();
}

std::string new_reservation() {
    constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::string out = "r-";
    while (out.size() < 10) out += letters[world::random_u64() % letters.size()];
    return out;
}

void choose_networks(NewServer const& wanted, Request& request, Server& server) {
    auto const& asked = wanted.networks;
    if (request.since("2.37") && asked.is_string()) {
        server.networks = json::text(asked);
        if (server.networks != "auto" && server.networks != "none")
            throw Error(Code::invalid, "Invalid input for field/attribute networks: a list, 'auto' or 'none'");
        return;
    }
    if (asked.is_null() && !request.since("2.37")) return;
    if (!asked.is_array()) throw Error(Code::invalid, "Invalid input for field/attribute networks: a list");
    for (auto const& item : asked.get_array()) {
        if (!item.is_object())
            throw Error(Code::invalid, "Invalid input for field/attribute networks: each is an object");
        WantedNic nic;
        volutus::decode(rows_of(&nic), item.get_object(), &nic, json::Path{});
        if (!nic.uuid && !nic.port)
            throw Error(Code::invalid, "Bad networks format: a network's uuid or a port is needed");
        if (nic.port) nic.uuid.reset(); // its network is the port's
        server.nics.push_back(std::move(nic));
    }
    constexpr std::size_t most_nics = 32;
    if (server.nics.size() > most_nics) throw Error(Code::invalid, "a server has at most 32 networks");
    if (!server.nics.empty())
        server.networks = "chosen";
    else if (request.since("2.37"))
        server.networks = "none";
}

// Hints that no scheduler here listens to are ignored, as the API wants it; but a group is a promise.
void refuse_groups(Request& request) {
    for (auto const* name : {"os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"}) {
        auto const* hints = request.document().get_object().if_contains(name);
        if (!hints) continue;
        if (!hints->is_object()) throw Error(Code::invalid, fmt::format("Invalid input for {}: an object", name));
        if (auto const* group = hints->get_object().if_contains("group"))
            throw Error(Code::invalid, fmt::format("Instance group {} could not be found.",
                                                   group->is_string() ? json::text(*group) : json::print(*group)));
    }
}

void refuse_volumes(NewServer const& wanted) {
    auto given = [](json::value const& list) { return list.is_array() && !list.get_array().empty(); };
    if (given(wanted.block_device_mapping))
        throw Error(Code::invalid, "Block Device Mapping is Invalid: this cloud has no volumes");
    if (!given(wanted.block_devices)) return;
    // The image itself as the one local disk is what a server has anyway.
    auto const& list = wanted.block_devices.get_array();
    auto const* only = list.size() == 1 ? list[0].if_object() : nullptr;
    auto is = [&](char const* key, char const* value) {
        auto const* found = only ? only->if_contains(key) : nullptr;
        return found && found->is_string() && json::view(found->get_string()) == value;
    };
    if (!is("source_type", "image") || !is("destination_type", "local"))
        throw Error(Code::invalid, "Block Device Mapping is Invalid: this cloud has no volumes");
}

} // namespace

void Servers::choose_flavor(Request& request, NewServer const& wanted, Server& server) const {
    auto const id = id_of_reference(wanted.flavor);
    auto const flavor = request.store().get<Flavor>(id);
    auto const& project = request.caller().project;
    bool const usable = flavor && (flavor->is_public || request.caller().is_admin ||
                                   (project && std::find(flavor->projects.begin(), flavor->projects.end(),
                                                         project->id) != flavor->projects.end()));
    if (!usable) throw Error(Code::invalid, "Invalid flavorRef provided.");
    server.flavor = {flavor->id,   flavor->name,      flavor->vcpus, flavor->ram,
                     flavor->disk, flavor->ephemeral, flavor->swap,  flavor->extra_specs};
}

void Servers::choose_image(Request& request, NewServer const& wanted, Server& server) const {
    auto const id = id_of_reference(wanted.image.value_or(""));
    if (id.empty()) throw Error(Code::invalid, "Invalid imageRef provided: a server starts from an image here.");
    images::Image image;
    try {
        image = backends_.images.call<&images::Images::show>(request.call(), images::ImageId{id});
    } catch (Error const& error) {
        if (error.code() != Code::not_found && error.code() != Code::forbidden) throw;
        throw Error(Code::invalid, "Invalid imageRef provided: Can not find requested image");
    }
    if (image.status != "active") throw Error(Code::invalid, fmt::format("Image {} is not active.", id));
    if (server.flavor.ram < image.min_ram)
        throw Error(Code::invalid, "Flavor's memory is too small for requested image.");
    auto const needed = std::max(image.min_disk, static_cast<std::int64_t>((image.virtual_size + gib - 1) / gib));
    if (server.flavor.disk > 0 && server.flavor.disk < needed)
        throw Error(Code::invalid, fmt::format("Flavor's disk is too small for requested image. Flavor disk is {} "
                                               "bytes, minimum is {} bytes.",
                                               server.flavor.disk * gib, needed * gib));
    server.image = {image.id, image.sha512, image.disk_format, image.properties};
}

void Servers::choose_key(Request& request, NewServer const& wanted, Server& server) const {
    if (!wanted.key_name || wanted.key_name->empty()) return;
    auto const keypair = find_keypair(request.store(), request.user(), *wanted.key_name);
    if (!keypair) throw Error(Code::invalid, "Invalid key_name provided.");
    server.key_name = keypair->name;
    server.public_key = keypair->public_key;
    server.key_type = keypair->type;
}

// "nova", or, for operators, "nova:host" and "nova:host:node".
void Servers::choose_place(Request& request, NewServer const& wanted, Server& server) const {
    std::string zone = wanted.zone.value_or(""), host = wanted.host.value_or(wanted.hypervisor_hostname.value_or(""));
    if (auto const colon = zone.find(':'); colon != zone.npos) {
        auto const rest = zone.substr(colon + 1);
        zone.resize(colon);
        auto const second = rest.find(':');
        host = rest.substr(0, second);
        if (host.empty() && second != rest.npos) host = rest.substr(second + 1);
    }
    if (!host.empty()) {
        request.enforce(forced_host_rule, request.own_target());
        if (!request.store().find<ComputeHost>(where("name", json::string(host))))
            throw Error(Code::invalid, fmt::format("Compute host {} could not be found.", host));
        server.forced_host = host;
    }
    if (!zone.empty() && zone != settings_.zone &&
        !request.store().find<ComputeHost>(where("zone", json::string(zone))))
        throw Error(Code::invalid, "The requested availability zone is not available");
    server.availability_zone = zone.empty() ? settings_.zone : zone;
}

void Servers::check_metadata(std::map<std::string, std::string> const& metadata) const {
    for (auto const& [key, value] : metadata) {
        auto plain = [](unsigned char c) {
            return std::isalnum(c) || c == '.' || c == ' ' || c == '_' || c == '-' || c == ':';
        };
        if (key.empty() || key.size() > 255 || !std::all_of(key.begin(), key.end(), plain))
            throw Error(Code::invalid, fmt::format("Invalid metadata key '{}': 1 to 255 letters, digits, spaces, '.', "
                                                   "':', '-' and '_' are allowed",
                                                   key));
        if (value.size() > 255)
            throw Error(Code::invalid,
                        fmt::format("Metadata property value of {} is greater than 255 characters", key));
    }
    auto const count = static_cast<std::int64_t>(metadata.size());
    if (settings_.metadata_items >= 0 && count > settings_.metadata_items)
        throw Error(Code::over_quota,
                    fmt::format("Maximum number of metadata items exceeds {}", settings_.metadata_items));
}

Server Servers::server_from(Request& request, NewServer const& wanted) {
    refuse_groups(request);
    refuse_volumes(wanted);
    if (!wanted.certificates.is_null())
        throw Error(Code::invalid, "trusted_image_certificates: this cloud does not check image signatures");
    if (wanted.personality.is_array() && !wanted.personality.get_array().empty())
        throw Error(Code::invalid, "personality: files are not injected here; use user_data");
    Server server;
    server.project_id = request.project();
    server.user_id = request.user();
    server.name = wanted.name;
    server.description = wanted.description;
    if (!server.description && !request.since("2.19")) server.description = wanted.name;
    server.created = timestamp_now();
    server.task_state = "scheduling";
    server.user_data = wanted.user_data;
    server.config_drive = wanted.config_drive;
    server.disk_config = wanted.disk_config;
    server.access_v4 = wanted.access_v4;
    server.access_v6 = canonical_ipv6(wanted.access_v6);
    server.metadata = wanted.metadata;
    server.tags = wanted.tags;
    check_tags(server.tags);
    check_metadata(server.metadata);
    for (auto const& group : wanted.security_groups)
        if (std::find(server.security_groups.begin(), server.security_groups.end(), group.name) ==
            server.security_groups.end())
            server.security_groups.push_back(group.name);
    choose_flavor(request, wanted, server);
    choose_image(request, wanted, server);
    choose_key(request, wanted, server);
    choose_networks(wanted, request, server);
    choose_place(request, wanted, server);
    server.reservation_id = new_reservation();
    return server;
}

void refuse_numeric_name(Request& request) {
    auto const* name = request.body().if_contains("name");
    if (name && !name->is_string())
        throw Error(Code::invalid, fmt::format("Invalid input for field/attribute name. Value: {}. {} is not of type "
                                               "'string'",
                                               json::print(*name), json::print(*name)));
}

std::vector<Server> Servers::copies_of(Server const& first, NewServer const& wanted, std::int64_t count) const {
    std::vector<Server> all;
    bool const numbered = wanted.max_count.value_or(wanted.min_count) > 1;
    for (std::int64_t i = 0; i < count; ++i) {
        auto& server = all.emplace_back(first);
        server.id = new_uuid();
        server.launch_index = i;
        if (numbered) server.name = fmt::format("{}-{}", first.name, i + 1);
        server.hostname = hostname_of(server.name, server.id);
        touch(server);
    }
    return all;
}

Writes Servers::writes_for(Request& request, Server const& server) const {
    auto const& project = server.project_id;
    auto kept = server;
    remember(request, kept, "create");
    return put(kept) + claim_quota(project, "instances", server.id, 1, settings_.instances) +
           claim_quota(project, "cores", server.id, server.flavor.vcpus, settings_.cores) +
           claim_quota(project, "ram", server.id, server.flavor.ram, settings_.ram) +
           volutus::start(create_server, kept);
}

Reply Servers::create(Request& request, NewServer const& wanted) {
    refuse_numeric_name(request);
    auto const most = std::max(wanted.max_count.value_or(wanted.min_count), std::int64_t{1});
    if (wanted.min_count > most) throw Error(Code::invalid, "min_count must be <= max_count");
    if (most > most_at_once)
        throw Error(Code::invalid, fmt::format("max_count is at most {}: ask several times for more", most_at_once));
    auto const server = server_from(request, wanted);
    if (server.networks != "none") {
        if (most > 1)
            for (auto const& nic : server.nics)
                if (nic.port || nic.fixed_ip)
                    throw Error(Code::invalid,
                                "Unable to launch multiple instances with a single configured port ID or "
                                "address. Please launch your instances one by one.");
        try {
            backends_.ports.call<&ports::Ports::check>(request.call(), wanted_ports(server));
        } catch (Error const& error) {
            refuse_networks(error, server.networks == "auto");
        }
    }
    // As many as the quota has room for, but not fewer than the least.
    for (auto count = most;; --count) {
        auto const all = copies_of(server, wanted, count);
        Writes writes;
        for (auto const& one : all) writes += writes_for(request, one);
        try {
            return request.apply_and_answer(std::move(writes), answer_create(request, wanted, all.front()));
        } catch (Error const& error) {
            if (error.code() != Code::over_quota) throw;
            if (count <= wanted.min_count) refuse_quota(request.store(), error, server, wanted.min_count);
        }
    }
}

Reply Servers::answer_create(Request& request, NewServer const& wanted, Server const& server) const {
    if (wanted.returns_reservation)
        return Reply(202, json::object{{"reservation_id", json::string(server.reservation_id)}});
    auto shown = server;
    if (shown.security_groups.empty()) shown.security_groups = {"default"};
    auto reply = request.shown(shown);
    reply.body->at("server").as_object()["adminPass"] = wanted.password.value_or(new_password());
    reply.header("Location", request.link("/servers/" + server.id));
    return reply;
}

} // namespace volutus::compute
