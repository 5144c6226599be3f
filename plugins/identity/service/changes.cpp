#include "changes.hpp"

#include <volutus/contract/auth.hpp>

namespace volutus::identity_service {

std::string subject(std::string_view noun, std::string_view id) { return std::string(noun) + ":" + std::string(id); }

Writes changed(std::vector<std::string> const& subjects) {
    return note(auth::changed_topic, {{"subjects", json::array(subjects.begin(), subjects.end())}});
}

} // namespace volutus::identity_service
