// The bytes of an upload on their way from the client to where they are kept: counted, hashed and looked at as they
// pass. What must not be kept ends the stream with an error, so that the driver keeps nothing.
#pragma once

#include "inspection.hpp"

#include <volutus/call.hpp>
#include <volutus/source.hpp>

#include <memory>
#include <optional>
#include <string>

struct evp_md_ctx_st;

namespace volutus::image_service {

class Upload final : public Source {
public:
    struct Bounds {
        std::uint64_t most = 0;                // bytes
        Error beyond{Code::too_large, ""};     // what more than that means
        std::optional<std::uint64_t> promised; // what the client said the size would be
        std::string disk_format, container_format;
    };
    Upload(Stream from, Bounds bounds);
    ~Upload() override;

    // All three are for after the end.
    std::uint64_t size() const { return size_; }
    std::uint64_t virtual_size() const { return found_.virtual_size; }
    std::string md5() const { return md5_hex_; }
    std::string sha512() const { return sha512_hex_; }

private:
    struct Free {
        void operator()(evp_md_ctx_st* digest) const;
    };
    using Digest = std::unique_ptr<evp_md_ctx_st, Free>;

    std::size_t read(void* into, std::size_t size) override;
    void look_at(std::string_view bytes);
    void end();
    static std::string hex(Digest& digest);

    Stream from_;
    Bounds bounds_;
    Digest md5_, sha512_;
    std::string head_, tail_, md5_hex_, sha512_hex_;
    std::uint64_t size_ = 0;
    Inspection found_;
    bool looked_ = false, ended_ = false;
};

} // namespace volutus::image_service
