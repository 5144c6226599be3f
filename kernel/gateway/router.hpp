// From a path to a route. A Router is built once and never changes: replacing one is replacing a pointer.
//
// Paths are matched as they were sent: a capture is one raw segment, decoded afterwards, so a name may hold %2F. Dot
// segments and "//" are not resolved: they are text like any other, matched by captures only ("//" has an empty
// segment, which only a rest capture takes). One slash at the end of a path counts nothing outside a rest capture. A
// literal segment goes before a capture, with a way back when it leads nowhere, so the cost is the path's length unless
// the table itself is ambiguous.
#pragma once

#include "kernel/gateway/handler.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::gateway {

struct Route {
    std::string method;                  // "GET"; serves HEAD too where no route does
    std::string pattern;                 // "/v2.1/servers/{server_id}/action"; "{name*}" at the end takes the rest
    std::string id;                      // what the handler and the metrics know it by
    bool reads_only = false;             // runs on the connection's own thread; else it may wait, on the pool
    bool streams_body = false;           // the handler reads the request's body; not together with reads_only
    bool websocket = false;              // answered with a Tunnel
    bool live = false;                   // answered with a LiveFeed
    std::uint64_t body_limit = 0;        // bytes; 0: the gateway's default for documents, no limit for streams
    std::vector<std::string> captures{}; // the names in the pattern, in order; filled by the Router
};

// Where a service is found: "/compute" on the common port, "" on a port of its own.
struct Place {
    std::string listener;
    std::string prefix;
};

struct Mount {
    std::string service;
    std::shared_ptr<Handler> handler;
    std::vector<Place> places;
    std::vector<Route> routes;
};

class Router {
public:
    // Error invalid: a pattern or prefix that is none, a route that stands twice at one place.
    explicit Router(std::vector<Mount> mounts);
    ~Router();
    Router(Router const&) = delete;
    Router& operator=(Router const&) = delete;

    struct Match {
        Mount const* mount = nullptr; // null: no service is here
        Route const* route = nullptr; // null: 404, or 405 when `allow` says what would do
        std::size_t index = 0;        // of the route among all of the table
        std::string_view prefix;
        std::string allow;                      // "GET, POST"
        std::vector<std::string_view> captures; // raw
    };
    // `into` is cleared first; it is the caller's so that its memory is used again.
    void find(std::string_view listener, std::string_view method, std::string_view path, Match& into) const;

    std::vector<Mount> const& mounts() const { return mounts_; }
    std::size_t size() const { return routes_; } // routes of all mounts; a route counts once, however often placed

private:
    struct Node;
    struct Table {
        std::string listener;
        std::unique_ptr<Node> root;
    };
    void place(Mount const& mount, Route const& route, std::size_t index, Place const& where);
    Node& root_of(std::string const& listener);
    static bool walk(Node const& node, std::string_view rest, std::string_view method, Match& into);
    static bool choose(Node const& node, std::string_view method, Match& into);

    std::vector<Mount> mounts_;
    std::vector<Table> tables_;
    std::size_t routes_ = 0;
};

} // namespace volutus::kernel::gateway
