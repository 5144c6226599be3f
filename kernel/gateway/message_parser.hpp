// Incoming HTTP/1.1, one message after another, out of whatever pieces the socket gives.
//
// Beast's parser does the grammar. What a proxy in front could read in another way than we do (request smuggling) is
// refused before it or beside it: bare LF, folded lines, a Content-Length that stands twice or is no plain number,
// Content-Length together with Transfer-Encoding, any coding but exactly "chunked", chunk extensions with control
// bytes.
#pragma once

#include "kernel/gateway/request.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace volutus::kernel::gateway {

// How the message is framed, and what the connection needs to know. Views point into `block`.
struct Head {
    std::string block; // the whole head as sent
    std::string_view host;
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool http11 = false;
    bool keep_alive = false;
    bool expects_continue = false;
    bool websocket = false; // asks for an upgrade to it

    bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

class MessageParser {
public:
    explicit MessageParser(std::size_t head_limit);
    ~MessageParser();

    struct Outcome {
        enum Kind { more, done, refused } kind;
        std::size_t used = 0; // bytes to drop from the front of the input
        unsigned status = 0;  // of a refusal: 400, 413, 414, 417, 431, 505
        char const* why = "";
    };

    // `input` starts with what the last call left. On `done` head, and method, path, query and headers of the request
    // are filled; the views live until the next call of head(), also when `input` moves.
    Outcome head(std::string_view input, Head& head, Request& request);

    // The body that follows, after head(): appends what `input` holds of it to `into`, at most about `room` bytes.
    // 413 when the body grows beyond the limit.
    Outcome body(std::string_view input, std::size_t room, std::string& into);
    void limit_body(std::uint64_t bytes);

private:
    class Grammar;
    std::size_t const head_limit_;
    std::size_t scanned_ = 0; // of an unfinished head
    std::unique_ptr<Grammar> grammar_;
};

} // namespace volutus::kernel::gateway
