// Sealed tokens: what a token says, encrypted and authenticated, so that no store is asked to believe it.
//
// Text: base64url without padding of
//   version (1 byte) | key id (4) | nonce (24) | XChaCha20-Poly1305 of the payload, with the bytes before it as data
// The payload is binary; ids that are UUIDs take 17 bytes. A usual token is about 180 characters.
#pragma once

#include <kernel/auth/key_ring.hpp>
#include <volutus/world.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::auth {

enum class Scope : std::uint8_t { none, project, domain, system };

// Any text of at most 255 bytes is an id. Times have whole microseconds, UTC.
struct Token {
    std::string user_id;
    Scope scope = Scope::none;
    std::string scope_id;                  // of the project or domain
    std::vector<std::string> methods;      // "password", "token", ...; at most 16
    std::vector<std::string> audit_ids;    // at most 16
    std::string trust_id;                  // empty: no trust
    std::string application_credential_id; // empty: none
    world::WallTime issued{}, expires{};

    bool operator==(Token const&) const = default;
};

// What everyone is told whose token is not taken, whatever the reason: who guesses learns nothing.
inline constexpr auto not_authenticated = "The request you have made requires authentication.";

inline constexpr std::size_t longest_token = 4096; // characters; a longer text is refused unread

// Seals and opens under the keys of a directory. Any thread.
class Sealer {
public:
    // Loads the keys; throws as KeyRing::load.
    explicit Sealer(std::string directory);
    explicit Sealer(KeyRing keys); // fixed keys; reload() and rotate() are refused

    // Throws Code::invalid when a field is out of its bounds.
    std::string seal(Token const& token) const;

    // Throws Code::unauthenticated, always with the same message, for a text that is malformed, altered or sealed by a
    // key that is gone, and for a token that expired longer than `grace` ago.
    Token open(std::string_view text, std::chrono::seconds grace = std::chrono::seconds(0)) const;

    // Takes what is in the directory now; on an error the old keys stay and it throws.
    void reload();
    // KeyRing::rotate and, whether it was done or not, reload.
    bool rotate(std::size_t keep, std::chrono::milliseconds at_age = {});

private:
    std::shared_ptr<KeyRing const> keys() const;

    std::string directory_;
    world::Mutex loading_; // a ring that was read earlier must not come later
    mutable world::Mutex mutex_;
    std::shared_ptr<KeyRing const> keys_;
};

} // namespace volutus::kernel::auth
