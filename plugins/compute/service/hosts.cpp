#include "hosts.hpp"

#include "hosts_table.hpp"

#include "ssh_key.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

namespace volutus::compute {

Resource const& resource_of(ComputeHost const*) { return erased<hosts>(); }

// A UUID of version 8: RFC 9562 leaves its bits to us.
std::string aggregate_of_zone(std::string const& zone) {
    auto const digest = sha224("availability zone " + zone);
    return fmt::format("{}-{}-8{}-8{}-{}", digest.substr(0, 8), digest.substr(8, 4), digest.substr(12, 3),
                       digest.substr(15, 3), digest.substr(18, 12));
}

namespace {

constexpr std::chrono::minutes silence{5}; // after which a driver's hosts are shown as down

// In the order in which a driver's host is compared with what is kept.
bool bring_up_to_date(ComputeHost& kept, std::string const& driver, hypervisor::Host const& told,
                      std::string const& zone) {
    auto const before = stored_form(resource_of(&kept), &kept);
    kept.driver = driver;
    kept.type = told.type;
    kept.version = told.version;
    kept.address = told.address;
    kept.vcpus = told.vcpus;
    kept.memory_mb = told.memory_mb;
    kept.disk_gb = told.disk_gb;
    kept.cpu = told.cpu;
    kept.traits = told.traits;
    kept.zone = zone;
    return stored_form(resource_of(&kept), &kept) != before;
}

placement::Provider provider_of(ComputeHost const& host, Settings const& settings) {
    placement::Provider provider;
    provider.id = host.id;
    provider.name = host.name;
    provider.traits = host.traits;
    if (host.disabled) provider.traits.emplace_back(disabled_trait);
    provider.aggregates = {aggregate_of_zone(host.zone)};
    auto add = [&](char const* resource, std::int64_t total, std::int64_t reserved, double ratio) {
        if (total <= 0) return;
        auto& inventory = provider.inventories.emplace_back();
        inventory.resource_class = resource;
        inventory.total = total;
        inventory.reserved = std::min(reserved, total);
        inventory.allocation_ratio = ratio;
    };
    add("VCPU", host.vcpus, 0, settings.cpu_ratio);
    add("MEMORY_MB", host.memory_mb, settings.reserved_memory_mb, settings.ram_ratio);
    add("DISK_GB", host.disk_gb, settings.reserved_disk_gb, settings.disk_ratio);
    return provider;
}

} // namespace

void Hosts::keep(Call& call) {
    Store store(backends_.host, call);
    cloud::ContractName const wanted{std::string(hypervisor::contract.name)};
    for (auto const& driver : backends_.cloud.call<&cloud::Cloud::providers>(call, wanted).targets) {
        try {
            for (auto const& told : backends_.hypervisors.at(driver).call<&hypervisor::Driver::hosts>(call).hosts)
                keep_one(call, store, driver, told);
            world::Lock lock(mutex_);
            heard_[driver] = world::now();
        } catch (Error const& error) {
            backends_.host.log(Level::warning,
                               "a hypervisor's hosts could not be brought up to date; trying again later",
                               {{"driver", driver}, {"error", error.what()}});
        }
    }
}

void Hosts::keep_one(Call& call, Store& store, std::string const& driver, hypervisor::Host const& told) {
    auto kept = store.find<ComputeHost>(where("name", json::string(told.name)));
    if (!kept) {
        kept.emplace();
        kept->id = new_uuid();
        kept->service_id = new_uuid();
        kept->name = told.name;
    }
    if (bring_up_to_date(*kept, driver, told, settings_.zone)) {
        kept->updated_at = timestamp_now();
        store.save(*kept);
    }
    tell_placement(call, *kept);
}

void Hosts::tell_placement(Call& call, ComputeHost const& host) const {
    backends_.placement.call<&placement::Placement::keep>(call, provider_of(host, settings_));
}

bool Hosts::is_up(ComputeHost const& host) const {
    world::Lock lock(mutex_);
    auto const heard = heard_.find(host.driver);
    return heard != heard_.end() && world::now() - heard->second < silence;
}

} // namespace volutus::compute
