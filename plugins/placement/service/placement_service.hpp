// The placement service as a plugin.
#pragma once

#include "provided.hpp"

#include <volutus/service.hpp>

namespace volutus::placement_service {

class PlacementService : public ServicePlugin {
public:
    explicit PlacementService(Host host);

private:
    // From 1.15 on replies say that they are not to be kept, and when what they show was changed.
    void after(Request& request, Reply& reply) override;

    Provided provided_;
};

} // namespace volutus::placement_service
