// What policy rules look at: the caller, flattened under the names that OpenStack's policy language uses.
#pragma once

#include <string>
#include <vector>

namespace volutus {
struct Context;
}

namespace volutus::kernel::auth {

// An empty text stands for nothing, which a rule sees as None. Made once for a token and kept in the context cache.
struct Credentials {
    std::string user_id, user_domain_id;
    std::string project_id, project_domain_id;
    std::string domain_id;          // of a token that is scoped to a domain
    std::string system_scope;       // "all" of a token that is scoped to the system
    std::vector<std::string> roles; // names, implied ones included
    bool is_admin = false;
    bool is_admin_project = false;
    std::string service_user_id, service_project_id;
    std::vector<std::string> service_roles;
    std::string trust_id, trustor_id, trustee_id;
};

Credentials credentials_of(Context const& context);

} // namespace volutus::kernel::auth
