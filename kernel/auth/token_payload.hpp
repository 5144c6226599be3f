// The payload of a sealed token: a compact binary form of Token.
#pragma once

#include <kernel/auth/seal.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace volutus::kernel::auth {

// Throws Code::invalid when a field is out of its bounds.
std::string pack(Token const& token);

// nullopt unless it is exactly what pack() writes.
std::optional<Token> unpack(std::string_view payload);

} // namespace volutus::kernel::auth
