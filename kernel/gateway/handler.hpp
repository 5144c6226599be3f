// What the gateway asks of a service: one Handler answers all requests of its mount.
//
// Plain C++: nothing here knows sockets, Asio or Beast, so a Handler is tested without a gateway.
#pragma once

#include "kernel/gateway/request.hpp"
#include "kernel/gateway/response.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace volutus::kernel::gateway {

// A request that the gateway itself turns down.
struct Refusal {
    unsigned status = 500;               // 400 404 405 408 413 429 500 502 503
    std::string message;                 // for people; names nothing secret
    std::chrono::seconds retry_after{0}; // of a 429 or 503
};

class Handler {
public:
    virtual ~Handler() = default;

    // Called concurrently. On the connection's own thread for a reads_only route, where it must not wait for anything
    // slower than memory or the local store; else on a thread of the pool, where it may block. An exception is
    // answered as refuse(500).
    virtual Response handle(Request& request) = 0;

    // The service's own form of an error. Called concurrently, on any thread; must not block or throw. The gateway adds
    // Allow to a 405 and Retry-After to a 429 or 503.
    virtual Response refuse(Request const& request, Refusal const& refusal) = 0;
};

} // namespace volutus::kernel::gateway
