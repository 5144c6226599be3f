// Parts of a body: RFC 9110 section 14, for one range of bytes.
#pragma once

#include "kernel/gateway/request.hpp"
#include "kernel/gateway/response.hpp"

namespace volutus::kernel::gateway {

// Makes a 200 whose body has a known length into what the request's Range asks for: 206 with Content-Range, or 416. A
// range that is malformed, of another unit or one of several is ignored, as the RFC allows. Adds Accept-Ranges. Only
// GET has ranges. A BodySource is passed forward by skip().
void apply_range(Request const& request, Response& response);

// Length of the body; nothing when only its end will tell.
std::optional<std::uint64_t> body_length(Body const& body);

} // namespace volutus::kernel::gateway
