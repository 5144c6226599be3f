// The scope that a login asks for.
#pragma once

#include "authentication.hpp"

namespace volutus::identity_service {

struct WantedScope {
    bool said = false;          // otherwise the user's default project, where there is one
    std::string scope = "none"; // as in auth::Claims
    std::string id;
    std::string trust_id;
};

// Throws invalid for what is malformed; what is not there is a refused login.
WantedScope read_scope(Request& request, json::value const& sent, User const& user);

} // namespace volutus::identity_service
