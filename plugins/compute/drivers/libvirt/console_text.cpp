#include "console_text.hpp"

#include "descriptor.hpp"

#include <volutus.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace volutus::compute::libvirt {

namespace {

constexpr std::size_t most_in_document = VLT_DOCUMENT_MAX - 4096;
constexpr std::string_view replacement = "\xef\xbf\xbd";

// Bytes of the character at the front; 0 when it is none (RFC 3629: no overlong forms, no surrogates).
std::size_t length_of_character(std::string_view text) {
    auto const at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    auto const follows = [&](std::size_t i) { return (at(i) & 0xc0) == 0x80; };
    auto const first = at(0), second = at(1);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf && follows(1)) return 2;
    if (first >= 0xe0 && first <= 0xef && follows(1) && follows(2)) {
        bool const overlong = first == 0xe0 && second < 0xa0, surrogate = first == 0xed && second > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    if (first >= 0xf0 && first <= 0xf4 && follows(1) && follows(2) && follows(3)) {
        bool const overlong = first == 0xf0 && second < 0x90, beyond = first == 0xf4 && second > 0x8f;
        return overlong || beyond ? 0 : 4;
    }
    return 0;
}

std::size_t cost_in_json(std::string_view character) {
    auto const c = static_cast<unsigned char>(character[0]);
    if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t') return 2;
    return c < 0x20 ? 6 : character.size();
}

} // namespace

std::string console_text(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    while (!bytes.empty()) {
        auto const length = length_of_character(bytes);
        if (length == 0)
            text += replacement;
        else if (bytes[0] != '\0')
            text += bytes.substr(0, length);
        bytes.remove_prefix(std::max<std::size_t>(length, 1));
    }
    std::size_t cost = 0, begin = text.size();
    while (begin > 0) {
        auto start = begin - 1;
        while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) --start;
        cost += cost_in_json(std::string_view(text).substr(start, begin - start));
        if (cost > most_in_document) break;
        begin = start;
    }
    return text.substr(begin);
}

std::string end_of_log(std::string const& path, std::size_t most) {
    Descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return {};
    if (!file) throw_errno("read", path);
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) throw_errno("measure", path);
    auto const size = static_cast<std::size_t>(status.st_size);
    std::string bytes(std::min(size, most), '\0');
    auto const count = ::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(size - bytes.size()));
    if (count < 0) throw_errno("read", path);
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
}

} // namespace volutus::compute::libvirt
