#include "refusal.hpp"

namespace volutus::network_service {

void refuse(Code code, std::string_view type, std::string const& message) {
    throw Error(code, message, json::print(json::object{{"type", type}}));
}

void refuse_bad_request(std::string const& message) { refuse(Code::invalid, "BadRequest", message); }

void refuse_input(std::string const& message) { refuse(Code::invalid, "InvalidInput", message); }

std::string detail_of(Error const& error, std::string_view key) {
    if (error.details().empty()) return {};
    auto const details = json::parse_object(error.details());
    auto const* value = details.if_contains(key);
    return value && value->is_string() ? json::text(*value) : std::string();
}

} // namespace volutus::network_service
