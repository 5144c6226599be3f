#include <kernel/store/blobs.hpp>
#include <kernel/store/feed.hpp>
#include <kernel/store/schema.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace volutus::kernel::store {

namespace {
constexpr std::int64_t kept_unreferenced = 3'600'000'000; // microseconds
constexpr int collected_at_once = 16;
} // namespace

std::string blob_id(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw Error(Code::internal, "OpenSSL has no SHA-256; its configuration forbids it");
    std::string id;
    for (unsigned i = 0; i < size; ++i) id += fmt::format("{:02x}", digest[i]);
    return id;
}

void put_blob(Connection& connection, std::string_view id, std::string_view bytes) {
    connection.execute("INSERT INTO store_blobs (id, stored_at, bytes) VALUES (?1, ?2, ?3) "
                       "ON CONFLICT (id) DO UPDATE SET stored_at = excluded.stored_at",
                       id, wall_microseconds(), Blob{bytes});
}

std::optional<std::string> read_blob(Connection& connection, std::string_view id) {
    auto row = connection.query("SELECT bytes FROM store_blobs WHERE id = ?1", id);
    if (!row.next()) return std::nullopt;
    return row.string(0);
}

void collect_blobs(Connection& connection) {
    connection.execute(
        fmt::format(
            "DELETE FROM store_blobs WHERE id IN (SELECT b.id FROM store_blobs b WHERE b.stored_at < ?1 AND NOT EXISTS "
            "(SELECT 1 FROM store_refs r WHERE r.to_kind = '{}' AND r.to_id = b.id) LIMIT {})",
            blob_kind, collected_at_once),
        wall_microseconds() - kept_unreferenced);
}

} // namespace volutus::kernel::store
