// The reply of a REST handler.
#pragma once

#include <volutus/contract/service.hpp>
#include <volutus/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace volutus {

struct Reply {
    unsigned status = 200;
    std::vector<service::Pair> headers;
    std::optional<json::value> body; // printed as application/json
    std::string text;                // a body that is not JSON; needs a Content-Type among the headers
    bool streamed = false;           // the body stands in the call's output already: bytes, or a descriptor

    Reply() = default;
    explicit Reply(unsigned with_status) : status(with_status) {}
    Reply(unsigned with_status, json::value with_body) : status(with_status), body(std::move(with_body)) {}

    Reply& header(std::string name, std::string value) & {
        headers.push_back({std::move(name), std::move(value)});
        return *this;
    }
    Reply&& header(std::string name, std::string value) && {
        headers.push_back({std::move(name), std::move(value)});
        return std::move(*this);
    }
    static Reply in_stream(unsigned with_status = 200) {
        Reply reply(with_status);
        reply.streamed = true;
        return reply;
    }
};

} // namespace volutus
