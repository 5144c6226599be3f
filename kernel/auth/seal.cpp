#include <kernel/auth/seal.hpp>

#include <kernel/auth/token_payload.hpp>
#include <volutus/error.hpp>

#include <sodium.h>

#include <algorithm>
#include <cstring>

namespace volutus::kernel::auth {

namespace {
constexpr unsigned char version = 1;
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t head_bytes = 1 + sizeof(std::uint32_t) + nonce_bytes;
constexpr auto variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
static_assert(key_bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

unsigned char const* bytes(std::string const& text) { return reinterpret_cast<unsigned char const*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

[[noreturn]] void refuse() { throw Error(Code::unauthenticated, not_authenticated); }

// The library's decoder takes some bytes beyond ASCII for letters; a token has one text only.
bool is_base64url(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

std::string decode(std::string_view text) {
    if (text.empty() || text.size() > longest_token || !is_base64url(text)) refuse();
    std::string out(text.size(), '\0');
    std::size_t size = 0;
    char const* end = nullptr;
    int const failed =
        sodium_base642bin(bytes(out), out.size(), text.data(), text.size(), nullptr, &size, &end, variant);
    if (failed != 0 || end != text.data() + text.size()) refuse();
    out.resize(size);
    if (size < head_bytes + tag_bytes || static_cast<unsigned char>(out[0]) != version) refuse();
    return out;
}
} // namespace

// sodium_init picks the fastest implementation for this processor; it may be called at any time from any thread.
Sealer::Sealer(std::string directory) : directory_(std::move(directory)) {
    if (sodium_init() < 0) throw Error(Code::internal, "libsodium cannot be initialised");
    keys_ = std::make_shared<KeyRing const>(KeyRing::load(directory_));
}

Sealer::Sealer(KeyRing keys) {
    if (sodium_init() < 0) throw Error(Code::internal, "libsodium cannot be initialised");
    keys_ = std::make_shared<KeyRing const>(std::move(keys));
}

std::shared_ptr<KeyRing const> Sealer::keys() const {
    world::Lock const lock(mutex_);
    return keys_;
}

std::string Sealer::seal(Token const& token) const {
    auto const ring = keys();
    auto const& key = ring->primary();
    auto const payload = pack(token);
    std::string sealed(head_bytes + payload.size() + tag_bytes, '\0');
    auto* const at = bytes(sealed);
    auto const id = key.id();
    at[0] = version;
    std::memcpy(at + 1, &id, sizeof id);
    auto* const nonce = at + head_bytes - nonce_bytes;
    world::random_bytes(nonce, nonce_bytes);
    crypto_aead_xchacha20poly1305_ietf_encrypt(at + head_bytes, nullptr, bytes(payload), payload.size(), at, head_bytes,
                                               nullptr, nonce, key.bytes().data());
    std::string text(sodium_base64_ENCODED_LEN(sealed.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), at, sealed.size(), variant);
    text.pop_back(); // the terminator
    if (text.size() > longest_token) throw Error(Code::invalid, "the ids of this token are too long to be sealed");
    return text;
}

Token Sealer::open(std::string_view text, std::chrono::seconds grace) const {
    auto const sealed = decode(text);
    std::uint32_t id = 0;
    std::memcpy(&id, sealed.data() + 1, sizeof id);
    auto const* const nonce = bytes(sealed) + head_bytes - nonce_bytes;
    std::string payload(sealed.size() - head_bytes - tag_bytes, '\0');
    auto const ring = keys();
    for (auto const& key : ring->keys()) {
        if (key.id() != id) continue;
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes(payload), nullptr, nullptr, bytes(sealed) + head_bytes,
                                                       sealed.size() - head_bytes, bytes(sealed), head_bytes, nonce,
                                                       key.bytes().data()) != 0)
            continue;
        auto token = unpack(payload);
        if (!token || token->expires + grace <= world::wall_now()) refuse();
        return std::move(*token);
    }
    refuse();
}

void Sealer::reload() {
    if (directory_.empty()) throw Error(Code::unsupported, "these token keys are fixed and have no directory");
    world::Lock const loading(loading_);
    auto fresh = std::make_shared<KeyRing const>(KeyRing::load(directory_));
    world::Lock const lock(mutex_);
    keys_ = std::move(fresh);
}

bool Sealer::rotate(std::size_t keep, std::chrono::milliseconds at_age) {
    if (directory_.empty()) throw Error(Code::unsupported, "these token keys are fixed and have no directory");
    bool const rotated = KeyRing::rotate(directory_, keep, at_age);
    reload();
    return rotated;
}

} // namespace volutus::kernel::auth
