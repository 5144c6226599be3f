// The other end of the admin socket.
#pragma once

#include "kernel/operator/answer.hpp"

#include <string>

namespace volutus::kernel::operators {

class AdminClient {
public:
    // Throws unavailable, with what to look at, when no daemon answers there.
    explicit AdminClient(std::string const& path);
    ~AdminClient();
    AdminClient(AdminClient const&) = delete;
    AdminClient& operator=(AdminClient const&) = delete;

    // Hands what comes to `into`; sends the descriptor of into.file() along. Throws what the daemon answers as an error,
    // and unavailable when it goes away.
    void ask(json::object const& request, Answer& into);

private:
    std::string line();

    int handle_;
    std::string received_;
};

} // namespace volutus::kernel::operators
