// Whom the compute service calls. Cheap to copy; any thread.
#pragma once

#include <volutus/contract/cloud.hpp>
#include <volutus/contract/hypervisor.hpp>
#include <volutus/contract/images.hpp>
#include <volutus/contract/placement.hpp>
#include <volutus/contract/ports.hpp>
#include <volutus/contract/scheduler.hpp>

namespace volutus::compute {

struct Backends {
    explicit Backends(Host from)
        : host(from), cloud(from), hypervisors(from), images(from), placement(from), ports(from), scheduler(from) {}

    Host host;
    Client<cloud::contract> cloud;
    Client<hypervisor::contract> hypervisors; // .at(the driver that a host's document names)
    Client<images::contract> images;
    Client<placement::contract> placement;
    Client<ports::contract> ports;
    Client<scheduler::contract> scheduler;
};

} // namespace volutus::compute
