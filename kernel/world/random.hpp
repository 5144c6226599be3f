// All chance in a simulation comes from one of these, and so from the seed.
#pragma once

#include <volutus/world.hpp>

#include <cstdint>
#include <random>

namespace volutus::world {

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t next() { return engine_(); }
    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; } // bound > 0
    bool one_in(std::uint64_t n) { return n != 0 && below(n) == 0; }       // 0: never
    Duration between(Duration least, Duration most) {
        if (most <= least) return least;
        return least + Duration(below(static_cast<std::uint64_t>((most - least).count()) + 1));
    }

private:
    std::mt19937_64 engine_; // the standard fixes its output; it does not fix that of the distributions
};

} // namespace volutus::world
