// Compares the documents with what the driver has, addresses with one another, and quotas with what uses them.
#pragma once

#include <volutus/contract/network.hpp>
#include <volutus/contract/prover.hpp>
#include <volutus/store.hpp>

namespace volutus::network_service {

class Prover : public prover::Prover {
public:
    explicit Prover(Host host) : host_(host), drivers_(host) {}
    prover::Verdict verify(Call& call) override { return compare(call, false); }
    prover::Verdict repair(Call& call) override { return compare(call, true); }

private:
    prover::Verdict compare(Call& call, bool repair) const;

    Host host_;
    Client<network::contract> drivers_;
};

} // namespace volutus::network_service
