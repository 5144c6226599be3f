// What is the same for all routes of a REST service: its names, versions, errors, pages and habits.
#pragma once

#include <volutus/error.hpp>
#include <volutus/field.hpp>
#include <volutus/reply.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace volutus {

struct ServiceTraits;

// What went wrong, before the service gives it its form.
struct Failure {
    Code code = Code::internal;
    unsigned status = 500;
    std::string message;  // never a service's inside: an internal error names the request id and nothing else
    json::object details; // of the Error: "type" names a neutron-like type, "field" the path of a bad value
    std::string request_id;
    std::string noun; // of the resource that the route belongs to; "" outside any
    Version version = 0;
};
using ErrorForm = Reply (*)(Failure const&, ServiceTraits const&);

namespace errors {
Reply fault(Failure const&, ServiceTraits const&);  // {"itemNotFound": {"code", "message"}}; error_key for the rest
Reply typed(Failure const&, ServiceTraits const&);  // {error_key: {"type", "message", "detail"}}
Reply titled(Failure const&, ServiceTraits const&); // {"error": {"code", "message", "title"}}
Reply listed(Failure const&, ServiceTraits const&); // {"errors": [{"status", "title", "detail", "request_id"}]}
Reply html(Failure const&, ServiceTraits const&);
Reply plain(Failure const&, ServiceTraits const&);
Reply simple(Failure const&, ServiceTraits const&); // {"error": {"code": "not_found", "message", "details"}}
} // namespace errors

// How a list says where the next page begins.
enum class Pages {
    none,
    key_links,      // "servers_links": [{"rel": "next", "href"}], where there is a next page
    key_links_both, // and rel "previous"
    links,          // "links": {"next", "self", "previous"}, always
    next,           // "first", and "next" where there is one, as paths without the host
};

// Which header names a microversion, and the bounds that this service speaks.
struct Microversions {
    std::string_view type;           // OpenStack-API-Version: <type> 2.90; "" = the service has none
    std::string_view legacy_header;  // X-OpenStack-Nova-API-Version
    std::string_view lowest, newest; // "2.1", "2.96"; the lowest holds where no header is sent
};

struct StatusFor {
    Code code = Code::ok;
    unsigned status = 0;
};

struct ServiceTraits {
    std::string_view name;                      // its folder and its mount: "block_storage"
    std::string_view type;                      // official type in the catalog: "block-storage"
    std::array<std::string_view, 6> aliases{};  // of the type
    std::array<std::string_view, 6> prefixes{}; // before every path that begins with '/': "/v2.1", "/v2.1/{project_id}"
    std::string_view endpoint;                  // in the catalog, below the mount: "/v2.1"
    std::string_view description;               // in the catalog, for people
    Microversions versions{};

    ErrorForm errors = errors::simple;
    std::string_view error_key = "computeFault";
    std::array<StatusFor, 10> statuses{};                                      // where they differ from status_of()
    std::string_view missing = "{Noun} {id} could not be found.";              // {noun}, {Noun}, {id}
    std::string_view refused = "Policy doesn't allow {rule} to be performed."; // {rule}
    Code hides_as = Code::not_found; // answer for what is not there or is another's; forbidden: 404 only for
                                     // who may see all
    Code unknown_marker = Code::invalid;

    Pages pages = Pages::none;
    std::uint32_t page_limit = 1000;   // largest page, 1 to 1,000
    bool whole_lists = false;          // without `limit` a list is whole, not one page
    bool bare = false;                 // one resource stands without {"volume": ...} around it
    bool ignores_unknown_keys = false; // in request bodies; otherwise refused by name
    bool lenient = false;              // "true" is taken for true and "5" for 5, as older clients send them
    bool refuses_unknown_queries = false;
    bool selects_fields = true;     // ?fields=id&fields=name
    bool plain_ids = false;         // ids that are made have no hyphens
    bool microsecond_times = false; // of created_at and updated_at that the default handlers set

    bool asks_policy = true; // false: no policy; whoever is in the project may do everything
    std::string_view reads_need = "rule:project_reader_or_admin"; // defaults of rules that are named without a check
    std::string_view writes_need = "rule:project_member_or_admin";
    std::string_view request_id_header; // one more name for the request id: "x-compute-request-id"
};

std::string_view title_of(unsigned status); // of one that refuses
unsigned status_of(Code code);              // exhaustive; the defaults
unsigned status_of(Code code, ServiceTraits const& traits);
// "latest" and "2.90" of the service's header forms. Throws invalid for what is no version, and unsupported, with
// min_version and max_version in the details, for one out of range.
Version version_asked(ServiceTraits const& traits, std::string_view modern_header, std::string_view legacy_header);
std::string to_string(Version version); // "2.90"

} // namespace volutus
