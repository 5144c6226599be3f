// A host that servers run on. Its id is that of its resource provider, and of its account in the ledger.
#pragma once

#include <volutus/store.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::compute {

struct ComputeHost : Stored {
    std::string id, name, driver; // driver: the target by which its hypervisor is called
    std::string service_id;       // of its nova-compute in the list of services
    std::string type, address, zone;
    std::int64_t version = 0, vcpus = 0, memory_mb = 0, disk_gb = 0;
    json::object cpu;
    std::vector<std::string> traits; // that its driver tells
    bool disabled = false;
    std::optional<std::string> disabled_reason;
    std::string updated_at;
};
Resource const& resource_of(ComputeHost const*);

// The aggregate in placement whose members are the hosts of a zone: a UUID.
std::string aggregate_of_zone(std::string const& zone);
// Of hosts that are to get no new servers; a name of the os-traits library.
inline constexpr char disabled_trait[] = "COMPUTE_STATUS_DISABLED";

} // namespace volutus::compute
