// Compares servers with the guests that the hypervisors have, and with what they hold in the ledger.
//
// What is mended: a guest that no document knows is removed, one in another state than its server is brought there by
// the task that a tenant would have started, and claims become what the servers need. A server whose guest is lost is
// started anew; if its disks are lost too, that fails, and the server says so.
#pragma once

#include "backends.hpp"
#include "host.hpp"

#include <volutus/contract/prover.hpp>

namespace volutus::compute {

class Prover : public prover::Prover {
public:
    explicit Prover(Host host) : backends_(host) {}
    prover::Verdict verify(Call& call) override;
    prover::Verdict repair(Call& call) override;

private:
    Backends backends_;
};

} // namespace volutus::compute
