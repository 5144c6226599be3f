// What a sealed token says, as contracts write it (volutus/contract/auth.hpp).
#pragma once

#include <kernel/auth/seal.hpp>
#include <volutus/contract/auth.hpp>

namespace volutus::kernel::auth {

volutus::auth::Claims claims_of(Token const& token);

// Throws Code::invalid for a scope that there is not.
Token token_from(volutus::auth::Claims const& claims);

} // namespace volutus::kernel::auth
