// Compares servers with the guests that the hypervisors have, and with what they hold in the ledger.
#pragma once

#include "backends.hpp"
#include "host.hpp"

#include <volutus/contract/prover.hpp>

namespace volutus::compute {

class Prover : public prover::Prover {
public:
    explicit Prover(Host host) : backends_(host) {}
    prover::Verdict verify(Call& call) override;

private:
    Backends backends_;
};

} // namespace volutus::compute
