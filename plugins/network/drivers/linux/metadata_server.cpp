#include "metadata_server.hpp"

#include "descriptor.hpp"
#include "namespaces.hpp"

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <vector>

namespace volutus::network::on_linux {

namespace {

constexpr unsigned most_connections = 128, most_connections_of_an_address = 16, idle_seconds = 15;
constexpr auto address_v4 = "169.254.169.254", address_v6 = "fe80::a9fe:a9fe";

// In the namespace of the calling thread. Without the address, or without IPv6, the kernel says no: none then.
Descriptor listener(sockaddr const* address, socklen_t size) {
    Descriptor made(socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int const on = 1;
    if (made.get() < 0) return Descriptor();
    setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(made.get(), address, size) != 0 || ::listen(made.get(), 64) != 0) return Descriptor();
    return made;
}

Descriptor listener_v4() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(80);
    inet_pton(AF_INET, address_v4, &address.sin_addr);
    return listener(reinterpret_cast<sockaddr const*>(&address), sizeof(address));
}

Descriptor listener_v6(std::string const& link) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(80);
    address.sin6_scope_id = if_nametoindex(link.c_str());
    inet_pton(AF_INET6, address_v6, &address.sin6_addr);
    return listener(reinterpret_cast<sockaddr const*>(&address), sizeof(address));
}

std::string text_of(sockaddr_storage const& address) {
    char text[INET6_ADDRSTRLEN] = {};
    if (address.ss_family == AF_INET)
        inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in const&>(address).sin_addr, text, sizeof(text));
    else
        inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6 const&>(address).sin6_addr, text, sizeof(text));
    return text;
}

unsigned http_status(Code code) {
    switch (code) {
    case Code::not_found: return 404;
    case Code::invalid: return 400;
    case Code::forbidden: return 403;
    case Code::too_large: return 413;
    case Code::rate_limited: return 429;
    default: return 503; // guests try again; what is wrong stands in the log, not here
    }
}

// One request while it arrives.
struct Exchange {
    std::string path, body;
    bool begun = false, too_large = false;
};

} // namespace

struct MetadataServer::Impl {
    struct Place {
        std::vector<Descriptor> listeners;
        std::uint64_t number = 0; // of the namespace that they are in
        Identify identify;
    };

    Answer answer;
    world::Mutex mutex;
    std::map<std::string, Place> places; // by namespace
    std::map<int, Asker> connections;    // by descriptor
    bool closing = false;
    Descriptor wake{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    MHD_Daemon* http = nullptr;
    world::Thread acceptor;

    explicit Impl(Answer from) : answer(std::move(from)) {
        http = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
                                    MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC,
                                0, nullptr, nullptr, &Impl::on_request, this, MHD_OPTION_URI_LOG_CALLBACK,
                                &Impl::on_uri, this, MHD_OPTION_NOTIFY_COMPLETED, &Impl::on_completed, this,
                                MHD_OPTION_NOTIFY_CONNECTION, &Impl::on_connection, this, MHD_OPTION_CONNECTION_LIMIT,
                                most_connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT, most_connections_of_an_address,
                                MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds, MHD_OPTION_END);
        if (!http || wake.get() < 0)
            throw Error(Code::unavailable, "the metadata server does not start: no threads or descriptors are left");
        acceptor = world::Thread("metadata", [this] { accept_all(); });
    }

    void stir() {
        std::uint64_t const one = 1;
        (void)!write(wake.get(), &one, sizeof(one));
    }

    void accept_all() {
        for (;;) {
            std::vector<pollfd> watched{{wake.get(), POLLIN, 0}};
            {
                world::Lock lock(mutex);
                if (closing) return;
                for (auto const& [name, place] : places)
                    for (auto const& each : place.listeners) watched.push_back({each.get(), POLLIN, 0});
            }
            poll(watched.data(), watched.size(), -1);
            std::uint64_t count = 0;
            if (watched.front().revents) (void)!read(wake.get(), &count, sizeof(count));
            world::Lock lock(mutex);
            if (closing) return;
            for (auto const& [name, place] : places)
                for (auto const& each : place.listeners) accept_from(lock, each.get(), place.identify);
        }
    }

    void accept_from(world::Lock& lock, int fd, Identify const& identify) {
        for (int taken = 0; taken < 16; ++taken) {
            sockaddr_storage from{};
            socklen_t size = sizeof(from);
            Descriptor connection(accept4(fd, reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
            if (connection.get() < 0) return;
            auto const asker = identify(text_of(from));
            if (!asker) continue;
            connections[connection.get()] = *asker;
            auto const number = connection.give(); // MHD closes it, also when it has no room
            (void)lock;
            if (MHD_add_connection(http, number, reinterpret_cast<sockaddr*>(&from), size) != MHD_YES)
                connections.erase(number);
        }
    }

    static int number_of(MHD_Connection* connection) {
        auto const* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        return info ? info->connect_fd : -1;
    }

    static void on_connection(void* self, MHD_Connection* connection, void** context,
                              MHD_ConnectionNotificationCode code) {
        auto& me = *static_cast<Impl*>(self);
        (void)context;
        if (code != MHD_CONNECTION_NOTIFY_CLOSED) return;
        world::Lock lock(me.mutex);
        me.connections.erase(number_of(connection));
    }

    static void* on_uri(void*, char const* uri, MHD_Connection*) {
        auto* exchange = new Exchange;
        exchange->path = uri;
        return exchange;
    }

    static void on_completed(void*, MHD_Connection*, void** context, MHD_RequestTerminationCode) {
        delete static_cast<Exchange*>(std::exchange(*context, nullptr));
    }

    static MHD_Result send(MHD_Connection* connection, unsigned status, std::string const& type,
                           std::string const& body) {
        auto* response =
            MHD_create_response_from_buffer(body.size(), const_cast<char*>(body.data()), MHD_RESPMEM_MUST_COPY);
        if (!response) return MHD_NO;
        MHD_add_response_header(response, "Content-Type", type.c_str());
        auto const queued = MHD_queue_response(connection, status, response);
        MHD_destroy_response(response);
        return queued;
    }

    static MHD_Result on_request(void* self, MHD_Connection* connection, char const*, char const* method, char const*,
                                 char const* upload, std::size_t* upload_size, void** context) {
        auto& exchange = *static_cast<Exchange*>(*context);
        if (!std::exchange(exchange.begun, true)) return MHD_YES; // the headers; a body may follow
        if (*upload_size) {
            exchange.too_large = exchange.too_large || exchange.body.size() + *upload_size > body_limit;
            if (!exchange.too_large) exchange.body.append(upload, *upload_size);
            *upload_size = 0;
            return MHD_YES;
        }
        if (exchange.too_large) return send(connection, 413, "text/plain", "a body of at most 64 KiB is taken\n");
        try {
            auto const reply = static_cast<Impl*>(self)->reply_to(number_of(connection), method, exchange);
            return send(connection, reply.status, reply.content_type.empty() ? "text/plain" : reply.content_type,
                        reply.body);
        } catch (Error const& error) {
            auto const status = http_status(error.code());
            return send(connection, status, "text/plain",
                        fmt::format("{}\n", status == 404 ? "not found" : "try again later"));
        }
    }

    metadata::Reply reply_to(int number, char const* method, Exchange& exchange) {
        metadata::Request request;
        {
            world::Lock lock(mutex);
            auto const asker = connections.find(number);
            if (asker == connections.end()) throw Error(Code::not_found, "nobody is known at this address");
            request.network = asker->second.network;
            request.address = asker->second.address;
        }
        request.method = method;
        request.path = std::move(exchange.path);
        request.body = std::move(exchange.body);
        return answer(request);
    }
};

MetadataServer::MetadataServer(Answer answer) : impl_(std::make_unique<Impl>(std::move(answer))) {}
MetadataServer::~MetadataServer() { close(); }

void MetadataServer::listen(std::string const& name_space, std::string const& link, Identify identify) {
    struct Made {
        Descriptor v4, v6;
    } made;
    auto const number = number_of_namespace(name_space);
    {
        world::Lock lock(impl_->mutex);
        if (auto const place = impl_->places.find(name_space);
            place != impl_->places.end() && place->second.number == number && !place->second.listeners.empty()) {
            place->second.identify = std::move(identify);
            return;
        }
    }
    in_namespace(name_space, [&] {
        made.v4 = listener_v4();
        if (!link.empty()) made.v6 = listener_v6(link);
    });
    if (made.v4.get() < 0)
        throw Error(Code::unavailable,
                    fmt::format("nobody can listen on {}:80 in {}; does the driver have the capability "
                                "net_bind_service?",
                                address_v4, name_space));
    world::Lock lock(impl_->mutex);
    auto& place = impl_->places[name_space];
    place.identify = std::move(identify);
    place.number = number;
    place.listeners.clear();
    place.listeners.push_back(std::move(made.v4));
    if (made.v6.get() >= 0) place.listeners.push_back(std::move(made.v6));
    impl_->stir();
}

void MetadataServer::forget(std::string const& name_space) {
    world::Lock lock(impl_->mutex);
    impl_->places.erase(name_space);
    impl_->stir();
}

void MetadataServer::close() {
    {
        world::Lock lock(impl_->mutex);
        if (impl_->closing) return;
        impl_->closing = true;
        impl_->stir();
    }
    impl_->acceptor.join();
    MHD_stop_daemon(impl_->http);
    world::Lock lock(impl_->mutex);
    impl_->places.clear();
}

} // namespace volutus::network::on_linux
