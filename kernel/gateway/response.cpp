#include "kernel/gateway/response.hpp"

#include "kernel/gateway/request.hpp"

#include <volutus/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <unistd.h>

namespace volutus::kernel::gateway {

namespace {
class DescriptorSource final : public BodySource {
public:
    DescriptorSource(int descriptor, std::optional<std::uint64_t> length)
        : descriptor_(descriptor), length_(length), left_(length) {}
    ~DescriptorSource() override { ::close(descriptor_); }
    DescriptorSource(DescriptorSource const&) = delete;
    DescriptorSource& operator=(DescriptorSource const&) = delete;

    std::size_t read(void* into, std::size_t size) override {
        if (left_) size = static_cast<std::size_t>(std::min<std::uint64_t>(size, *left_));
        if (size == 0) return 0;
        for (;;) {
            auto const got = ::read(descriptor_, into, size);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) throw Error(Code::unavailable, fmt::format("reading the body failed with errno {}", errno));
            if (left_) *left_ -= static_cast<std::uint64_t>(got);
            return static_cast<std::size_t>(got);
        }
    }
    std::optional<std::uint64_t> length() const override { return length_; }

private:
    int descriptor_;
    std::optional<std::uint64_t> length_, left_;
};
} // namespace

void BodySource::skip(std::uint64_t bytes) {
    std::array<char, 16384> passed;
    while (bytes > 0) {
        auto const got = read(passed.data(), static_cast<std::size_t>(std::min<std::uint64_t>(bytes, passed.size())));
        if (got == 0) return;
        bytes -= got;
    }
}

FileBody& FileBody::operator=(FileBody&& other) noexcept {
    std::swap(offset, other.offset);
    std::swap(length, other.length);
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

FileBody::~FileBody() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::unique_ptr<BodySource> descriptor_source(int descriptor, std::optional<std::uint64_t> length) {
    return std::make_unique<DescriptorSource>(descriptor, length);
}

void Response::set(std::string_view name, std::string_view value) {
    for (auto& [key, old] : headers)
        if (equal_ignoring_case(key, name)) {
            old = value;
            return;
        }
    headers.emplace_back(name, value);
}

} // namespace volutus::kernel::gateway
