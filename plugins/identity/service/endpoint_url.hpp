// Addresses with values to fill in: "$(base)s/object_store/v1/AUTH_%(project_id)s".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace volutus::identity_service {

using UrlValues = std::map<std::string, std::string, std::less<>>;

// nullopt: a name has no value, or the text is malformed.
std::optional<std::string> filled_in(std::string_view url, UrlValues const& values);

// Does it begin with a scheme, or with the base? Nothing more is asked of what stands behind.
bool is_absolute(std::string_view url);

// The base alone; all else stays as it was stored.
std::string with_base(std::string_view url, std::string_view base);

} // namespace volutus::identity_service
