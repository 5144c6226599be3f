// A set of rows as bits, 64 rows a word.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace volutus::kernel::scheduler {

using Row = std::uint32_t;
inline constexpr std::size_t rows_a_word = 64;

class RowSet {
public:
    void add(Row row) {
        if (row / rows_a_word >= words_.size()) words_.resize(row / rows_a_word + 1);
        words_[row / rows_a_word] |= bit(row);
    }
    void remove(Row row) {
        if (row / rows_a_word < words_.size()) words_[row / rows_a_word] &= ~bit(row);
    }
    void add_all(RowSet const& others) {
        words_.resize(std::max(words_.size(), others.words_.size()));
        for (std::size_t i = 0; i < others.words_.size(); ++i) words_[i] |= others.words_[i];
    }
    std::uint64_t word(std::size_t i) const { return i < words_.size() ? words_[i] : 0; }
    std::size_t words() const { return words_.size(); }
    bool empty() const {
        return std::all_of(words_.begin(), words_.end(), [](std::uint64_t word) { return word == 0; });
    }

private:
    static std::uint64_t bit(Row row) { return std::uint64_t(1) << (row % rows_a_word); }
    std::vector<std::uint64_t> words_;
};

} // namespace volutus::kernel::scheduler
