// [plugin.identity_service.config]
#pragma once

#include <string>

namespace volutus::identity_service {

struct Settings {
    std::string public_url;          // "" = the address that each request came in with
    std::string region;              // of the endpoints that are made at start
    std::string admin_password_file; // "" = no first administrator is made
};

} // namespace volutus::identity_service
