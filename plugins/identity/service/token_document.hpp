// What a token looks like to clients, without its catalog.
#pragma once

#include <volutus/context.hpp>
#include <volutus/json.hpp>

namespace volutus::identity_service {

json::object token_document(Context const& context);

} // namespace volutus::identity_service
