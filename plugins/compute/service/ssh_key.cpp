#include "ssh_key.hpp"

#include <volutus/error.hpp>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <memory>
#include <vector>

namespace volutus::compute {

namespace {

constexpr unsigned key_bits = 2048;

template <auto Free> struct Freed {
    template <class T> void operator()(T* object) const { Free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<&EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<&BN_free>>;
using Certificate = std::unique_ptr<X509, Freed<&X509_free>>;
using Buffer = std::unique_ptr<BIO, Freed<&BIO_free_all>>;

[[noreturn]] void cannot(char const* what) { throw Error(Code::internal, fmt::format("OpenSSL cannot {}", what)); }
[[noreturn]] void bad_key() { throw Error(Code::invalid, "Keypair data is invalid: failed to generate fingerprint"); }

Key new_key() {
    Key key(EVP_RSA_gen(key_bits));
    if (!key) cannot("make an RSA key");
    return key;
}

std::string text_of(Buffer const& buffer) {
    char* at = nullptr;
    auto const size = BIO_get_mem_data(buffer.get(), &at);
    return {at, static_cast<std::size_t>(size)};
}

// PKCS #1, "BEGIN RSA PRIVATE KEY", which every SSH client reads.
std::string private_pem(Key const& key) {
    Buffer out(BIO_new(BIO_s_mem()));
    if (!out || PEM_write_bio_PrivateKey_traditional(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        cannot("write a private key");
    return text_of(out);
}

void put_length(std::string& to, std::size_t length) {
    for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>((length >> shift) & 0xff);
}
void put_text(std::string& to, std::string const& text) {
    put_length(to, text.size());
    to += text;
}

// RFC 4251: a number is big-endian, with a zero in front where its first bit is set.
void put_number(std::string& to, Key const& key, char const* name) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key.get(), name, &raw) != 1) cannot("read an RSA key");
    Number const number(raw);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
    BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
    if (!bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80)) bytes.insert(bytes.begin(), '\0');
    put_text(to, bytes);
}

std::string hash(std::string const& bytes, EVP_MD const* how, std::string_view between) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, how, nullptr) != 1) cannot("hash");
    std::string out;
    for (unsigned i = 0; i < size; ++i)
        fmt::format_to(std::back_inserter(out), "{}{:02x}", i ? between : "", digest[i]);
    return out;
}

Certificate read_certificate(std::string const& pem) {
    Buffer in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    Certificate certificate(in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!certificate) bad_key();
    return certificate;
}

std::string fingerprint(Certificate const& certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(certificate.get(), EVP_sha1(), digest.data(), &size) != 1) cannot("hash a certificate");
    std::string out;
    for (unsigned i = 0; i < size; ++i) out += fmt::format("{}{:02X}", i ? ":" : "", digest[i]);
    return out;
}

} // namespace

std::string base64(std::string const& bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    auto const size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<unsigned char const*>(bytes.data()), static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

std::string from_base64(std::string const& text) {
    if (text.empty() || text.size() % 4 != 0) return {};
    std::string out(text.size() / 4 * 3, '\0');
    auto const size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<unsigned char const*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return {};
    auto const padding = std::min<std::size_t>(2, text.size() - 1 - text.find_last_not_of('='));
    out.resize(static_cast<std::size_t>(size) - padding); // the decoder counts the padding as zeros
    return out;
}

// Fetched once: each server that is shown needs it, and looking for the algorithm costs more than the hash.
std::string sha224(std::string const& bytes) {
    static EVP_MD const* const fetched = EVP_MD_fetch(nullptr, "SHA2-224", nullptr);
    return hash(bytes, fetched ? fetched : EVP_sha224(), "");
}

MadeKey make_ssh_key(std::string const& comment) {
    auto const key = new_key();
    std::string blob;
    put_text(blob, "ssh-rsa");
    put_number(blob, key, OSSL_PKEY_PARAM_RSA_E);
    put_number(blob, key, OSSL_PKEY_PARAM_RSA_N);
    return {fmt::format("ssh-rsa {} {}", base64(blob), comment), private_pem(key), hash(blob, EVP_md5(), ":")};
}

MadeKey make_certificate(std::string const& name) {
    auto const key = new_key();
    Certificate certificate(X509_new());
    if (!certificate) cannot("make a certificate");
    auto* const raw = certificate.get();
    X509_set_version(raw, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(raw), 1);
    X509_gmtime_adj(X509_getm_notBefore(raw), 0);
    constexpr long ten_years = 10L * 365 * 24 * 3600;
    X509_gmtime_adj(X509_getm_notAfter(raw), ten_years);
    auto* const subject = X509_get_subject_name(raw);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<unsigned char const*>(name.data()),
                               static_cast<int>(std::min<std::size_t>(name.size(), 64)), -1, 0);
    if (X509_set_issuer_name(raw, subject) != 1 || X509_set_pubkey(raw, key.get()) != 1 ||
        X509_sign(raw, key.get(), EVP_sha256()) == 0)
        cannot("sign a certificate");
    Buffer out(BIO_new(BIO_s_mem()));
    if (!out || PEM_write_bio_X509(out.get(), raw) != 1) cannot("write a certificate");
    return {text_of(out), private_pem(key), fingerprint(certificate)};
}

std::string fingerprint_of_ssh_key(std::string const& public_key) {
    auto const start = public_key.find_first_not_of(" \t\r\n");
    if (start == public_key.npos) bad_key();
    auto const after_type = public_key.find_first_of(" \t", start);
    if (after_type == public_key.npos) bad_key();
    auto const type = public_key.substr(start, after_type - start);
    auto const data = public_key.find_first_not_of(" \t", after_type);
    if (data == public_key.npos) bad_key();
    auto const blob = from_base64(public_key.substr(data, public_key.find_first_of(" \t\r\n", data) - data));
    // The data begins with the type once more: its length, then its name.
    if (blob.size() < 4 + type.size()) bad_key();
    std::string expected;
    put_text(expected, type);
    if (blob.compare(0, expected.size(), expected) != 0 || blob.size() == expected.size()) bad_key();
    return hash(blob, EVP_md5(), ":");
}

std::string fingerprint_of_certificate(std::string const& pem) { return fingerprint(read_certificate(pem)); }

} // namespace volutus::compute
