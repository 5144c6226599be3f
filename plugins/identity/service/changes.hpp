// What contexts rest on, and how the kernel learns that it changed.
#pragma once

#include <volutus/store.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace volutus::identity_service {

// "user:<id>": of a user, group, project, domain, role, trust, or of a token by its audit id.
std::string subject(std::string_view noun, std::string_view id);

// Part of an apply that changes something of these subjects.
Writes changed(std::vector<std::string> const& subjects);

} // namespace volutus::identity_service
