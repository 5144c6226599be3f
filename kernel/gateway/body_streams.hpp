// The bodies of a request and its reply as the streams of a call.
#pragma once

#include "kernel/gateway/overdue.hpp"
#include "kernel/gateway/request.hpp"
#include "kernel/gateway/response.hpp"

#include <volutus/error.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace volutus::kernel::gateway {

// Reads the document, or the client's stream where the route has one. Whoever waits for the client is not overdue, and
// then has `patience` from one piece to the next.
class InputBody : public vlt_stream {
public:
    InputBody(Request& request, Overdue::Watched& watched, world::Duration patience);
    InputBody(InputBody const&) = delete;
    InputBody& operator=(InputBody const&) = delete;

private:
    std::size_t read_stream(void* into, std::size_t size);

    Request& request_;
    Overdue::Watched& watched_;
    world::Duration const patience_;
    std::size_t position_ = 0;
};

// Gathers what the service writes, at most `most` bytes, or takes the descriptor that it gives.
class OutputBody : public vlt_stream {
public:
    explicit OutputBody(std::size_t most);
    ~OutputBody();
    OutputBody(OutputBody const&) = delete;
    OutputBody& operator=(OutputBody const&) = delete;

    Body take(); // throws invalid for a descriptor whose bytes are not there
    // The descriptor that was given; throws invalid when it is no connected stream socket.
    plugin::Descriptor take_socket();

private:
    struct Given {
        int descriptor;
        std::uint64_t offset, length; // length 0: to the end
    };
    static OutputBody& of(vlt_stream* stream) { return *static_cast<OutputBody*>(stream); }

    std::size_t most_;
    std::string bytes_;
    std::optional<Given> given_;
};

} // namespace volutus::kernel::gateway
