#include "server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace volutus::compute {

std::string status_of(Server const& server) {
    auto const task = server.task_state.value_or("");
    auto const& state = server.vm_state;
    if (state == "active") {
        if (task.rfind("reboot", 0) == 0) return task.find("hard") == task.npos ? "REBOOT" : "HARD_REBOOT";
        return "ACTIVE";
    }
    if (task == "rebooting_hard") return "HARD_REBOOT";
    if (state == "building") return "BUILD";
    if (state == "stopped") return "SHUTOFF";
    if (state == "paused") return "PAUSED";
    if (state == "deleted") return "DELETED";
    return "ERROR";
}

void touch(Server& server) {
    server.status = status_of(server);
    server.updated = timestamp_now();
}

std::string hostname_of(std::string const& name, std::string const& id) {
    std::string out;
    for (unsigned char c : name) {
        if (c == ' ' || c == '_' || c == '.')
            out += '-';
        else if (c < 0x80 && (std::isalnum(c) || c == '-'))
            out += static_cast<char>(std::tolower(c));
    }
    constexpr std::size_t label_max = 63; // RFC 1035
    out.resize(std::min(out.size(), label_max));
    while (!out.empty() && out.back() == '-') out.pop_back();
    out.erase(0, std::min(out.find_first_not_of('-'), out.size()));
    return out.empty() ? "server-" + id : out;
}

std::string instance_name(Server const& server) { return "instance-" + server.id.substr(0, 8); }

ports::Wanted wanted_ports(Server const& server) {
    ports::Wanted wanted;
    wanted.server = server.id;
    wanted.project_id = server.project_id;
    wanted.host = server.host;
    wanted.availability_zone = server.availability_zone;
    wanted.hostname = server.hostname;
    wanted.automatic = server.networks == "auto";
    for (auto const& nic : server.nics) wanted.nics.push_back({nic.uuid, nic.port, nic.fixed_ip});
    wanted.security_groups = server.security_groups;
    return wanted;
}

std::map<std::string, std::int64_t> resources_of(Server const& server) {
    std::map<std::string, std::int64_t> resources{{"VCPU", server.flavor.vcpus}, {"MEMORY_MB", server.flavor.ram}};
    auto const disk = server.flavor.disk + server.flavor.ephemeral + (server.flavor.swap + 1023) / 1024;
    if (disk > 0) resources["DISK_GB"] = disk;
    return resources;
}

} // namespace volutus::compute
