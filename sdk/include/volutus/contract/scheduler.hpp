// volutus.scheduler/1: which hosts could take this. Provided by the kernel, from an index in memory that follows the
// feed; the ledger is the judge, so whoever loses a claim asks again without the host that was full.
//
// A host is a document of the kind that some manifest declares with hosts(); the ledger's accounts of its id are its
// capacity.
#pragma once

#include <volutus/contract.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace volutus::scheduler {

struct Demand {
    std::map<std::string, std::int64_t> resources;   // by class: {"VCPU": 2, "MEMORY_MB": 512}
    std::vector<std::string> required, forbidden;    // traits
    std::vector<std::vector<std::string>> member_of; // for each, the host is in one of these aggregates
    std::vector<std::string> in;                     // only these hosts; empty = all
    std::vector<std::string> not_in;                 // never these
    std::uint32_t limit = 10;                        // 1 to 1,000
};
BOOST_DESCRIBE_STRUCT(Demand, (), (resources, required, forbidden, member_of, in, not_in, limit))

struct Candidate {
    std::string host;  // id of its document
    double weight = 0; // larger is better
};
BOOST_DESCRIBE_STRUCT(Candidate, (), (host, weight))

struct Refusal {
    std::string filter;             // "VCPU", "trait HW_CPU_X86_AVX2", "aggregates", "in", "not_in"
    std::uint64_t count = 0;        // hosts that it refused
    std::vector<std::string> hosts; // the first ten
};
BOOST_DESCRIBE_STRUCT(Refusal, (), (filter, count, hosts))

struct Candidates {
    std::vector<Candidate> candidates; // best first
    std::vector<Refusal> refused;      // in the order in which the filters looked
    std::uint64_t hosts = 0;           // that there are
};
BOOST_DESCRIBE_STRUCT(Candidates, (), (candidates, refused, hosts))

struct Scheduler {
    virtual ~Scheduler() = default;
    virtual Candidates candidates(Call&, Demand const&) = 0;
};
inline constexpr auto contract =
    volutus::contract<Scheduler>("volutus.scheduler/1", required<&Scheduler::candidates>("candidates"));

} // namespace volutus::scheduler
