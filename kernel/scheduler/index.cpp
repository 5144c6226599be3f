#include <kernel/scheduler/index.hpp>

#include <algorithm>
#include <limits>

namespace volutus::kernel::scheduler {

namespace {
constexpr auto nothing = std::numeric_limits<std::int64_t>::min();
constexpr auto has_none = -std::numeric_limits<double>::infinity();

std::size_t whole_words(std::size_t rows) { return (rows + rows_a_word - 1) / rows_a_word * rows_a_word; }
} // namespace

void Index::Column::resize(std::size_t rows) {
    free.resize(rows, has_none);
    least.resize(rows, 1);
    most.resize(rows, nothing);
    step.resize(rows, 1);
    least_of_all.resize(rows / rows_a_word, 1);
    most_of_all.resize(rows / rows_a_word, nothing);
    most_free.resize(rows / rows_a_word, has_none);
}

void Index::Column::clear(Row row) {
    if (free[row] == has_none) return;
    stepped -= step[row] != 1;
    --hosts;
    free[row] = has_none;
    most[row] = nothing;
    least[row] = step[row] = 1;
    sum_up(row);
}

void Index::Column::sum_up(Row row) {
    auto const word = row / rows_a_word;
    auto const first = static_cast<std::ptrdiff_t>(word * rows_a_word);
    auto const end = first + static_cast<std::ptrdiff_t>(rows_a_word);
    least_of_all[word] = *std::max_element(least.begin() + first, least.begin() + end);
    most_free[word] = *std::max_element(free.begin() + first, free.begin() + end);
    most_of_all[word] = *std::min_element(most.begin() + first, most.begin() + end);
}

void Index::move(Sets& sets, Row row, std::vector<std::string> const& from, std::vector<std::string> const& to) {
    for (auto const& name : from)
        if (auto const set = sets.find(name); set != sets.end()) set->second.remove(row);
    for (auto const& name : to) sets[name].add(row);
    for (auto const& name : from) // what nobody has costs nothing
        if (auto const set = sets.find(name); set != sets.end() && set->second.empty()) sets.erase(set);
}

void Index::put(std::string_view host, std::vector<std::string> traits, std::vector<std::string> aggregates) {
    auto found = rows_.find(host);
    if (found == rows_.end()) {
        auto row = static_cast<Row>(hosts_.size());
        if (unused_.empty()) {
            hosts_.emplace_back();
            for (auto& [resource, column] : columns_) column.resize(whole_words(hosts_.size()));
        } else {
            row = unused_.back();
            unused_.pop_back();
        }
        found = rows_.emplace(host, row).first;
        hosts_[row] = {std::string(host), {}, {}};
        live_.add(row);
    }
    auto& here = hosts_[found->second];
    move(traits_, found->second, here.traits, traits);
    move(aggregates_, found->second, here.aggregates, aggregates);
    here.traits = std::move(traits);
    here.aggregates = std::move(aggregates);
}

void Index::remove(std::string_view host) {
    auto const found = rows_.find(host);
    if (found == rows_.end()) return;
    auto const row = found->second;
    move(traits_, row, hosts_[row].traits, {});
    move(aggregates_, row, hosts_[row].aggregates, {});
    for (auto column = columns_.begin(); column != columns_.end();) {
        column->second.clear(row);
        column = column->second.hosts == 0 ? columns_.erase(column) : std::next(column);
    }
    hosts_[row] = {};
    live_.remove(row);
    rows_.erase(found);
    unused_.push_back(row);
}

void Index::set_stock(std::string_view host, std::string_view resource, Stock const& stock) {
    auto const found = rows_.find(host);
    if (found == rows_.end()) return;
    auto const row = found->second;
    auto column = columns_.find(resource);
    if (column == columns_.end()) column = columns_.emplace(resource, Column()).first;
    auto& here = column->second;
    here.resize(whole_words(hosts_.size()));
    here.clear(row);
    ++here.hosts;
    here.stepped += stock.step_size != 1;
    auto const free = stock.capacity - stock.used;
    here.free[row] = static_cast<double>(free);
    here.least[row] = stock.min_unit;
    here.most[row] = stock.max_unit == 0 ? free : std::min(free, stock.max_unit);
    here.step[row] = stock.step_size;
    here.sum_up(row);
}

void Index::drop_stock(std::string_view host, std::string_view resource) {
    auto const found = rows_.find(host);
    auto const column = columns_.find(resource);
    if (found == rows_.end() || column == columns_.end()) return;
    column->second.clear(found->second);
    if (column->second.hosts == 0) columns_.erase(column);
}

} // namespace volutus::kernel::scheduler
