// What GET /allocation_candidates asks for.
#pragma once

#include "query_words.hpp"

#include <cstddef>

namespace volutus::placement_service {

struct Search {
    std::map<std::string, Group> groups; // by suffix; "" = the one that a whole tree may serve together
    std::size_t limit = 0;
    bool isolate = false; // groups with a suffix are served by different providers
    Names root_required, root_forbidden;
    std::vector<Names> same_subtree; // of each, the providers of these suffixes stand below one of them
    Names classes() const;
};
Search search_of(Request& request);

} // namespace volutus::placement_service
