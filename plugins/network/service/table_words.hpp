// Words that the tables of this service share.
#pragma once

#include <volutus/resource.hpp>

namespace volutus::network_service {

inline constexpr std::string_view admin_only = "rule:admin_only";
inline constexpr std::string_view seen_by_its_audience =
    "rule:project_reader_or_admin or rule:project_member_or_admin or '*':%(audience)s";

// A field that operators see and set, by three rules of their own.
constexpr auto admins(std::string_view get, std::string_view create, std::string_view update) {
    return [=](Field& f) {
        seen_by(policy(get, admin_only))(f);
        set_by(policy(create, admin_only), policy(update, admin_only))(f);
    };
}
// A field that all see and operators set.
constexpr auto set_by_admins(std::string_view create, std::string_view update) {
    return set_by(policy(create, admin_only), policy(update, admin_only));
}

} // namespace volutus::network_service
