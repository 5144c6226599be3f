// volutus.cloud/1: what this cloud consists of. Provided by the kernel, from the manifests of what is loaded.
#pragma once

#include <volutus/contract.hpp>

#include <string>
#include <vector>

namespace volutus::cloud {

struct Service {
    std::string name; // "compute"
    std::string type; // as in the catalog
    std::string description;
    std::string path;                // of its endpoint below the cloud's URL, "/compute/v2.1"
    std::vector<std::string> quotas; // names that its creates claim
};
BOOST_DESCRIBE_STRUCT(Service, (), (name, type, description, path, quotas))

struct Services {
    std::vector<Service> services; // by name
};
BOOST_DESCRIBE_STRUCT(Services, (), (services))

struct ContractName {
    std::string contract; // "volutus.hypervisor/1"
};
BOOST_DESCRIBE_STRUCT(ContractName, (), (contract))

struct Providers {
    std::vector<std::string> targets; // by name; the targets of a Client
};
BOOST_DESCRIBE_STRUCT(Providers, (), (targets))

struct Cloud {
    virtual ~Cloud() = default;
    virtual Services services(Call&) = 0;
    virtual Providers providers(Call&, ContractName const&) = 0; // of plugins; none is no error
};
inline constexpr auto contract = volutus::contract<Cloud>("volutus.cloud/1", required<&Cloud::services>("services"),
                                                          required<&Cloud::providers>("providers"));

} // namespace volutus::cloud
