// The bodies of call frames and of the replies to them.
#pragma once

#include "kernel/plugin/call_frame.hpp"
#include "kernel/plugin/process_frames.hpp"

#include <string>
#include <string_view>

namespace volutus::kernel::plugin {

// Borrows the body it is read from.
struct CallText {
    std::string_view contract, name, target, request;
    std::string_view traceparent; // of this call; to the plugin only
};

// With the context where the call begins a chain; within one the other end knows it. Throws too_large for a context
// that no frame holds; names and the request are within their bounds.
std::string encode_call(CallText const& text, CallContext const* context);
// Throws Malformed. Fills the context where there is one to fill.
CallText decode_call(std::string_view body, CallContext* context);

std::string encode_error(std::string_view message, std::string_view details);
struct ErrorText {
    std::string_view message, details;
};
ErrorText decode_error(std::string_view body); // throws Malformed

inline constexpr std::size_t longest_name = 1024;

} // namespace volutus::kernel::plugin
