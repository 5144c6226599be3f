#include <kernel/world/trace.hpp>

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <system_error>

namespace volutus::world {

Trace::Trace(std::string const& text_file) {
    if (text_file.empty()) return;
    text_.reset(std::fopen(text_file.c_str(), "we"));
    if (!text_) throw std::system_error(errno, std::generic_category(), "open " + text_file);
}

void Trace::note(std::string_view event, std::uint64_t subject, std::string_view bytes) {
    std::uint64_t word = 0;
    std::size_t at = 0;
    for (; at + sizeof word <= bytes.size(); at += sizeof word) {
        std::memcpy(&word, bytes.data() + at, sizeof word);
        mix(word);
    }
    word = 0;
    if (at < bytes.size()) std::memcpy(&word, bytes.data() + at, bytes.size() - at);
    mix(word);
    note(event, subject, bytes.size());
}

void Trace::write(std::string_view event, std::uint64_t subject, std::uint64_t detail) {
    fmt::print(text_.get(), "{} {} {} {:016x}\n", event, subject, detail, hash_);
}

} // namespace volutus::world
