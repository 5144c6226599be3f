// Which providers could together give what a search asks for.
#pragma once

#include "candidate_query.hpp"
#include "landscape.hpp"

namespace volutus::placement_service {

struct Candidate {
    std::map<std::string, std::map<std::string, std::int64_t>> amounts; // by provider's id, by class
    std::map<std::string, Names> serving;                               // by suffix, ids of who serves the group
};

// Of one tree after the other, each with the providers that share with it. `nested` = several providers of one tree may
// serve together, which clients know from 1.29 on.
std::vector<Candidate> candidates_for(Search const& search, Landscape const& landscape, bool nested);

} // namespace volutus::placement_service
