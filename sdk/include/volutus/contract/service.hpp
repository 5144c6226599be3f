// volutus.service/1: a REST request on its way to the plugin that owns the route, and the reply.
//
// Bodies are byte streams beside the documents: the request's is the call's input, the reply's its output, both as
// they stand on the wire, so that neither is copied through a document and a list may be larger than one.
#pragma once

#include <volutus/contract.hpp>

#include <map>
#include <string>
#include <vector>

namespace volutus::service {

struct Pair {
    std::string name, value;
};
BOOST_DESCRIBE_STRUCT(Pair, (), (name, value))

struct HttpRequest {
    std::string route;                             // the route's id of the manifest
    std::string method, path;                      // as sent, percent-encoded, without the mount's prefix
    std::map<std::string, std::string> parameters; // captures of the route, decoded
    std::vector<Pair> query;                       // decoded, in order; a name may come again
    std::vector<Pair> headers;                     // names in lower case; without credentials
    std::string base;                              // "https://cloud:443/compute": what links begin with
    bool body = false;                             // a body stands in the call's input
};
BOOST_DESCRIBE_STRUCT(HttpRequest, (), (route, method, path, parameters, query, headers, base, body))

// A route that the manifest declares as `websocket` is called when a client asks for the upgrade. With the status 101
// the reply's output was given a connected stream socket: the gateway then takes the upgrade (with the subprotocol
// "binary" where the client offers it) and carries bytes both ways between the client's frames and that socket until
// either end closes. Any other status is the answer instead of an upgrade.
struct HttpReply {
    std::uint32_t status = 200;
    std::vector<Pair> headers; // Content-Type among them where there is a body
    bool body = false;         // a body was written to the call's output, or a descriptor given to it
};
BOOST_DESCRIBE_STRUCT(HttpReply, (), (status, headers, body))

// An answer that the gateway itself has to give on a service's mount, in the service's own form: no such route,
// a method that the path does not have, a body too large, no or a bad token.
struct Refusal {
    HttpRequest request;
    std::string code; // name of a volutus::Code
    std::uint32_t status = 0;
    std::string message;
};
BOOST_DESCRIBE_STRUCT(Refusal, (), (request, code, status, message))

struct Service {
    virtual ~Service() = default;
    virtual HttpReply handle(Call&, HttpRequest const&) = 0;
    virtual HttpReply refuse(Call&, Refusal const&) = 0;
};
inline constexpr auto contract = volutus::contract<Service>("volutus.service/1", required<&Service::handle>("handle"),
                                                            required<&Service::refuse>("refuse"));

} // namespace volutus::service
