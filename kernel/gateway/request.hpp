// A request as a handler sees it. All views live until handle() has returned.
#pragma once

#include "kernel/gateway/forwarded.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace volutus::kernel::gateway {

struct Route;

struct Field {
    std::string_view name, value;
};

struct Parameter {
    std::string key, value;
};

// The body of a request on a streaming route. Of the handler's thread.
class BodyReader {
public:
    virtual ~BodyReader() = default;
    // Blocks until there are bytes; 0 at the end. Throws Error: cancelled when the client went away or was too slow,
    // invalid for broken chunks, too_large beyond the route's limit. The first read answers Expect: 100-continue.
    virtual std::size_t read(void* into, std::size_t size) = 0;
    virtual std::optional<std::uint64_t> length() const = 0; // nothing when the client sends chunks
};

// Whom the access log names. A handler that knows its caller fills it in.
struct Caller {
    std::string user, project;
};

struct Refusal;

// The client's side of a request. Once its handler, or the wording of its refusal, is given up, the client is told the
// refusal, and what still comes back is dropped.
class Exchange {
public:
    virtual void give_up(Refusal const& why) = 0; // any thread, while the handler runs; only the first one counts

protected:
    ~Exchange() = default;
};

class Request {
public:
    std::string_view method;      // as sent: "GET"
    std::string_view raw_path;    // as sent, without the query; "/v2/a%2Fb"
    std::string_view query;       // as sent, without the '?'
    std::vector<Field> headers;   // in order, as sent
    std::string_view body;        // the whole document; empty on a streaming route
    BodyReader* stream = nullptr; // on a streaming route
    std::string id;               // "req-<uuid>", made here
    std::string_view global_id;   // the client's own X-Openstack-Request-Id when it has that form, else empty
    std::string traceparent;      // of this request's span: the client's trace, or one that begins here
    std::string_view parent_span; // the client's; empty where the trace begins here
    std::string_view tracestate;
    std::string_view peer;         // address of the socket's other end, without the port
    Origin origin;                 // how the client sees us: from Host, or from a trusted proxy
    std::string_view listener;     // the name of the listener
    std::string_view mount_prefix; // "/compute", or "" on a port of its own
    Route const* route = nullptr;  // what matched; null while a refusal for no route is rendered
    bool tls = false;              // on this hop; the client's own scheme is origin.scheme
    Caller caller;
    Exchange* exchange = nullptr; // null: there is nobody to be told, and it cannot be given up

    // The value of the first header of that name, whatever its case; empty when there is none.
    std::string_view header(std::string_view name) const;
    bool has_header(std::string_view name) const;

    // The decoded value of a capture of the route's pattern; empty when the pattern has none of that name.
    std::string_view capture(std::string_view name) const;

    // Decoded, in order, repeated keys kept; '+' is a space. A bad escape stays as it was sent.
    std::vector<Parameter> parameters() const;

    std::string path() const;     // decoded; for people, not for matching
    std::string base_url() const; // "https://cloud.example/compute": what links of this service start with

    std::vector<std::string> captures; // decoded, in the order of route->captures; filled by the gateway
};

std::string percent_decode(std::string_view text); // a bad escape stays as it is
bool is_utf8(std::string_view text);               // RFC 3629: the shortest form only, and no surrogates
bool equal_ignoring_case(std::string_view left, std::string_view right);

} // namespace volutus::kernel::gateway
