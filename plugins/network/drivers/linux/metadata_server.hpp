// Answers guests at 169.254.169.254:80 and fe80::a9fe:a9fe, in the namespaces of networks and of routers: each request
// becomes a call of volutus.metadata/1 with the network and the guest's address there, and nothing of what the guest
// claims about itself is passed on.
//
// The listening sockets are opened inside the namespaces and watched by one thread of ours; libmicrohttpd speaks HTTP on
// what they accept, with a thread of its own for each connection up to a limit, for the call may wait. All of them end
// in close().
#pragma once

#include <volutus/contract/metadata.hpp>

#include <memory>
#include <optional>
#include <string>

#include <functional>

namespace volutus::network::on_linux {

struct Asker {
    std::string network, address;
};

class MetadataServer {
public:
    using Answer = std::function<metadata::Reply(metadata::Request const&)>; // any thread; may throw Error
    // Who has this address in the namespace that the request came in by; none: nobody is known there.
    using Identify = std::function<std::optional<Asker>(std::string const& address)>;

    static constexpr std::size_t body_limit = 64 * 1024;

    explicit MetadataServer(Answer answer);
    ~MetadataServer();

    // Any thread. A namespace that is already listened in gets the new `identify`.
    void listen(std::string const& name_space, std::string const& link, Identify identify);
    void forget(std::string const& name_space);
    void close();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace volutus::network::on_linux
