// The forms in which the services tell errors, after each API's reference.
#include <volutus/formats.hpp>
#include <volutus/service_traits.hpp>

#include <array>

namespace volutus {

unsigned status_of(Code code) {
    switch (code) {
    case Code::ok: return 200;
    case Code::invalid: return 400;
    case Code::unauthenticated: return 401;
    case Code::forbidden: return 403;
    case Code::not_found: return 404;
    case Code::conflict:
    case Code::precondition: return 409;
    case Code::too_large:
    case Code::over_quota: return 413;
    case Code::rate_limited: return 429;
    case Code::exhausted: return 409;
    case Code::unsupported: return 501;
    case Code::unavailable:
    case Code::not_executed:
    case Code::unknown_outcome: return 503;
    case Code::deadline: return 504;
    case Code::cancelled:
    case Code::stale:
    case Code::internal: return 500;
    }
    return 500;
}

unsigned status_of(Code code, ServiceTraits const& traits) {
    for (auto const& row : traits.statuses)
        if (row.code == code && row.status) return row.status;
    return status_of(code);
}

std::string_view title_of(unsigned status) {
    switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Request Entity Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Internal Server Error";
    }
}

namespace {

std::string_view fault_of(unsigned status, std::string_view otherwise) {
    switch (status) {
    case 400: return "badRequest";
    case 401: return "unauthorized";
    case 403: return "forbidden";
    case 404: return "itemNotFound";
    case 405: return "badMethod";
    case 409: return "conflictingRequest";
    case 413:
    case 429: return "overLimit";
    case 415: return "badMediaType";
    case 501: return "notImplemented";
    case 503: return "serviceUnavailable";
    default: return otherwise;
    }
}

// "NetworkNotFound" for a noun and a code, where the error names no type of its own.
std::string type_of(Failure const& failure) {
    if (auto const* type = failure.details.if_contains("type"); type && type->is_string()) return json::text(*type);
    std::string noun;
    bool upper = true;
    for (char c : failure.noun) {
        if (c == '_') {
            upper = true;
        } else {
            noun += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
            upper = false;
        }
    }
    switch (failure.code) {
    case Code::not_found: return noun.empty() ? "HTTPNotFound" : noun + "NotFound";
    case Code::forbidden: return "PolicyNotAuthorized";
    case Code::over_quota: return "OverQuota";
    case Code::conflict:
    case Code::precondition: return noun.empty() ? "Conflict" : noun + "InUse";
    case Code::invalid: return "HTTPBadRequest";
    case Code::unsupported: return "HTTPNotImplemented";
    default: return failure.status >= 500 ? "HTTPInternalServerError" : "HTTPClientError";
    }
}

std::string escaped(std::string_view text) {
    std::string out;
    for (char c : text) {
        switch (c) {
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '&': out += "&amp;"; break;
        default: out += c;
        }
    }
    return out;
}

Reply as_json(Failure const& failure, json::object body) {
    Reply reply(failure.status, std::move(body));
    if (failure.status == 413 || failure.status == 429) reply.header("Retry-After", "0");
    return reply;
}

Reply as_text(Failure const& failure, std::string type, std::string text) {
    Reply reply(failure.status);
    reply.text = std::move(text);
    reply.header("Content-Type", std::move(type));
    if (failure.status == 413 || failure.status == 429) reply.header("Retry-After", "0");
    return reply;
}

} // namespace

namespace errors {

Reply fault(Failure const& failure, ServiceTraits const& traits) {
    json::object inside{{"code", failure.status}, {"message", failure.message}};
    if (failure.status == 413 || failure.status == 429) inside.emplace("retryAfter", "0");
    return as_json(failure, {{json::string(fault_of(failure.status, traits.error_key)), std::move(inside)}});
}

Reply typed(Failure const& failure, ServiceTraits const& traits) {
    json::object inside{{"type", type_of(failure)}, {"message", failure.message}, {"detail", ""}};
    return as_json(failure, {{json::string(traits.error_key), std::move(inside)}});
}

Reply titled(Failure const& failure, ServiceTraits const&) {
    json::object inside{{"code", failure.status}, {"message", failure.message}, {"title", title_of(failure.status)}};
    return as_json(failure, {{"error", std::move(inside)}});
}

Reply listed(Failure const& failure, ServiceTraits const& traits) {
    json::object one{{"status", failure.status},
                     {"title", title_of(failure.status)},
                     {"detail", failure.message},
                     {"request_id", failure.request_id}};
    // A machine-readable code belongs to the body from 1.23 on; clients read the bounds of a refused version.
    if (failure.version >= version_from("1.23")) {
        auto const* code = failure.details.if_contains("code");
        one.emplace("code", code ? *code : json::value(json::string(std::string(traits.type) + ".undefined_code")));
    }
    for (auto const* key : {"min_version", "max_version"})
        if (auto const* bound = failure.details.if_contains(key)) one.emplace(key, *bound);
    return as_json(failure, {{"errors", json::array{std::move(one)}}});
}

Reply html(Failure const& failure, ServiceTraits const&) {
    auto const title = std::to_string(failure.status) + " " + std::string(title_of(failure.status));
    return as_text(failure, "text/html; charset=UTF-8",
                   "<html>\n <head>\n  <title>" + title + "</title>\n </head>\n <body>\n  <h1>" + title + "</h1>\n  " +
                       escaped(failure.message) + "<br /><br />\n </body>\n</html>");
}

Reply plain(Failure const& failure, ServiceTraits const&) {
    return as_text(failure, "text/plain; charset=UTF-8", failure.message + "\n");
}

Reply simple(Failure const& failure, ServiceTraits const&) {
    json::object inside{{"code", to_string(failure.code)}, {"message", failure.message}};
    if (!failure.details.empty()) inside.emplace("details", failure.details);
    return as_json(failure, {{"error", std::move(inside)}});
}

} // namespace errors
} // namespace volutus
