// volutus.placement/1: the hosts of other services as resource providers.
#pragma once

#include <volutus/contract/placement.hpp>

namespace volutus::placement_service {

class Provided : public placement::Placement {
public:
    explicit Provided(Host host) : host_(host) {}
    void keep(Call& call, placement::Provider const& wanted) override;
    void remove(Call& call, placement::ProviderId const& provider) override;

private:
    Host host_;
};

} // namespace volutus::placement_service
