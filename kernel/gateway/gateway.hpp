// The HTTP front: listeners, TLS, limits, and the way from a socket to a Handler.
//
// This folder is the only home of Boost.Beast, and its headers named handler, request, response, router, range,
// access_log and gateway hold nothing of it. It stands outside the simulation by intent: Asio waits on real sockets
// with real threads, and the simulator enters above it, at the Handler.
//
// Threads: a few io threads, each with its own event loop; a connection belongs to one of them for life, so its state
// has no locks. Handlers of reads_only routes run right there; others in bounded pools: one for documents, one for
// handlers that read a streamed body (a slow client holds such a thread, and must not hold up documents), one that
// pulls bodies of replies (held by a slow source, never by a slow client).
#pragma once

#include "kernel/gateway/access_log.hpp"
#include "kernel/gateway/rate_limiter.hpp"
#include "kernel/gateway/router.hpp"
#include "kernel/metrics/metrics.hpp"

#include <volutus/world.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace volutus::kernel::gateway {

struct Tls {
    std::string certificate; // PEM file: the certificate, then its chain
    std::string key;         // PEM file
};

struct Listener {
    std::string name = "main";
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;   // 0: one that is free
    std::optional<Tls> tls{}; // TLS 1.2 and 1.3
    bool health = true;       // answers /healthz and /readyz
    bool metrics = true;      // answers /metrics
};

// What a listener can change while it serves.
bool differ_in_certificate_at_most(Listener const& one, Listener const& other);

struct Limits {
    std::size_t header_bytes = 64 * 1024;      // beyond: 431, or 414 for the request line alone
    std::uint64_t document_bytes = 256 * 1024; // of routes that set no limit of their own; beyond: 413
    std::uint64_t drained_bytes = 64 * 1024;   // of a body the handler left unread; beyond: the connection is closed
    std::size_t connections = 10000; // beyond: closed at once. Near it, idle ones close after idle_when_crowded
    std::size_t connections_per_client = 5000; // of one address (see client_of); 0: as many as there may be of all
    std::size_t memory = 256 * 1024 * 1024;    // of requests and replies in hand; beyond, large ones are answered 503
    std::size_t pipelined_bytes = 64 * 1024;   // of replies gathered before they are sent; then input waits
    unsigned pipelined = 32;                   // requests answered in one such batch
    std::chrono::milliseconds idle{75'000};    // between requests
    std::chrono::milliseconds idle_when_crowded{1'000};
    std::chrono::milliseconds header{15'000}; // from a request's first byte to its header's end, and for TLS handshakes
    std::chrono::milliseconds linger{2'000};  // for the client to take the last reply in
    std::chrono::milliseconds tunnel_connect{10'000};
    std::chrono::milliseconds pulse{15'000}; // a client of a live feed hears something at least so often
    std::uint64_t body_rate = 512;           // bytes a second, either way, averaged over rate_window
    std::chrono::milliseconds rate_window{20'000};
};

struct Config {
    std::vector<Listener> listeners;
    Limits limits{};
    Rate client_rate{};      // of requests of one address (see client_of), but for the gateway's own pages; beyond: 429
    unsigned io_threads = 0; // 0: one a processor
    unsigned pool_threads = 32;
    std::size_t pool_queue = 1024; // beyond: 503 with Retry-After
    unsigned upload_threads = 64;
    std::size_t upload_queue = 64;
    unsigned download_threads = 16;
    std::vector<std::string> trusted_proxies{};     // see Networks
    std::string server_name = "Volutus";            // the Server header; empty: none
    AccessSink access{};                            // empty: no access log
    std::function<void(std::string_view)> report{}; // what went wrong inside, for the log; any thread
    std::function<bool()> ready{};                  // for /readyz; empty: ready while not draining; any thread
};

class Gateway {
public:
    // Binds every listener, then serves. Error: invalid (configuration, certificate), unavailable (an address is
    // taken).
    Gateway(Config config, std::shared_ptr<Router const> router, metrics::Metrics& metrics);
    ~Gateway(); // cuts what is left; call drain() before to be kind
    Gateway(Gateway const&) = delete;
    Gateway& operator=(Gateway const&) = delete;

    std::uint16_t port(std::string_view listener) const; // Error not_found

    // Once this returns no new request meets the old table; those under way finish on it and keep it alive. Not to be
    // called from a reads_only handler.
    void replace_routes(std::shared_ptr<Router const> router);

    // Takes over what can be changed while serving. At once: the client rate. For connections to come: the limits, and the
    // certificates of listeners that have one, read again under the names that `next` gives them; those open go on as
    // they are. Throws invalid, and changes nothing, when a certificate cannot be used.
    void reload(Config const& next);

    // Stops accepting, closes idle connections and tunnels, lets requests under way finish with Connection: close, and
    // returns when all are done or the time has come; what is left then is cut. True: all finished. Requests that come
    // on connections still open are answered; /readyz says 503.
    bool drain(world::Duration at_most);

    std::size_t connections() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace volutus::kernel::gateway
