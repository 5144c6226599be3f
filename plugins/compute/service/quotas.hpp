// What projects may have, and what they have: the ledger's accounts as quota sets and limits.
#pragma once

#include "settings.hpp"

#include <volutus/request.hpp>

namespace volutus::compute {

struct QuotaSet : Stored { // of no kind: what is kept are the ledger's accounts
    std::string id;
};
Resource const& resource_of(QuotaSet const*);

class Quotas {
public:
    void configure(Settings const& settings) { settings_ = settings; }

    Reply show(Request& request);
    Reply show_defaults(Request& request);
    Reply show_in_detail(Request& request);
    Reply update(Request& request);
    Reply reset(Request& request);
    Reply show_limits(Request& request);

private:
    struct Row {
        std::string_view name;
        std::int64_t fallback;
        Version until = 0;  // the last version that has it
        bool fixed = false; // cannot be changed, counts nothing
    };
    std::vector<Row> rows(Request const& request) const;
    json::object set_of(Request& request, std::string const& project) const;

    Settings settings_;
};

} // namespace volutus::compute
