// volutus.prover/1: a plugin compares what its documents say with what its backends have. The operator's `volutus verify`
// asks every provider; so do the tests that kill things in the middle of work.
#pragma once

#include <volutus/contract.hpp>

#include <string>
#include <vector>

namespace volutus::prover {

struct Difference {
    std::string where; // such as "toy.widget 6f1c..."
    std::string what;  // what it should be and what it is, for people
};
BOOST_DESCRIBE_STRUCT(Difference, (), (where, what))

struct Verdict {
    std::vector<Difference> differences; // at most 1,000; more would tell nobody more
};
BOOST_DESCRIBE_STRUCT(Verdict, (), (differences))

struct Prover {
    virtual ~Prover() = default;
    // Changes nothing. Meant for a cloud at rest: what a live task is about is no difference, and is left out.
    virtual Verdict verify(Call&) = 0;
};
inline constexpr auto contract = volutus::contract<Prover>("volutus.prover/1", required<&Prover::verify>("verify"));

} // namespace volutus::prover
