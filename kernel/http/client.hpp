// Calls that leave the daemon over HTTP: to a trace collector, to somebody's webhook.
#pragma once

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::http {

// Of one thread. Keeps its connection between requests.
class Client {
public:
    explicit Client(world::Duration patience); // for one request, from its start to its answer's end
    ~Client();
    Client(Client const&) = delete;
    Client& operator=(Client const&) = delete;

    // The answer's status; its body is passed over, and a redirection is an answer like any other. `headers` are lines
    // ("Name: value"). Throws unavailable when nobody answers in time.
    unsigned post(std::string const& url, std::vector<std::string> const& headers, std::string_view body);

    // Any thread: cuts what is under way short, and all that comes later.
    void end();

private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
    world::Duration patience_;
};

// Is it one that a client can ask: http or https, with a host?
bool is_url(std::string const& text);

// Of such a URL what may be shown: a password, or what follows its path, is often a secret.
std::string shown_url(std::string const& url);

} // namespace volutus::kernel::http
