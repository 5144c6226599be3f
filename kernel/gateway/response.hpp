// What a handler answers. The gateway adds the request id, Date, Server, Connection and the body's framing.
#pragma once

#include "kernel/gateway/live_feed.hpp"
#include "kernel/plugin/descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace volutus::kernel::gateway {

// Bytes pulled in pieces, each pull on a thread of the stream pool, so it may block; one pull at a time. Destroyed when
// all was sent or the client is gone.
class BodySource {
public:
    virtual ~BodySource() = default;
    // 0 at the end. May throw: the connection is then cut, so that the client sees a broken body and not a short one.
    virtual std::size_t read(void* into, std::size_t size) = 0;
    virtual std::optional<std::uint64_t> length() const { return std::nullopt; } // none: sent in chunks
    // Passes over bytes, before the first read. This default reads them; a source that can seek overrides it.
    virtual void skip(std::uint64_t bytes);
};

// An open regular file, or a part of it. Sent by sendfile where the connection has no TLS. Owns the descriptor.
class FileBody {
public:
    FileBody(int descriptor, std::uint64_t offset, std::uint64_t length)
        : offset(offset), length(length), descriptor_(descriptor) {}
    FileBody(FileBody&& other) noexcept
        : offset(other.offset), length(other.length), descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileBody& operator=(FileBody&& other) noexcept;
    ~FileBody();
    int descriptor() const { return descriptor_; }

    std::uint64_t offset, length; // the file must hold offset + length bytes, or the connection is cut

private:
    int descriptor_;
};

// Reads an open pipe or socket until its end, or `length` bytes. Owns the descriptor.
std::unique_ptr<BodySource> descriptor_source(int descriptor, std::optional<std::uint64_t> length = {});

// Where a websocket leads: bytes go both ways unchanged, as binary frames towards the client.
struct Tunnel {
    std::string host; // an address or a name; empty: unix_path counts
    std::uint16_t port = 0;
    std::string unix_path;
};

using Body = std::variant<std::string, FileBody, std::unique_ptr<BodySource>>;

struct Response {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers; // a name or value with a control character: answered 500
    Body body;
    // Only on a websocket route, and at most one of both; the other fields then do not count.
    std::optional<Tunnel> tunnel;
    plugin::Descriptor tunnel_socket{}; // a connected stream socket that the tunnel leads to

    // Only on a live route: what the client hears from now on. The body then does not count.
    std::unique_ptr<LiveFeed> live{};

    void set(std::string_view name, std::string_view value); // replaces, whatever the name's case
};

} // namespace volutus::kernel::gateway
