// What happened in a simulation, in order, as a running hash; and as text on request, to find where two runs part.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace volutus::world {

class Trace {
public:
    explicit Trace(std::string const& text_file); // empty: no text
    // `event` is a literal that names what happened. Nothing given here may depend on an address or on real time.
    void note(std::string_view event, std::uint64_t subject, std::uint64_t detail = 0) {
        mix(event.size() << 8 | static_cast<unsigned char>(event.front()));
        mix(subject);
        mix(detail);
        if (text_) write(event, subject, detail);
    }
    void note(std::string_view event, std::uint64_t subject, std::string_view bytes);
    std::uint64_t hash() const { return hash_; }

private:
    void mix(std::uint64_t value) {
        hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15U; // 2^64 over the golden ratio
        hash_ ^= hash_ >> 29;
    }
    void write(std::string_view event, std::uint64_t subject, std::uint64_t detail);

    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::uint64_t hash_ = 0;
    std::unique_ptr<std::FILE, Close> text_;
};

} // namespace volutus::world
