// The handlers of key pairs. They belong to users, and are named within a user.
#pragma once

#include "keypair.hpp"
#include "settings.hpp"

#include <volutus/request.hpp>

namespace volutus::compute {

struct NewKeypair {
    std::string name;
    std::string type = "ssh";
    std::optional<std::string> public_key, user_id;
};
constexpr auto new_keypair_rows =
    rows(field<&NewKeypair::name>("name", required_field, min_length(1), max_length(255)),
         field<&NewKeypair::public_key>("public_key", max_length(65535)),
         field<&NewKeypair::type>("type", since("2.2"), one_of("ssh", "x509"), fallback("\"ssh\"")),
         field<&NewKeypair::user_id>("user_id", since("2.10"), min_length(1), max_length(255)));
constexpr Fields rows_of(NewKeypair const*) { return fields_of(new_keypair_rows); }

class Keypairs {
public:
    void configure(Settings const& settings) { quota_ = settings.key_pairs; }

    Reply list(Request& request);
    Reply show(Request& request);
    Reply create(Request& request, NewKeypair const& wanted);
    Reply remove(Request& request);

private:
    std::int64_t quota_ = 100;
};

json::value shown_keypair_number(Request& request, Keypair const& keypair);

// The user's key of that name.
std::optional<Keypair> find_keypair(Store& store, std::string const& user, std::string const& name);

} // namespace volutus::compute
