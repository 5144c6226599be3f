#include <kernel/auth/password.hpp>

#include <volutus/error.hpp>

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <crypt.h>
#include <memory>

namespace volutus::kernel::auth {

namespace {
constexpr std::size_t hash_bytes = 32;
constexpr std::uint64_t most_memory = std::uint64_t{1} << 30;
constexpr std::uint64_t most_passes = 64;
constexpr int most_cost = 16; // of bcrypt: about four seconds
constexpr std::string_view argon2_prefix = "$argon2id$";

[[noreturn]] void unknown_form() {
    throw Error(Code::invalid, "a stored password hash is of no known form; set the user's password again");
}

std::string base64(unsigned char const* bytes, std::size_t size) {
    constexpr auto variant = sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    std::string out(sodium_base64_ENCODED_LEN(size, variant), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes, size, variant);
    out.pop_back();
    return out;
}

bool is_bcrypt(std::string_view hash) {
    return hash.size() == 60 && (hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$"));
}

// The number behind `name` in "$m=65536,t=2,p=1$"; 0 when there is none.
std::uint64_t parameter(std::string_view hash, std::string_view name) {
    auto const at = hash.find(name);
    if (at == std::string_view::npos) return 0;
    std::uint64_t out = 0;
    std::from_chars(hash.data() + at + name.size(), hash.data() + hash.size(), out);
    return out;
}

// A stored hash chooses what it costs to verify; one that was smuggled in must not take the machine.
void check_cost(std::string_view hash) {
    auto const kib = parameter(hash, "$m=");
    auto const passes = parameter(hash, ",t=");
    if (kib == 0 || kib > most_memory / 1024 || passes == 0 || passes > most_passes ||
        hash.size() >= crypto_pwhash_STRBYTES)
        unknown_form();
}

bool verify_argon2(std::string_view password, std::string_view hash) {
    check_cost(hash);
    std::array<char, crypto_pwhash_STRBYTES> text{};
    hash.copy(text.data(), text.size() - 1);
    errno = 0;
    bool const same = crypto_pwhash_str_verify(text.data(), password.data(), password.size()) == 0;
    if (!same && errno == ENOMEM) throw Error(Code::unavailable, "there is no memory to verify a password; try again");
    return same;
}

bool verify_bcrypt(std::string_view password, std::string_view hash) {
    int cost = 0;
    std::from_chars(hash.data() + 4, hash.data() + 6, cost);
    if (cost < 4 || cost > most_cost) unknown_form();
    if (password.find('\0') != std::string_view::npos) return false; // crypt would read only what is before it
    auto const data = std::make_unique<crypt_data>();
    std::string secret(password);
    std::string const setting(hash);
    char const* const made = ::crypt_r(secret.c_str(), setting.c_str(), data.get());
    bool const same =
        made && std::string_view(made).size() == hash.size() && sodium_memcmp(made, hash.data(), hash.size()) == 0;
    sodium_memzero(secret.data(), secret.size());
    sodium_memzero(data.get(), sizeof *data);
    return same;
}
} // namespace

PasswordHasher::PasswordHasher(PasswordSettings const& settings) : settings_(settings) {
    if (sodium_init() < 0) throw Error(Code::internal, "libsodium cannot be initialised");
    if (settings.memory < crypto_pwhash_MEMLIMIT_MIN || settings.memory > most_memory || settings.passes < 1 ||
        settings.passes > most_passes || settings.at_once < 1)
        throw Error(
            Code::invalid,
            fmt::format("password hashes need {} bytes to 1 GiB of memory, 1 to {} passes and at least one at once",
                        crypto_pwhash_MEMLIMIT_MIN, most_passes));
    std::array<char, 32> unknown{};
    world::random_bytes(unknown.data(), unknown.size());
    nobody_ = argon2({unknown.data(), unknown.size()});
}

// crypto_pwhash_str would draw its salt past the seam, so the text is put together here.
std::string PasswordHasher::argon2(std::string_view password) const {
    std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
    world::random_bytes(salt.data(), salt.size());
    std::array<unsigned char, hash_bytes> hash{};
    if (crypto_pwhash(hash.data(), hash.size(), password.data(), password.size(), salt.data(), settings_.passes,
                      settings_.memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
        throw Error(Code::unavailable, "there is no memory to hash a password; try again");
    return fmt::format("{}v=19$m={},t={},p=1${}${}", argon2_prefix, settings_.memory / 1024, settings_.passes,
                       base64(salt.data(), salt.size()), base64(hash.data(), hash.size()));
}

std::string PasswordHasher::hash(std::string_view password, world::Instant until) {
    if (password.size() > longest_password)
        throw Error(Code::invalid, fmt::format("a password has at most {} bytes", longest_password));
    Turn const turn(*this, until);
    return argon2(password);
}

bool PasswordHasher::verify(std::string_view password, std::string_view hash, world::Instant until) {
    if (password.size() > longest_password) return false;
    if (hash.starts_with(argon2_prefix)) {
        Turn const turn(*this, until);
        return verify_argon2(password, hash);
    }
    if (!is_bcrypt(hash)) unknown_form();
    Turn const turn(*this, until);
    return verify_bcrypt(password, hash);
}

void PasswordHasher::verify_nobody(std::string_view password, world::Instant until) {
    verify(password, nobody_, until);
}

bool PasswordHasher::needs_rehash(std::string_view hash) const {
    return !hash.starts_with(argon2_prefix) || parameter(hash, "$m=") != settings_.memory / 1024 ||
           parameter(hash, ",t=") != settings_.passes;
}

PasswordHasher::Turn::Turn(PasswordHasher& hasher, world::Instant until) : hasher_(hasher) {
    world::Lock lock(hasher.mutex_);
    if (hasher.running_ >= hasher.settings_.at_once) {
        if (hasher.waiting_ >= hasher.settings_.waiting)
            throw Error(Code::rate_limited, "too many logins wait for their turn; try again in a moment");
        ++hasher.waiting_;
        bool const free = hasher.turn_ended_.wait_until(
            lock, until, [&hasher] { return hasher.running_ < hasher.settings_.at_once; });
        --hasher.waiting_;
        if (!free) throw Error(Code::deadline, "a login waited too long for its turn; try again");
    }
    ++hasher.running_;
}

PasswordHasher::Turn::~Turn() {
    {
        world::Lock const lock(hasher_.mutex_);
        --hasher_.running_;
    }
    hasher_.turn_ended_.notify_one();
}

} // namespace volutus::kernel::auth
