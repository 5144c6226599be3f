// Where something could be placed: GET /allocation_candidates.
#pragma once

#include <volutus/contract/scheduler.hpp>
#include <volutus/request.hpp>

namespace volutus::placement_service {

class Candidates {
public:
    explicit Candidates(Host host) : scheduler_(host) {}
    Reply list(Request& request);

private:
    Client<scheduler::contract> scheduler_;
};

} // namespace volutus::placement_service
