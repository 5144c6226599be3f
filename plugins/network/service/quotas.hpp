// The limits of projects, which the ledger holds and keeps.
#pragma once

#include "settings.hpp"

#include <volutus/request.hpp>

#include <optional>

namespace volutus::network_service {

// A project's limits as the API shows them; in a body what is to change. -1 = unlimited.
struct Quota : Stored {
    std::string project_id;
    std::optional<std::int64_t> network, subnet, port, router, floatingip, security_group, security_group_rule,
        subnetpool;
    bool force = false,
         check_limit = false; // of a body alone: a limit below use is taken, or refused. Taken by default
};
Resource const& resource_of(Quota const*);

class Quotas {
public:
    explicit Quotas(Settings const& settings) : settings_(settings) {}

    Reply list(Request& request); // of projects that have a limit of their own
    Reply show(Request& request);
    Reply defaults(Request& request);
    Reply details(Request& request);
    Reply update(Request& request);
    Reply reset(Request& request);

private:
    Settings const& settings_;
};

} // namespace volutus::network_service
