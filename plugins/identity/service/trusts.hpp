// Trusts: a user lets another act with some of its roles.
#pragma once

#include <volutus/request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::identity_service {

struct Trust : Stored {
    std::string id, trustor_user_id, trustee_user_id;
    std::optional<std::string> project_id;
    bool impersonation = false;
    std::vector<std::string> roles;             // ids
    std::optional<std::int64_t> expires;        // microseconds since 1970
    std::optional<std::int64_t> remaining_uses; // absent: any number of them

    bool is_valid() const; // not expired
};
Resource const& resource_of(Trust const*);

struct TrustedRole {
    std::optional<std::string> id, name;
};
BOOST_DESCRIBE_STRUCT(TrustedRole, (), (id, name))

// The body of a create.
struct NewTrust {
    std::string trustor_user_id, trustee_user_id;
    std::optional<std::string> project_id, expires_at;
    bool impersonation = false;
    std::optional<std::int64_t> remaining_uses;
    std::vector<TrustedRole> roles;
};
constexpr auto new_trust_rows =
    rows(field<&NewTrust::trustor_user_id>("trustor_user_id", required_field),
         field<&NewTrust::trustee_user_id>("trustee_user_id", required_field),
         field<&NewTrust::impersonation>("impersonation", required_field), field<&NewTrust::project_id>("project_id"),
         field<&NewTrust::expires_at>("expires_at"), field<&NewTrust::remaining_uses>("remaining_uses", at_least(1)),
         field<&NewTrust::roles>("roles", max_length(100)));
constexpr Fields rows_of(NewTrust const*) { return fields_of(new_trust_rows); }

Reply create_trust(Request& request, NewTrust const& wanted);
Reply list_trusts(Request& request);
Reply show_trust(Request& request);
Reply remove_trust(Request& request);
Reply list_trust_roles(Request& request);
Reply show_trust_role(Request& request);

} // namespace volutus::identity_service
