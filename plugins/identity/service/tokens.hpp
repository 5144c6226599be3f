// Tokens: issued, shown, revoked; and what the holder of one may ask with it.
#pragma once

#include "authentication.hpp"
#include "catalog.hpp"

#include <volutus/request.hpp>

#include <cstdint>
#include <string>

namespace volutus::identity_service {

struct RevokedToken : Stored {
    std::string id;           // the token's audit id
    std::int64_t expires = 0; // microseconds since 1970; not needed afterwards
};
Resource const& resource_of(RevokedToken const*);

class Tokens {
public:
    Tokens(Contexts& contexts, Catalog& catalog) : contexts_(contexts), catalog_(catalog), authentication_(contexts) {}

    Reply issue(Request& request);
    Reply show(Request& request);
    Reply revoke(Request& request);

    Reply show_catalog(Request& request);
    Reply list_projects(Request& request);
    Reply list_domains(Request& request);
    Reply list_system(Request& request);

private:
    struct Subject { // the token that X-Subject-Token names
        std::string text;
        Context context;
    };
    Subject subject_token(Request& request, bool expired_too);
    Context context_of(Request& request, auth::Claims& claims, Proof const& proof, json::value const& scope);
    std::string document(Request& request, Context const& context); // JSON

    Contexts& contexts_;
    Catalog& catalog_;
    Authentication authentication_;
};

} // namespace volutus::identity_service
