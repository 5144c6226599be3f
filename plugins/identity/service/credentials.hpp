// Credentials of users for other ways to prove who they are, and policies: documents that this service only keeps.
#pragma once

#include <volutus/request.hpp>

#include <optional>
#include <string>

namespace volutus::identity_service {

struct Credential : Stored {
    std::string id, user_id, type, blob;
    std::optional<std::string> project_id;
    json::object extra;
};
Resource const& resource_of(Credential const*);

struct PolicyBlob : Stored {
    std::string id, type, blob;
    json::object extra;
};
Resource const& resource_of(PolicyBlob const*);

Reply list_credentials(Request& request);
Reply create_credential(Request& request, Credential const& wanted);
Reply update_credential(Request& request);

} // namespace volutus::identity_service
