#include "upload.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace volutus::image_service {

namespace {

void require(int done) {
    if (done != 1) throw Error(Code::internal, "OpenSSL failed to hash an upload");
}

} // namespace

void Upload::Free::operator()(evp_md_ctx_st* digest) const { EVP_MD_CTX_free(digest); }

Upload::Upload(Stream from, Bounds bounds)
    : from_(from), bounds_(std::move(bounds)), md5_(EVP_MD_CTX_new()), sha512_(EVP_MD_CTX_new()) {
    if (!md5_ || !sha512_) throw Error(Code::unavailable, "there is no memory to hash an upload; try again later");
    require(EVP_DigestInit_ex(md5_.get(), EVP_md5(), nullptr));
    require(EVP_DigestInit_ex(sha512_.get(), EVP_sha512(), nullptr));
}

Upload::~Upload() = default;

std::size_t Upload::read(void* into, std::size_t size) {
    if (ended_) return 0;
    auto const count = from_.read(into, size);
    if (count == 0) {
        end();
        return 0;
    }
    if (count > bounds_.most - size_) throw bounds_.beyond;
    size_ += count;
    require(EVP_DigestUpdate(md5_.get(), into, count));
    require(EVP_DigestUpdate(sha512_.get(), into, count));
    look_at({static_cast<char const*>(into), count});
    return count;
}

void Upload::look_at(std::string_view bytes) {
    if (head_.size() < head_size) head_ += bytes.substr(0, head_size - head_.size());
    if (bytes.size() >= tail_size)
        tail_ = bytes.substr(bytes.size() - tail_size);
    else
        tail_ = (tail_ + std::string(bytes))
                    .substr(tail_.size() + bytes.size() - std::min(tail_size, tail_.size() + bytes.size()));
    if (looked_ || head_.size() < head_size) return;
    looked_ = true;
    // Most of what will be refused shows in the first bytes: no need to wait for the other gigabytes. A footer may
    // still say that what looks raw is not.
    auto const found = inspect(head_, {}, 0);
    if (found.format != "raw") check(found, bounds_.disk_format, bounds_.container_format);
}

void Upload::end() {
    if (bounds_.promised && *bounds_.promised != size_)
        throw Error(Code::invalid, fmt::format("The client announced {} bytes and sent {}.", *bounds_.promised, size_));
    found_ = inspect(head_, tail_, size_);
    check(found_, bounds_.disk_format, bounds_.container_format);
    md5_hex_ = hex(md5_);
    sha512_hex_ = hex(sha512_);
    ended_ = true;
}

std::string Upload::hex(Digest& digest) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    require(EVP_DigestFinal_ex(digest.get(), bytes.data(), &size));
    std::string out;
    for (unsigned i = 0; i < size; ++i) fmt::format_to(std::back_inserter(out), "{:02x}", bytes[i]);
    return out;
}

} // namespace volutus::image_service
