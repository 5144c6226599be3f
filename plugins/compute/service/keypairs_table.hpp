// The REST API of key pairs.
#pragma once

#include "keypairs.hpp"

#include <volutus/resource.hpp>

namespace volutus::compute {

inline constexpr char keypairs_path[] = "/os-keypairs";
inline constexpr char one_keypair[] = "/os-keypairs/{keypair_name}";
inline constexpr char keypair_owner[] = "rule:context_is_admin or user_id:%(user_id)s";

inline constexpr auto keypairs = resource<Keypair>(
    "keypair", "keypairs", kind("compute.keypair"), unscoped, unique_in("compute.keypair.name", "user_id", "name"),
    field<&Keypair::name>("name", indexed), field<&Keypair::public_key>("public_key"),
    field<&Keypair::fingerprint>("fingerprint"), field<&Keypair::type>("type", since("2.2")),
    field<&Keypair::user_id>("user_id", indexed), field<&Keypair::id>("id", view<shown_keypair_number>()),
    field<&Keypair::created_at>("created_at"),

    list<&Keypairs::list>(keypairs_path, policy("os_compute_api:os-keypairs:index", keypair_owner),
                          shows("name", "public_key", "fingerprint", "type"), checks_itself),
    show<&Keypairs::show>(one_keypair, policy("os_compute_api:os-keypairs:show", keypair_owner), checks_itself),
    create<&Keypairs::create>(keypairs_path, policy("os_compute_api:os-keypairs:create", keypair_owner), status(200),
                              until("2.1"), quota("key_pairs"), checks_itself,
                              shows("name", "public_key", "fingerprint", "user_id")),
    create<&Keypairs::create>(keypairs_path, policy("os_compute_api:os-keypairs:create", keypair_owner), status(201),
                              since("2.2"), quota("key_pairs"), checks_itself,
                              shows("name", "public_key", "fingerprint", "user_id", "type")),
    remove<&Keypairs::remove>(one_keypair, policy("os_compute_api:os-keypairs:delete", keypair_owner), status(202),
                              until("2.1"), checks_itself),
    remove<&Keypairs::remove>(one_keypair, policy("os_compute_api:os-keypairs:delete", keypair_owner), status(204),
                              since("2.2"), checks_itself));

} // namespace volutus::compute
