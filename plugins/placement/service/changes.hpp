// What all changes of a provider have in common: the generation that the caller looked at, and the words for what the
// store refuses.
#pragma once

#include "provider.hpp"

#include <volutus/request.hpp>

#include <string>
#include <string_view>

namespace volutus::placement_service {

inline constexpr char concurrent_update[] = "placement.concurrent_update";
inline constexpr char duplicate_name[] = "placement.duplicate_name";
inline constexpr char inventory_in_use[] = "placement.inventory.inuse";
inline constexpr char provider_in_use[] = "placement.resource_provider.inuse";
inline constexpr char provider_is_parent[] = "placement.resource_provider.cannot_delete_parent";
inline constexpr char provider_not_found[] = "placement.resource_provider.not_found";
inline constexpr char duplicate_query[] = "placement.query.duplicate_key";
inline constexpr char bad_query[] = "placement.query.bad_value";
inline constexpr char missing_query[] = "placement.query.missing_value";

// An error with one of the codes above, which clients of 1.23 and later read.
Error coded(Code code, std::string const& message, std::string_view name);

// Of the path's {uuid}.
Provider provider_of(Request& request);
void check_generation(Provider const& provider, std::int64_t generation);
// The provider, one generation on, with what else changes; conflict when another request was faster, or when what goes
// is in use.
void advance(Request& request, Provider& provider, Writes more = {});
// What a refused apply means to a client; throws.
[[noreturn]] void refuse_change(Error const& error);

// When what is shown was changed last, a timestamp: the reply's Last-Modified, from 1.15 on.
Reply modified(Reply reply, std::string const& at);
// The path of something here, as links in documents have it: with the service's mount and without a host.
std::string path_of(Request& request, std::string const& path);
// "2026-01-02T03:04:05Z" as "Fri, 02 Jan 2026 03:04:05 GMT"; "" for what is no such time.
std::string http_date(std::string const& timestamp);

} // namespace volutus::placement_service
