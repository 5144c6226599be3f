// Writes the manifest's JSON at compile time: once to measure, once into an array of that size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace volutus {

class ManifestWriter {
public:
    constexpr explicit ManifestWriter(char* out = nullptr) : out_(out) {}
    constexpr std::size_t size() const { return size_; }

    constexpr void open(char bracket) {
        separate();
        put(bracket);
        fresh_ = true;
    }
    constexpr void close(char bracket) {
        put(bracket);
        fresh_ = false;
    }
    constexpr void key(std::string_view name) {
        separate();
        quote(name);
        put(':');
        fresh_ = true;
    }
    constexpr void text(std::string_view value) {
        separate();
        quote(value);
        fresh_ = false;
    }
    // One string made of several pieces.
    template <class Texts> constexpr void joined(Texts const& pieces) {
        separate();
        put('"');
        for (auto piece : pieces) escape(piece);
        put('"');
        fresh_ = false;
    }
    constexpr void number(std::int64_t value) {
        separate();
        if (value < 0) put('-');
        std::uint64_t left = value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
        std::uint64_t unit = 1;
        while (left / unit >= 10) unit *= 10;
        for (; unit > 0; unit /= 10) put(static_cast<char>('0' + left / unit % 10));
        fresh_ = false;
    }
    constexpr void boolean(bool value) {
        separate();
        for (char c : value ? std::string_view("true") : std::string_view("false")) put(c);
        fresh_ = false;
    }
    // JSON that is text already, such as a default value.
    constexpr void raw(std::string_view json) {
        separate();
        for (char c : json) put(c);
        fresh_ = false;
    }
    constexpr void member(std::string_view name, std::string_view value) {
        key(name);
        text(value);
    }
    constexpr void member(std::string_view name, char const* value) { member(name, std::string_view(value)); }
    constexpr void member(std::string_view name, bool value) {
        key(name);
        boolean(value);
    }
    constexpr void member(std::string_view name, std::int64_t value) {
        key(name);
        number(value);
    }
    template <class Texts> constexpr void texts(std::string_view name, Texts const& values) {
        key(name);
        open('[');
        for (auto const& value : values)
            if (!value.empty()) text(value);
        close(']');
    }

private:
    constexpr void put(char c) {
        if (out_) out_[size_] = c;
        ++size_;
    }
    constexpr void separate() {
        if (!fresh_) put(',');
        fresh_ = false;
    }
    constexpr void quote(std::string_view value) {
        put('"');
        escape(value);
        put('"');
    }
    constexpr void escape(std::string_view value) {
        for (char c : value) {
            if (c == '"' || c == '\\') put('\\');
            put(c < ' ' && c >= 0 ? ' ' : c);
        }
    }

    char* out_;
    std::size_t size_ = 0;
    bool fresh_ = true; // nothing before the next value that a comma would part it from
};

} // namespace volutus
