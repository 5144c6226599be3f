#include <volutus/error.hpp>

#include <array>

namespace volutus {

namespace {
struct Named {
    Code code;
    std::string_view name;
};
constexpr std::array<Named, 19> names{{
    {Code::ok, "ok"},
    {Code::invalid, "invalid"},
    {Code::unauthenticated, "unauthenticated"},
    {Code::forbidden, "forbidden"},
    {Code::not_found, "not_found"},
    {Code::conflict, "conflict"},
    {Code::precondition, "precondition"},
    {Code::too_large, "too_large"},
    {Code::over_quota, "over_quota"},
    {Code::exhausted, "exhausted"},
    {Code::unsupported, "unsupported"},
    {Code::unavailable, "unavailable"},
    {Code::deadline, "deadline"},
    {Code::cancelled, "cancelled"},
    {Code::stale, "stale"},
    {Code::not_executed, "not_executed"},
    {Code::unknown_outcome, "unknown_outcome"},
    {Code::internal, "internal"},
    {Code::rate_limited, "rate_limited"},
}};
} // namespace

std::string_view to_string(Code code) {
    for (auto const& row : names)
        if (row.code == code) return row.name;
    return "internal";
}

Code code_from(vlt_status status) {
    for (auto const& row : names)
        if (static_cast<vlt_status>(row.code) == status) return row.code;
    return Code::internal;
}

Code code_from(std::string_view name) {
    for (auto const& row : names)
        if (row.name == name) return row.code;
    return Code::internal;
}

} // namespace volutus
