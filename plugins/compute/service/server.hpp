// A server as it is kept.
#pragma once

#include <volutus/contract/ports.hpp>
#include <volutus/formats.hpp>
#include <volutus/store.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace volutus::compute {

// The flavor as it was when the server was made.
struct ServerFlavor {
    std::string id, original_name;
    std::int64_t vcpus = 0, ram = 0, disk = 0, ephemeral = 0, swap = 0;
    std::map<std::string, std::string> extra_specs;
};
constexpr auto server_flavor_rows =
    rows(field<&ServerFlavor::id>("id"), field<&ServerFlavor::original_name>("original_name"),
         field<&ServerFlavor::vcpus>("vcpus"), field<&ServerFlavor::ram>("ram"), field<&ServerFlavor::disk>("disk"),
         field<&ServerFlavor::ephemeral>("ephemeral"), field<&ServerFlavor::swap>("swap"),
         field<&ServerFlavor::extra_specs>("extra_specs"));
constexpr Fields rows_of(ServerFlavor const*) { return fields_of(server_flavor_rows); }

// What its disk is made from; the image itself may be gone by the time the server is started again.
struct ServerImage {
    std::string id, sha512, format;
    std::map<std::string, std::string> properties;
};
constexpr auto server_image_rows =
    rows(field<&ServerImage::id>("id"), field<&ServerImage::sha512>("sha512"), field<&ServerImage::format>("format"),
         field<&ServerImage::properties>("properties"));
constexpr Fields rows_of(ServerImage const*) { return fields_of(server_image_rows); }

// What of networks was asked for; the network service knows what came of it.
struct WantedNic {
    std::optional<std::string> uuid, port, fixed_ip, tag;
};
constexpr auto wanted_nic_rows = rows(
    field<&WantedNic::uuid>("uuid", formats::uuid), field<&WantedNic::port>("port", formats::uuid),
    field<&WantedNic::fixed_ip>("fixed_ip", formats::ip), field<&WantedNic::tag>("tag", since("2.32"), max_length(60)));
constexpr Fields rows_of(WantedNic const*) { return fields_of(wanted_nic_rows); }

struct Fault {
    std::int64_t code = 500;
    std::string created, message;
};
constexpr auto fault_rows =
    rows(field<&Fault::code>("code"), field<&Fault::created>("created"), field<&Fault::message>("message"));
constexpr Fields rows_of(Fault const*) { return fields_of(fault_rows); }

// An action that somebody asked for.
struct ServerEvent {
    std::string action, request_id, user_id, project_id, start_time;
    std::optional<std::string> message;
};
constexpr auto server_event_rows =
    rows(field<&ServerEvent::action>("action"), field<&ServerEvent::request_id>("request_id"),
         field<&ServerEvent::user_id>("user_id"), field<&ServerEvent::project_id>("project_id"),
         field<&ServerEvent::start_time>("start_time"), field<&ServerEvent::message>("message"));
constexpr Fields rows_of(ServerEvent const*) { return fields_of(server_event_rows); }

struct Server : Stored {
    std::string id, name, project_id, user_id, created, updated;
    std::string status = "BUILD", vm_state = "building"; // the API's words: ACTIVE, active
    std::optional<std::string> task_state;               // set while a task works on it
    std::int64_t power_state = 0;                        // 0 none, 1 running, 3 paused, 4 off, 6 crashed
    std::optional<Fault> fault;

    ServerFlavor flavor;
    ServerImage image;
    std::string hostname, availability_zone, reservation_id, disk_config = "MANUAL", access_v4, access_v6;
    std::int64_t launch_index = 0;
    std::optional<std::string> description, key_name, public_key, key_type, user_data, forced_host;
    bool config_drive = false, locked = false;
    std::optional<std::string> locked_reason, launched_at, terminated_at;
    std::map<std::string, std::string> metadata;
    std::vector<std::string> tags, security_groups; // groups: as they were asked for, names or ids
    std::string networks = "auto";                  // or "none", or "chosen": those of nics
    std::vector<WantedNic> nics;
    std::string password;            // that the guest has posted, encrypted by the guest
    std::vector<ServerEvent> events; // the last ones

    // Where it is. All are empty until it is placed.
    std::string provider, host, driver; // id and name of the host; target of its hypervisor

    // Not kept: its interfaces as the network service told them for this reply.
    std::optional<std::vector<ports::Nic>> shown_nics;
};
Resource const& resource_of(Server const*);

namespace power {
inline constexpr std::int64_t none = 0, running = 1, paused = 3, off = 4, crashed = 6;
}

// "ACTIVE" of vm_state and task_state, after the API's own table.
std::string status_of(Server const& server);
// Sets status from the rest, and when it changed.
void touch(Server& server);
// A host name that DNS takes: "Web 1.example" becomes "web-1-example".
std::string hostname_of(std::string const& name, std::string const& id);
// A tombstone, or becoming one with the next step of the task that deleted it.
inline bool is_gone(Server const& server) { return server.stored_removed || server.vm_state == "deleted"; }
std::string instance_name(Server const& server);
// What it claims of its host, by resource class.
std::map<std::string, std::int64_t> resources_of(Server const& server);
ports::Wanted wanted_ports(Server const& server);

} // namespace volutus::compute
