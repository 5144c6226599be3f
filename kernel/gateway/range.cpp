#include "kernel/gateway/range.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace volutus::kernel::gateway {

namespace {
struct Asked {
    std::optional<std::uint64_t> first, last; // no first: the last so many bytes
};

// Digits only, all of the text; a number beyond 64 bits is as good as the greatest.
bool parse_number(std::string_view text, std::optional<std::uint64_t>& into) {
    if (text.empty()) return true;
    std::uint64_t value = 0;
    auto const* const end = text.data() + text.size();
    auto const parsed = std::from_chars(text.data(), end, value);
    if (parsed.ptr != end) return false;
    into = parsed.ec == std::errc{} ? value : UINT64_MAX;
    return true;
}

std::optional<Asked> parse_range(std::string_view text) {
    constexpr std::string_view unit = "bytes=";
    if (text.size() <= unit.size() || !equal_ignoring_case(text.substr(0, unit.size()), unit)) return std::nullopt;
    text.remove_prefix(unit.size());
    auto const dash = text.find('-');
    Asked asked;
    if (dash == std::string_view::npos || !parse_number(text.substr(0, dash), asked.first) ||
        !parse_number(text.substr(dash + 1), asked.last))
        return std::nullopt;
    if (!asked.first && !asked.last) return std::nullopt;
    if (asked.first && asked.last && *asked.last < *asked.first) return std::nullopt;
    return asked;
}

// The rest of a source from where it stands, no more than so many bytes.
class Window final : public BodySource {
public:
    Window(std::unique_ptr<BodySource> source, std::uint64_t length)
        : source_(std::move(source)), length_(length), left_(length) {}
    std::size_t read(void* into, std::size_t size) override {
        size = static_cast<std::size_t>(std::min<std::uint64_t>(size, left_));
        auto const got = size == 0 ? 0 : source_->read(into, size);
        left_ -= got;
        return got;
    }
    std::optional<std::uint64_t> length() const override { return length_; }

private:
    std::unique_ptr<BodySource> source_;
    std::uint64_t length_, left_;
};

void cut(std::string& text, std::uint64_t offset, std::uint64_t length) {
    text = text.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}
void cut(FileBody& file, std::uint64_t offset, std::uint64_t length) {
    file.offset += offset;
    file.length = length;
}
void cut(std::unique_ptr<BodySource>& source, std::uint64_t offset, std::uint64_t length) {
    source->skip(offset);
    source = std::make_unique<Window>(std::move(source), length);
}
} // namespace

std::optional<std::uint64_t> body_length(Body const& body) {
    if (auto const* text = std::get_if<std::string>(&body)) return text->size();
    if (auto const* file = std::get_if<FileBody>(&body)) return file->length;
    auto const& source = std::get<std::unique_ptr<BodySource>>(body);
    return source ? source->length() : 0;
}

void apply_range(Request const& request, Response& response) {
    auto const length = body_length(response.body);
    if (response.status != 200 || !length) return;
    response.set("Accept-Ranges", "bytes");
    if (request.method != "GET") return;
    auto const asked = parse_range(request.header("Range"));
    if (!asked) return;

    std::uint64_t const first = asked->first ? *asked->first : *length - std::min(*length, *asked->last);
    if (first >= *length) { // also a suffix of no bytes, and any range of an empty body
        response.status = 416;
        response.set("Content-Range", fmt::format("bytes */{}", *length));
        response.body = std::string();
        return;
    }
    std::uint64_t const last = asked->first && asked->last ? std::min(*asked->last, *length - 1) : *length - 1;
    response.status = 206;
    response.set("Content-Range", fmt::format("bytes {}-{}/{}", first, last, *length));
    std::visit([&](auto& body) { cut(body, first, last - first + 1); }, response.body);
}

} // namespace volutus::kernel::gateway
