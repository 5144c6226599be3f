#include "quota_words.hpp"

#include <fmt/format.h>

namespace volutus::compute {

namespace {

std::int64_t number(json::object const& details, std::string_view name) {
    auto const* value = details.if_contains(name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

} // namespace

void refuse_quota(Store& store, Error const& error, Server const& server, std::int64_t count) {
    auto const details = json::parse_object(error.details());
    auto const* named = details.if_contains("resource");
    auto const resource = named && named->is_string() ? json::text(*named) : std::string("instances");
    auto const each = resource == "cores" ? server.flavor.vcpus : resource == "ram" ? server.flavor.ram : 1;
    // What the error calls used counts what the refused apply itself had claimed before; the user knows nothing of that.
    store::AccountQuery query;
    query.account = server.project_id;
    query.resource = resource;
    query.limit = 1;
    auto const accounts = store.accounts(query).accounts;
    throw Error(Code::over_quota,
                fmt::format("Quota exceeded for {0}: Requested {1}, but already used {2} of {3} {0}", resource,
                            count * each, accounts.empty() ? 0 : accounts.front().used, number(details, "total")));
}

} // namespace volutus::compute
