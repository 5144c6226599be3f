// Compares widgets with what the maker has and with what they hold in the ledger.
#pragma once

#include "widget.hpp"

#include <volutus/contract/prover.hpp>
#include <volutus/contract/toy.hpp>

#include <map>

namespace volutus::toy_service {

class Prover : public prover::Prover {
public:
    explicit Prover(Host host) : host_(host), makers_(host) {}
    prover::Verdict verify(Call& call) override;

private:
    std::map<std::string, std::int64_t> slots_held(Store& store) const; // by widget

    Host host_;
    Client<toy::contract> makers_;
};

} // namespace volutus::toy_service
