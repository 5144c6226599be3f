#include "kernel/gateway/gateway.hpp"

#include "kernel/gateway/connection.hpp"

#include <volutus/error.hpp>

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <tuple>
#include <unistd.h>

namespace volutus::kernel::gateway {

namespace {
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;
} // namespace

bool differ_in_certificate_at_most(Listener const& one, Listener const& other) {
    auto const rest = [](Listener const& of) { return std::tie(of.name, of.address, of.port, of.health, of.metrics); };
    return rest(one) == rest(other) && one.tls.has_value() == other.tls.has_value();
}

class Gateway::Impl {
public:
    Impl(Config config, std::shared_ptr<Router const> router, metrics::Metrics& metrics);
    ~Impl();
    std::uint16_t port(std::string_view listener) const;
    void replace_routes(std::shared_ptr<Router const> router);
    void reload(Config const& next);
    bool drain(world::Duration at_most);
    std::size_t connections() const { return shared_.connections.count(); }

private:
    struct Port {
        Port(IoThread& io, Listener const& l) : listener(l), acceptor(io.context), pause(io.context) {}
        Listener const& listener;
        Acceptor acceptor; // on the first io thread
        Timer pause;
        std::optional<asio::ssl::context> tls;
        std::uint16_t number = 0;
        world::Instant next_report{};
    };
    void bind(Port& port);
    void accept(Port& port);
    void adopt(Port& port, IoThread& io, Socket socket);
    void stop_accepting();
    // Runs where connections are accepted, and waits until it has.
    template <class Function> void while_none_is_accepted(Function const& function);
    // Runs on every io thread, and waits until it has.
    template <class Function> void everywhere(Function const& function);

    Shared shared_;
    std::vector<std::unique_ptr<IoThread>> threads_;
    std::vector<std::unique_ptr<Port>> ports_;
    std::size_t next_ = 0;
    std::shared_ptr<Limits const> limits_; // of connections to come; on the first io thread
};

Gateway::Impl::Impl(Config config, std::shared_ptr<Router const> router, metrics::Metrics& metrics)
    : shared_(std::move(config), metrics), limits_(std::make_shared<Limits const>(shared_.config.limits)) {
    ::signal(SIGPIPE, SIG_IGN); // sendfile and OpenSSL have no flag against it
    auto const& asked = shared_.config.io_threads;
    auto const count = asked ? asked : static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    auto const table = std::make_shared<RouteTable const>(std::move(router), metrics);
    for (unsigned i = 0; i < count; ++i) threads_.push_back(std::make_unique<IoThread>(shared_, table));
    for (auto const& listener : shared_.config.listeners) {
        auto& port = *ports_.emplace_back(std::make_unique<Port>(*threads_.front(), listener));
        if (listener.tls) port.tls.emplace(tls_context(*listener.tls));
        bind(port);
    }
    for (auto& port : ports_) accept(*port);
    for (auto& thread : threads_) thread->start();
}

Gateway::Impl::~Impl() {
    stop_accepting();
    for (auto& thread : threads_) thread->stop();
    // Jobs post to the loops, so these go after them.
    shared_.documents.stop();
    shared_.uploads.stop();
    shared_.downloads.stop();
    ports_.clear();
    threads_.clear();
}

void Gateway::Impl::bind(Port& port) {
    auto const& listener = port.listener;
    error_code failure;
    auto const address = asio::ip::make_address(listener.address, failure);
    if (failure)
        throw Error(Code::invalid, fmt::format("listener {}: \"{}\" is no address", listener.name, listener.address));
    tcp::endpoint const endpoint(address, listener.port);
    port.acceptor.open(endpoint.protocol(), failure);
    if (!failure) port.acceptor.set_option(asio::socket_base::reuse_address(true), failure);
    if (!failure) port.acceptor.bind(endpoint, failure);
    if (!failure) port.acceptor.listen(1024, failure);
    if (failure)
        throw Error(Code::unavailable, fmt::format("listener {} cannot listen on {} port {}: {}", listener.name,
                                                   listener.address, listener.port, failure.message()));
    port.number = port.acceptor.local_endpoint().port();
}

void Gateway::Impl::accept(Port& port) {
    auto& io = *threads_[next_++ % threads_.size()];
    port.acceptor.async_accept(io.context.get_executor(), [this, &port, &io](error_code failure, Socket socket) {
        if (failure == asio::error::operation_aborted || shared_.draining) return;
        if (!failure) adopt(port, io, std::move(socket));
        if (!failure || failure == asio::error::connection_aborted) return accept(port);
        // Out of descriptors, most likely: without a pause this would spin, and every line of it would say the same.
        if (auto const now = world::now(); now >= port.next_report) {
            port.next_report = now + std::chrono::seconds(10);
            shared_.report(fmt::format("listener {} cannot accept: {}; who is connected is served, others wait. Raise "
                                       "the limit of open files (LimitNOFILE, prlimit)",
                                       port.listener.name, failure.message()));
        }
        port.pause.expires_after(std::chrono::milliseconds(100));
        port.pause.async_wait([this, &port](error_code cancelled) {
            if (!cancelled) accept(port);
        });
    });
}

void Gateway::Impl::adopt(Port& port, IoThread& io, Socket socket) {
    shared_.meters.accepted.Increment();
    error_code failure;
    socket.set_option(tcp::no_delay(true), failure);
    auto const peer = socket.remote_endpoint(failure);
    auto address = peer.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    auto const client = address.to_string();
    auto const& limits = *limits_;
    bool const many = limits.connections_per_client == 0 || shared_.trusted.hold(client);
    if (!shared_.connections.add(client_of(client), limits.connections,
                                 many ? limits.connections : limits.connections_per_client)) {
        shared_.meters.turned_away.Increment();
        return;
    }
    auto transport = port.tls ? tls_transport(std::move(socket), *port.tls) : plain_transport(std::move(socket));
    auto connection = std::make_shared<Connection>(io, limits_, std::move(transport), port.listener, client);
    asio::post(io.context, [connection = std::move(connection)] { connection->start(); });
}

template <class Function> void Gateway::Impl::everywhere(Function const& function) {
    std::vector<std::unique_ptr<world::Promised<bool>>> done;
    for (auto& thread : threads_) {
        auto* const promised = done.emplace_back(std::make_unique<world::Promised<bool>>()).get();
        asio::post(thread->context, [&function, &io = *thread, promised] {
            function(io);
            promised->give(true);
        });
    }
    for (auto& promised : done) promised->take();
}

void Gateway::Impl::stop_accepting() {
    shared_.draining = true;
    while_none_is_accepted([this] {
        for (auto& port : ports_) {
            error_code ignored;
            port->acceptor.close(ignored);
            port->pause.cancel();
        }
    });
}

template <class Function> void Gateway::Impl::while_none_is_accepted(Function const& function) {
    world::Promised<bool> done;
    asio::post(threads_.front()->context, [&] {
        function();
        done.give(true);
    });
    done.take();
}

std::uint16_t Gateway::Impl::port(std::string_view listener) const {
    for (auto const& port : ports_)
        if (port->listener.name == listener) return port->number;
    throw Error(Code::not_found, fmt::format("there is no listener \"{}\"", listener));
}

void Gateway::Impl::replace_routes(std::shared_ptr<Router const> router) {
    auto const table = std::make_shared<RouteTable const>(std::move(router), shared_.meters.metrics);
    everywhere([&](IoThread& io) { io.replace_table(table); });
}

void Gateway::Impl::reload(Config const& next) {
    std::vector<std::pair<Port*, asio::ssl::context>> fresh;
    for (auto& port : ports_)
        for (auto const& listener : next.listeners)
            if (listener.name == port->listener.name && listener.tls && port->listener.tls)
                fresh.emplace_back(port.get(), tls_context(*listener.tls));
    auto const limits = std::make_shared<Limits const>(next.limits);
    while_none_is_accepted([&] {
        // Connections that stand share the old context, which goes with the last of them.
        for (auto& [port, tls] : fresh) port->tls.emplace(std::move(tls));
        limits_ = limits;
    });
    shared_.clients.set(next.client_rate);
}

bool Gateway::Impl::drain(world::Duration at_most) {
    auto const until = world::now() + at_most;
    stop_accepting();
    everywhere([](IoThread& io) { io.drain(); });
    bool const all = shared_.connections.wait_for_none(until);
    if (!all) everywhere([](IoThread& io) { io.abort_all(); });
    return all;
}

Gateway::Gateway(Config config, std::shared_ptr<Router const> router, metrics::Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(router), metrics)) {}
Gateway::~Gateway() = default;
std::uint16_t Gateway::port(std::string_view listener) const { return impl_->port(listener); }
void Gateway::replace_routes(std::shared_ptr<Router const> router) { impl_->replace_routes(std::move(router)); }
void Gateway::reload(Config const& next) { impl_->reload(next); }
bool Gateway::drain(world::Duration at_most) { return impl_->drain(at_most); }
std::size_t Gateway::connections() const { return impl_->connections(); }

} // namespace volutus::kernel::gateway
