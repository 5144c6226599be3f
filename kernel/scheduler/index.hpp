// Hosts as columns: a row a host, a column a resource class, a set of rows for each trait and each aggregate. A question
// looks at 64 hosts at a time and at no host by name.
//
// Not synchronised: one writer alone, or any number of readers.
#pragma once

#include <kernel/scheduler/row_set.hpp>
#include <volutus/contract/scheduler.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::scheduler {

namespace contract = volutus::scheduler;

// What a host has of one resource class: an account of the ledger.
struct Stock {
    std::int64_t capacity = 0, used = 0;
    std::int64_t min_unit = 1, max_unit = 0, step_size = 1; // max_unit 0 = no bound
};

// How much a class counts for; 1 where nothing is said. Below 0, hosts with little left come first.
using Weights = std::map<std::string, double, std::less<>>;

class Index {
public:
    // A host, or its traits and aggregates anew.
    void put(std::string_view host, std::vector<std::string> traits, std::vector<std::string> aggregates);
    void remove(std::string_view host);
    // Of a host that is not there: nothing happens.
    void set_stock(std::string_view host, std::string_view resource, Stock const& stock);
    void drop_stock(std::string_view host, std::string_view resource);

    bool has(std::string_view host) const { return rows_.find(host) != rows_.end(); }
    std::size_t size() const { return rows_.size(); }

    // Best first: the mean of what is free of each class that is asked for, relative to the host that has most of it,
    // and weighed. Of equals, those come first that follow upon a host that the seed chooses. The demand was checked.
    contract::Candidates candidates(contract::Demand const& demand, Weights const& weights, std::uint64_t seed) const;

private:
    struct Host {
        std::string id;
        std::vector<std::string> traits, aggregates;
    };
    // By row, padded to whole words with rows that give nothing. What all 64 rows of a word give stands beside it, so
    // that most words need no look at their rows.
    struct Column {
        std::vector<double> free;              // also below 0
        std::vector<std::int64_t> least, most; // of one claim; most: of free and max_unit
        std::vector<std::int64_t> step;
        std::vector<std::int64_t> least_of_all, most_of_all; // by word
        std::vector<double> most_free;                       // by word: of the row that has most of it
        std::size_t hosts = 0, stepped = 0;                  // stepped: those with a step other than 1
        void resize(std::size_t rows);
        void clear(Row row);
        void sum_up(Row row); // the word that a row is in
        std::uint64_t fitting(std::size_t word, std::int64_t amount) const;
    };
    // What of a demand's classes counts how much, for the hosts that are left.
    struct Scale {
        Column const* column;
        double factor;
    };
    using Sets = std::map<std::string, RowSet, std::less<>>;
    class Sieve;

    static void move(Sets& sets, Row row, std::vector<std::string> const& from, std::vector<std::string> const& to);
    RowSet named(std::vector<std::string> const& hosts) const;
    void filter(Sieve& sieve, contract::Demand const& demand) const;
    std::vector<Scale> scales(Sieve const& sieve, contract::Demand const& demand, Weights const& weights) const;

    std::map<std::string, Row, std::less<>> rows_;
    std::vector<Host> hosts_; // by row
    std::vector<Row> unused_;
    RowSet live_;
    Sets traits_, aggregates_;
    std::map<std::string, Column, std::less<>> columns_;
};

} // namespace volutus::kernel::scheduler
