#include <kernel/auth/token_payload.hpp>

#include <volutus/error.hpp>

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>

namespace volutus::kernel::auth {

namespace {
constexpr std::size_t longest_text = 255;
constexpr std::size_t most_items = 16;
constexpr std::size_t uuid_bytes = 16;

// How an id is written: its length and bytes, or 16 bytes whose text had one of the usual forms.
enum class Form : std::uint8_t { text, hex, uuid, base64url };

// Appended to, never reordered: sealed tokens hold the index.
constexpr std::array<std::string_view, 12> known_methods{"password", "token",    "external", "application_credential",
                                                         "totp",     "mapped",   "saml2",    "openid",
                                                         "oauth1",   "kerberos", "x509",     "oauth2_client_secret"};
constexpr std::uint8_t other_method = 0xff;

using Uuid = std::array<unsigned char, uuid_bytes>;

std::string hex_of(Uuid const& bytes) {
    std::string out(2 * uuid_bytes + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), bytes.data(), bytes.size());
    out.pop_back();
    return out;
}

std::string with_dashes(std::string hex) {
    for (auto const at : {20, 16, 12, 8}) hex.insert(static_cast<std::size_t>(at), 1, '-');
    return hex;
}

std::string base64_of(Uuid const& bytes) {
    constexpr auto variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string out(sodium_base64_ENCODED_LEN(uuid_bytes, variant), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), variant);
    out.pop_back();
    return out;
}

std::string text_of(Form form, Uuid const& bytes) {
    if (form == Form::hex) return hex_of(bytes);
    if (form == Form::uuid) return with_dashes(hex_of(bytes));
    return base64_of(bytes);
}

// Packs a text only when unpacking gives the same text again; upper-case hexadecimal, for one, stays text.
std::optional<Uuid> bytes_of(Form form, std::string_view text) {
    Uuid bytes{};
    std::size_t size = 0;
    int const failed = form == Form::base64url
                           ? sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size,
                                               nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
                           : sodium_hex2bin(bytes.data(), bytes.size(), text.data(), text.size(), "-", &size, nullptr);
    if (failed != 0 || size != bytes.size() || text_of(form, bytes) != text) return std::nullopt;
    return bytes;
}

class Writer {
public:
    void byte(std::uint8_t value) { out_ += static_cast<char>(value); }

    void time(world::WallTime value) {
        auto const bits = static_cast<std::uint64_t>(value.time_since_epoch().count());
        for (int shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(bits >> shift));
    }

    void id(std::string_view text, char const* what) {
        auto const form = text.size() == 32   ? Form::hex
                          : text.size() == 36 ? Form::uuid
                          : text.size() == 22 ? Form::base64url
                                              : Form::text;
        if (auto const bytes = form == Form::text ? std::nullopt : bytes_of(form, text)) {
            byte(static_cast<std::uint8_t>(form));
            out_.append(reinterpret_cast<char const*>(bytes->data()), bytes->size());
            return;
        }
        if (text.size() > longest_text)
            throw Error(Code::invalid,
                        fmt::format("the {} of a token has {} bytes; at most {}", what, text.size(), longest_text));
        byte(static_cast<std::uint8_t>(Form::text));
        byte(static_cast<std::uint8_t>(text.size()));
        out_ += text;
    }

    void count(std::size_t items, char const* what) {
        if (items > most_items)
            throw Error(Code::invalid, fmt::format("a token has {} {}; at most {}", items, what, most_items));
        byte(static_cast<std::uint8_t>(items));
    }

    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

// Every read beyond the end, and every value that Writer does not write, makes the reader fail for good.
class Reader {
public:
    explicit Reader(std::string_view left) : left_(left) {}

    std::uint8_t byte() {
        auto const one = bytes(1);
        return one.empty() ? 0 : static_cast<std::uint8_t>(one[0]);
    }

    world::WallTime time() {
        std::uint64_t bits = 0;
        for (int shift = 0; shift < 64; shift += 8) bits |= static_cast<std::uint64_t>(byte()) << shift;
        return world::WallTime(world::WallTime::duration(static_cast<std::int64_t>(bits)));
    }

    std::string id() {
        auto const form = byte();
        if (form == static_cast<std::uint8_t>(Form::text)) return std::string(bytes(byte()));
        if (form > static_cast<std::uint8_t>(Form::base64url)) fail();
        auto const packed = bytes(uuid_bytes);
        if (failed_) return {};
        Uuid raw{};
        std::copy(packed.begin(), packed.end(), raw.begin());
        return text_of(static_cast<Form>(form), raw);
    }

    std::size_t count() {
        auto const items = byte();
        if (items > most_items) fail();
        return failed_ ? 0 : items;
    }

    void fail() { failed_ = true; }
    bool whole() const { return !failed_ && left_.empty(); }

private:
    std::string_view bytes(std::size_t size) {
        if (size > left_.size()) fail();
        if (failed_) return {};
        auto const out = left_.substr(0, size);
        left_.remove_prefix(size);
        return out;
    }

    std::string_view left_;
    bool failed_ = false;
};
} // namespace

std::string pack(Token const& token) {
    Writer out;
    out.byte(static_cast<std::uint8_t>(token.scope));
    out.time(token.issued);
    out.time(token.expires);
    out.id(token.user_id, "user id");
    out.id(token.scope_id, "scope id");
    out.id(token.trust_id, "trust id");
    out.id(token.application_credential_id, "application credential id");
    out.count(token.methods.size(), "methods");
    for (auto const& method : token.methods) {
        auto const known = std::find(known_methods.begin(), known_methods.end(), method);
        out.byte(known == known_methods.end() ? other_method
                                              : static_cast<std::uint8_t>(known - known_methods.begin()));
        if (known == known_methods.end()) out.id(method, "method");
    }
    out.count(token.audit_ids.size(), "audit ids");
    for (auto const& audit : token.audit_ids) out.id(audit, "audit id");
    return out.take();
}

std::optional<Token> unpack(std::string_view payload) {
    Reader in(payload);
    Token token;
    auto const scope = in.byte();
    if (scope > static_cast<std::uint8_t>(Scope::system)) in.fail();
    token.scope = static_cast<Scope>(scope);
    token.issued = in.time();
    token.expires = in.time();
    token.user_id = in.id();
    token.scope_id = in.id();
    token.trust_id = in.id();
    token.application_credential_id = in.id();
    for (auto left = in.count(); left > 0; --left) {
        auto const method = in.byte();
        if (method == other_method)
            token.methods.push_back(in.id());
        else if (method < known_methods.size())
            token.methods.emplace_back(known_methods[method]);
        else
            in.fail();
    }
    for (auto left = in.count(); left > 0; --left) token.audit_ids.push_back(in.id());
    if (!in.whole()) return std::nullopt;
    return token;
}

} // namespace volutus::kernel::auth
