// A question to the index: filters that leave fewer and fewer rows, then the weigher over those that are left.
#include <kernel/scheduler/index.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <numeric>

namespace volutus::kernel::scheduler {

namespace {
constexpr std::size_t most_told = 10; // hosts of a refusal

template <class Each> void each_row(std::uint64_t word, std::size_t index, Each each) {
    for (; word != 0; word &= word - 1)
        each(static_cast<Row>(index * rows_a_word + static_cast<std::size_t>(std::countr_zero(word))));
}

struct Place {
    double weight;
    std::size_t turn; // of two that weigh the same the earlier one comes first
    Row row;
};
bool is_better(Place const& a, Place const& b) { return a.weight != b.weight ? a.weight > b.weight : a.turn < b.turn; }

// The best of all that were offered, as many as are wanted.
class Best {
public:
    explicit Best(std::size_t wanted) : wanted_(wanted) { heap_.reserve(wanted); }

    // Of later offers, whether one of this weight can be among the best.
    bool has_room_for(double weight) const { return heap_.size() < wanted_ || weight > heap_.front().weight; }

    // The rows of a word with their weights; those that are not `left` do not count.
    void offer(std::array<double, rows_a_word> const& weights, std::uint64_t left, std::size_t word) {
        if (heap_.size() == wanted_) {
            std::uint64_t better = 0;
            auto const worst = heap_.front().weight;
            for (std::size_t at = 0; at < rows_a_word; ++at) better |= std::uint64_t(weights[at] > worst) << at;
            left &= better;
        }
        each_row(left, word, [&](Row row) { take({weights[row % rows_a_word], turn_++, row}); });
    }
    std::vector<Place> const& in_order() {
        std::sort_heap(heap_.begin(), heap_.end(), is_better);
        return heap_;
    }

private:
    void take(Place const& place) {
        if (heap_.size() == wanted_) {
            if (!is_better(place, heap_.front())) return;
            std::pop_heap(heap_.begin(), heap_.end(), is_better);
            heap_.pop_back();
        }
        heap_.push_back(place);
        std::push_heap(heap_.begin(), heap_.end(), is_better);
    }

    std::size_t const wanted_;
    std::size_t turn_ = 0;
    std::vector<Place> heap_; // the worst in front
};
} // namespace

// What is left of the hosts, and who was refused by what.
class Index::Sieve {
public:
    Sieve(RowSet const& live, std::vector<Host> const& hosts, std::vector<contract::Refusal>& refused)
        : hosts_(hosts), refused_(refused) {
        left_.reserve(live.words());
        for (std::size_t i = 0; i < live.words(); ++i) left_.push_back(live.word(i));
    }

    // keep(i, left): the rows of word i that pass; bits beyond `left` do not matter.
    template <class Keep> void pass(std::string filter, Keep keep) {
        contract::Refusal refusal;
        for (std::size_t i = 0; i < left_.size(); ++i) {
            if (left_[i] == 0) continue;
            auto const out = left_[i] & ~keep(i, left_[i]);
            if (out == 0) continue;
            left_[i] &= ~out;
            refusal.count += static_cast<std::uint64_t>(std::popcount(out));
            if (refusal.hosts.size() < most_told) tell(refusal, out, i);
        }
        if (refusal.count == 0) return;
        refusal.filter = std::move(filter);
        refused_.push_back(std::move(refusal));
    }

    std::size_t count() const {
        return std::accumulate(left_.begin(), left_.end(), std::size_t(0), [](std::size_t sum, std::uint64_t word) {
            return sum + static_cast<std::size_t>(std::popcount(word));
        });
    }
    template <class Each> void each_word(Each each) const {
        for (std::size_t i = 0; i < left_.size(); ++i)
            if (left_[i] != 0) each(i, left_[i]);
    }
    // Once round, from the row on that so many others precede.
    template <class Each> void each_word_from(std::size_t others, Each each) const {
        std::size_t first = 0;
        for (; others >= static_cast<std::size_t>(std::popcount(left_[first])); ++first)
            others -= static_cast<std::size_t>(std::popcount(left_[first]));
        auto later = left_[first];
        for (; others > 0; --others) later &= later - 1;
        each(first, later);
        for (auto i = first + 1; i < left_.size(); ++i)
            if (left_[i] != 0) each(i, left_[i]);
        for (std::size_t i = 0; i < first; ++i)
            if (left_[i] != 0) each(i, left_[i]);
        each(first, left_[first] & ~later);
    }

private:
    void tell(contract::Refusal& refusal, std::uint64_t out, std::size_t index) const {
        each_row(out, index, [&](Row row) {
            if (refusal.hosts.size() < most_told) refusal.hosts.push_back(hosts_[row].id);
        });
    }

    std::vector<Host> const& hosts_;
    std::vector<contract::Refusal>& refused_;
    std::vector<std::uint64_t> left_;
};

RowSet Index::named(std::vector<std::string> const& hosts) const {
    RowSet rows;
    for (auto const& host : hosts)
        if (auto const found = rows_.find(host); found != rows_.end()) rows.add(found->second);
    return rows;
}

void Index::filter(Sieve& sieve, contract::Demand const& demand) const {
    static RowSet const nobody;
    auto const set_of = [](Sets const& sets, std::string const& name) -> RowSet const& {
        auto const found = sets.find(name);
        return found == sets.end() ? nobody : found->second;
    };
    auto const only = [&](std::string filter, RowSet const& rows) {
        sieve.pass(std::move(filter), [&](std::size_t i, std::uint64_t) { return rows.word(i); });
    };
    auto const without = [&](std::string filter, RowSet const& rows) {
        sieve.pass(std::move(filter), [&](std::size_t i, std::uint64_t) { return ~rows.word(i); });
    };

    if (!demand.in.empty()) only("in", named(demand.in));
    if (!demand.not_in.empty()) without("not_in", named(demand.not_in));
    for (auto const& any : demand.member_of) {
        RowSet members;
        for (auto const& aggregate : any) members.add_all(set_of(aggregates_, aggregate));
        only("aggregates", members);
    }
    for (auto const& trait : demand.required) only("trait " + trait, set_of(traits_, trait));
    for (auto const& trait : demand.forbidden) without("forbidden trait " + trait, set_of(traits_, trait));
    for (auto const& [resource, amount] : demand.resources) {
        auto const found = columns_.find(resource);
        if (found == columns_.end()) {
            only(resource, nobody);
            continue;
        }
        sieve.pass(resource, [&column = found->second, amount = amount](std::size_t i, std::uint64_t left) {
            auto fits = column.fitting(i, amount);
            if (column.stepped == 0) return fits;
            each_row(fits & left, i, [&](Row row) {
                if (amount % column.step[row] != 0) fits &= ~(std::uint64_t(1) << (row % rows_a_word));
            });
            return fits;
        });
    }
}

std::uint64_t Index::Column::fitting(std::size_t word, std::int64_t amount) const {
    if (least_of_all[word] <= amount && amount <= most_of_all[word]) return ~std::uint64_t(0);
    auto const first = word * rows_a_word;
    std::uint64_t fits = 0;
    for (std::size_t at = 0; at < rows_a_word; ++at) // without a branch, so that the compiler takes several
        fits |= (std::uint64_t(least[first + at] <= amount) & (amount <= most[first + at])) << at;
    return fits;
}

std::vector<Index::Scale> Index::scales(Sieve const& sieve, contract::Demand const& demand,
                                        Weights const& weights) const {
    std::vector<Scale> scales;
    for (auto const& [resource, amount] : demand.resources) {
        auto const said = weights.find(resource);
        auto const weight = said == weights.end() ? 1.0 : said->second;
        auto const& column = columns_.find(resource)->second; // there, as there are rows that have it
        double most = 1;
        sieve.each_word([&](std::size_t i, std::uint64_t left) {
            if (column.most_free[i] <= most) return;
            each_row(left, i, [&](Row row) { most = std::max(most, column.free[row]); });
        });
        scales.push_back({&column, weight / most / static_cast<double>(demand.resources.size())});
    }
    return scales;
}

contract::Candidates Index::candidates(contract::Demand const& demand, Weights const& weights,
                                       std::uint64_t seed) const {
    contract::Candidates found;
    found.hosts = size();
    Sieve sieve(live_, hosts_, found.refused);
    filter(sieve, demand);
    auto const rows = sieve.count();
    if (rows == 0) return found;

    Best best(std::min<std::size_t>(demand.limit, rows));
    auto const scales = this->scales(sieve, demand, weights);
    sieve.each_word_from(seed % rows, [&](std::size_t i, std::uint64_t left) {
        double bound = 0;
        for (auto const& [column, factor] : scales)
            bound += factor < 0 ? std::numeric_limits<double>::infinity() : factor * column->most_free[i];
        if (!best.has_room_for(bound)) return;
        std::array<double, rows_a_word> sums{};
        for (auto const& [column, factor] : scales) {
            auto const* const here = column->free.data() + i * rows_a_word;
            for (std::size_t at = 0; at < rows_a_word; ++at) sums[at] += factor * here[at];
        }
        best.offer(sums, left, i);
    });
    for (auto const& place : best.in_order()) found.candidates.push_back({hosts_[place.row].id, place.weight});
    return found;
}

} // namespace volutus::kernel::scheduler
