// What the websockets of this folder share: names of Beast, and the request that Beast answers.
#pragma once

#include "kernel/gateway/request.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>

namespace boost::beast::websocket {}

namespace volutus::kernel::gateway {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

inline http::request<http::empty_body> upgrade_request(Request const& request) {
    http::request<http::empty_body> out(http::verb::get, "/", 11); // the path was judged before
    for (auto const& field : request.headers)
        out.insert(beast::string_view(field.name.data(), field.name.size()),
                   beast::string_view(field.value.data(), field.value.size()));
    return out;
}

} // namespace volutus::kernel::gateway
