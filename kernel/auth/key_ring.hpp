// The keys that seal tokens: a directory of numbered files, each of 32 random bytes in hexadecimal, mode 0600.
//
// The highest number is the primary key: it seals. Number 0 is staged: it becomes the primary at the next rotation, so
// that controllers that share the keys can open its tokens before the first one is sealed. All keys open. Who reads or
// changes the directory locks it meanwhile, so any number of processes may.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace volutus::kernel::auth {

inline constexpr std::size_t key_bytes = 32;

// Wiped when destroyed.
class Key {
public:
    using Bytes = std::array<unsigned char, key_bytes>;
    Key(std::uint64_t number, Bytes const& bytes);
    Key(Key const&) = default;
    Key& operator=(Key const&) = default;
    ~Key();

    std::uint64_t number() const { return number_; } // of its file; changes when the staged key becomes the primary
    std::uint32_t id() const { return id_; }         // derived from the bytes; stands in tokens, reveals nothing
    Bytes const& bytes() const { return bytes_; }

private:
    std::uint64_t number_;
    std::uint32_t id_;
    Bytes bytes_;
};

// The keys at one moment, highest number first. Immutable.
class KeyRing {
public:
    explicit KeyRing(std::vector<Key> keys);
    Key const& primary() const { return keys_.front(); }
    std::vector<Key> const& keys() const { return keys_; }

    // Reads the directory. Throws Code::invalid for a file that others may read, or that holds no key, and when there
    // is none. Names that are not numbers are ignored.
    static KeyRing load(std::string const& directory);

    // Makes the directory (0700) and the first two keys, 0 and 1, where there are none yet.
    static void create(std::string const& directory);

    // The staged key becomes the primary, a new one is staged, and the oldest are removed until `keep` are left (at
    // least 3: staged, primary, one that retires). Every step is durable before the next, so a crash between two leaves
    // a directory that load() takes. False, and nothing done, when the last rotation is younger than `at_age`.
    static bool rotate(std::string const& directory, std::size_t keep, std::chrono::milliseconds at_age = {});

private:
    std::vector<Key> keys_;
};

} // namespace volutus::kernel::auth
