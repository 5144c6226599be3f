// volutus.prover/1: a plugin compares what its documents say with what its backends have, and mends what somebody
// changed by hand. The operator's `volutus verify [--repair]` asks every provider; so do the tests that kill things in
// the middle of work.
#pragma once

#include <volutus/contract.hpp>

#include <optional>
#include <string>
#include <vector>

namespace volutus::prover {

struct Difference {
    std::string where; // such as "toy.widget 6f1c..."
    std::string what;  // what it should be and what it is, for people
    // Of repair(): what was done or begun about it; absent where nothing could be done.
    std::optional<std::string> mended;
};
BOOST_DESCRIBE_STRUCT(Difference, (), (where, what, mended))

struct Verdict {
    std::vector<Difference> differences; // at most 1,000; more would tell nobody more
};
BOOST_DESCRIBE_STRUCT(Verdict, (), (differences))

struct Prover {
    virtual ~Prover() = default;
    // Changes nothing. Meant for a cloud at rest: what a live task is about is no difference, and is left out.
    virtual Verdict verify(Call&) = 0;
    // The same, and what the documents say is made so. Documents change only where what they speak of is lost; that is
    // told as an error of the resource.
    virtual Verdict repair(Call&) { unsupported(); } // optional
};
inline constexpr auto contract = volutus::contract<Prover>("volutus.prover/1", required<&Prover::verify>("verify"),
                                                           optional<&Prover::repair>("repair"));

} // namespace volutus::prover
