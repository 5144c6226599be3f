// A question to the index: filters that leave fewer and fewer rows, then the weigher over those that are left.
#include <kernel/scheduler/index.hpp>

#include <bit>
#include <numeric>

namespace volutus::kernel::scheduler {

namespace {
constexpr std::size_t most_told = 10; // hosts of a refusal

template <class Each> void each_row(std::uint64_t word, std::size_t index, Each each) {
    for (; word != 0; word &= word - 1)
        each(static_cast<Row>(index * rows_a_word + static_cast<std::size_t>(std::countr_zero(word))));
}

// Spreads a seed over the rows: the finaliser of SplitMix64.
std::uint64_t lot(std::uint64_t seed, Row row) {
    auto x = seed + (row + 1) * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}
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

    std::vector<Row> left() const {
        std::vector<Row> rows;
        for (std::size_t i = 0; i < left_.size(); ++i) each_row(left_[i], i, [&](Row row) { rows.push_back(row); });
        return rows;
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
        auto const& column = found->second;
        sieve.pass(resource, [&, amount = amount](std::size_t i, std::uint64_t left) {
            auto const first = i * rows_a_word;
            std::uint64_t fits = 0;
            for (std::size_t at = 0; at < rows_a_word; ++at) // without a branch, so that the compiler takes several
                fits |= (std::uint64_t(column.least[first + at] <= amount) & (amount <= column.most[first + at])) << at;
            if (column.stepped == 0) return fits;
            each_row(fits & left, i, [&](Row row) {
                if (amount % column.step[row] != 0) fits &= ~(std::uint64_t(1) << (row % rows_a_word));
            });
            return fits;
        });
    }
}

std::vector<double> Index::weigh(std::vector<Row> const& rows, contract::Demand const& demand,
                                 Weights const& weights) const {
    std::vector<double> sums(rows.size());
    for (auto const& [resource, amount] : demand.resources) {
        auto const said = weights.find(resource);
        auto const weight = said == weights.end() ? 1.0 : said->second;
        auto const& free = columns_.find(resource)->second.free; // there, as there are rows that have it
        std::int64_t most = 1;
        for (auto const row : rows) most = std::max(most, free[row]);
        auto const scale = weight / static_cast<double>(most) / static_cast<double>(demand.resources.size());
        for (std::size_t i = 0; i < rows.size(); ++i) sums[i] += scale * static_cast<double>(free[rows[i]]);
    }
    return sums;
}

contract::Candidates Index::candidates(contract::Demand const& demand, Weights const& weights,
                                       std::uint64_t seed) const {
    contract::Candidates found;
    found.hosts = size();
    Sieve sieve(live_, hosts_, found.refused);
    filter(sieve, demand);
    auto const rows = sieve.left();
    if (rows.empty()) return found;

    auto const sums = weigh(rows, demand, weights);
    struct Place {
        double weight;
        std::uint64_t lot;
        Row row;
    };
    std::vector<Place> places(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) places[i] = {sums[i], lot(seed, rows[i]), rows[i]};
    auto const wanted = std::min<std::size_t>(demand.limit, places.size());
    std::partial_sort(
        places.begin(), places.begin() + static_cast<std::ptrdiff_t>(wanted), places.end(),
        [](Place const& a, Place const& b) { return a.weight != b.weight ? a.weight > b.weight : a.lot < b.lot; });
    found.candidates.reserve(wanted);
    for (std::size_t i = 0; i < wanted; ++i) found.candidates.push_back({hosts_[places[i].row].id, places[i].weight});
    return found;
}

} // namespace volutus::kernel::scheduler
