// What a token looks like to clients, without its catalog.
#pragma once

#include <volutus/contract/auth.hpp>
#include <volutus/json.hpp>

namespace volutus::identity_service {

json::object token_document(auth::Claims const& claims, Context const& context);

} // namespace volutus::identity_service
