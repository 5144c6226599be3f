// Errors inside a plugin or the kernel. The shim turns an Error into a status at the border and back.
#pragma once

#include <volutus.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace volutus {

// One closed set; the values are the border's. What each means stands in volutus.h.
enum class Code : vlt_status {
    ok = VLT_OK,
    invalid = VLT_INVALID,
    unauthenticated = VLT_UNAUTHENTICATED,
    forbidden = VLT_FORBIDDEN,
    not_found = VLT_NOT_FOUND,
    conflict = VLT_CONFLICT,
    precondition = VLT_PRECONDITION,
    too_large = VLT_TOO_LARGE,
    over_quota = VLT_OVER_QUOTA,
    exhausted = VLT_EXHAUSTED,
    unsupported = VLT_UNSUPPORTED,
    unavailable = VLT_UNAVAILABLE,
    deadline = VLT_DEADLINE,
    cancelled = VLT_CANCELLED,
    stale = VLT_STALE,
    not_executed = VLT_NOT_EXECUTED,
    unknown_outcome = VLT_UNKNOWN_OUTCOME,
    internal = VLT_INTERNAL,
    rate_limited = VLT_RATE_LIMITED,
};

std::string_view to_string(Code code); // "not_found"; "internal" for a value nobody knows
Code code_from(vlt_status status);     // unknown values become Code::internal
Code code_from(std::string_view name);

// Says what failed, where, and what to do about it. `details` is a JSON object as text, or empty: what a program may
// want to know beside the message, such as the name of the account that is short.
class Error : public std::runtime_error {
public:
    Error(Code code, std::string const& message, std::string details = {})
        : std::runtime_error(message), code_(code), details_(std::move(details)) {}
    Code code() const { return code_; }
    std::string const& details() const { return details_; }

private:
    Code code_;
    std::string details_;
};

} // namespace volutus
