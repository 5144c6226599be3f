// Password hashes: argon2id for new ones; bcrypt ones, as operators bring them along, are verified.
#pragma once

#include <volutus/world.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace volutus::kernel::auth {

struct PasswordSettings {
    std::uint64_t memory = 64 * 1024 * 1024; // bytes a hash; at least 8 KiB
    std::uint32_t passes = 2;                // over the memory; at least 1
    std::size_t at_once = 4;                 // hashes computed together: at_once * memory is what logins may take
    std::size_t waiting = 256;               // logins that wait for their turn; more are refused
};

inline constexpr std::size_t longest_password = 4096; // bytes

// Any thread. No password or hash appears in a message.
class PasswordHasher {
public:
    explicit PasswordHasher(PasswordSettings const& settings); // Code::invalid when a setting is out of its bounds

    // All of these wait for their turn until `until`; then Code::deadline. Code::rate_limited when too many wait.

    // "$argon2id$v=19$m=...,t=...,p=1$salt$hash". Code::invalid for a password that is too long.
    std::string hash(std::string_view password, world::Instant until);

    // False for a wrong password, and for one that is too long. Code::invalid when `hash` is of no known form
    // ($argon2id$ with up to 1 GiB, $2a$, $2b$ and $2y$ with a cost of up to 16). bcrypt reads 72 bytes at most.
    bool verify(std::string_view password, std::string_view hash, world::Instant until);

    // Takes as long as a verify: for a user that does not exist, so that the answer's time does not tell.
    void verify_nobody(std::string_view password, world::Instant until);

    // The hash was made with other settings or another function; make it again when the password is next known.
    bool needs_rehash(std::string_view hash) const;

private:
    // A place among the hashes that are computed together.
    class Turn {
    public:
        Turn(PasswordHasher& hasher, world::Instant until);
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;
        ~Turn();

    private:
        PasswordHasher& hasher_;
    };

    std::string argon2(std::string_view password) const;

    PasswordSettings settings_;
    std::string nobody_; // a hash that no password has
    world::Mutex mutex_;
    world::Condition turn_ended_;
    std::size_t running_ = 0, waiting_ = 0;
};

} // namespace volutus::kernel::auth
