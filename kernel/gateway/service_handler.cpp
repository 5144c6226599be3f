#include "kernel/gateway/service_handler.hpp"

#include "kernel/gateway/body_streams.hpp"
#include "kernel/gateway/range.hpp"
#include "kernel/gateway/rate_limiter.hpp"
#include "kernel/gateway/router.hpp"
#include "kernel/log/log.hpp"

#include <volutus/contract/service.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace volutus::kernel::gateway {

namespace {

// What the service must not see: with these it could act as the caller elsewhere.
constexpr std::array<std::string_view, 3> credentials{"authorization", "x-auth-token", "x-service-token"};

constexpr std::uint32_t switching_protocols = 101;

// A refusal is rendered on the connection's thread, which other connections share.
constexpr auto refusal_deadline = std::chrono::seconds(1);

// A stream takes as long as its client. From one piece to the next, and from the last to the reply, its service has this
// many times what it has for a document: it may have gigabytes to write out.
constexpr int stream_patience = 10;

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

// A document holds UTF-8 and nothing else; what a client sent may be any bytes.
bool is_text(Request const& request) {
    auto const parameters = request.parameters();
    return is_utf8(request.raw_path) && std::ranges::all_of(request.captures, is_utf8) &&
           std::ranges::all_of(parameters, [](auto const& one) { return is_utf8(one.key) && is_utf8(one.value); });
}

// Of a request that is no text, the captures and the query are left out, and always such headers.
service::HttpRequest described(Request const& request) {
    service::HttpRequest out;
    out.method = request.method;
    out.base = request.base_url();
    out.body = request.stream || !request.body.empty();
    for (auto const& header : request.headers) {
        auto name = lower(header.name);
        if (std::find(credentials.begin(), credentials.end(), name) != credentials.end()) continue;
        if (is_utf8(header.value)) out.headers.push_back({std::move(name), std::string(header.value)});
    }
    if (!is_text(request)) return out;
    if (request.route) {
        out.route = request.route->id;
        auto const& names = request.route->captures;
        for (std::size_t i = 0; i < names.size() && i < request.captures.size(); ++i)
            out.parameters[names[i]] = request.captures[i];
    }
    out.path = request.raw_path.substr(std::min(request.mount_prefix.size(), request.raw_path.size()));
    for (auto& parameter : request.parameters())
        out.query.push_back({std::move(parameter.key), std::move(parameter.value)});
    return out;
}

Code code_of(unsigned status) {
    switch (status) {
    case 401: return Code::unauthenticated;
    case 404: return Code::not_found;
    case 405: return Code::unsupported;
    case 408: return Code::deadline;
    case 413: return Code::too_large;
    case 429: return Code::rate_limited;
    case 502:
    case 503: return Code::unavailable;
    case 504: return Code::deadline;
    default: return status < 500 ? Code::invalid : Code::internal;
    }
}

// The call itself failed: the service has not answered.
Refusal refusal_of(Error const& error) {
    switch (error.code()) {
    case Code::unavailable:
    case Code::not_executed: return {503, "the service is not available; try again in a moment", {}};
    case Code::unknown_outcome:
        return {503, "the service was lost in the middle of the request; look whether it was done, and try again", {}};
    case Code::deadline: return {504, "the service did not answer in time", {}};
    case Code::too_large: return {413, "the request's headers and path are too large", {}};
    default: return {500, "the request failed inside the server", {}};
    }
}

Response plain(Refusal const& refusal) {
    Response response;
    response.status = refusal.status;
    response.set("Content-Type", "text/plain; charset=utf-8");
    response.body = refusal.message + "\n";
    return response;
}

} // namespace

Response ServiceHandler::call(Request& request, std::string_view name, plugin::CallContext& context,
                              Overdue::Watched& watched, std::string const& document) const {
    InputBody input(request, watched, stream_patience * options_.deadline);
    OutputBody output(most_reply_bytes);
    plugin::CallFrame frame(context);
    Call within(&frame);
    auto const text =
        registry_.host().call(&within, service::contract.name, name, options_.plugin, document, &input, &output);
    auto reply = json::decode<service::HttpReply>(json::parse(text));
    Response response;
    if (reply.status == switching_protocols) {
        if (!request.route || !request.route->websocket)
            throw Error(Code::invalid, "the service answered 101 on a route that is no websocket");
        response.tunnel_socket = output.take_socket();
        return response;
    }
    response.status = reply.status;
    for (auto& header : reply.headers) response.headers.emplace_back(std::move(header.name), std::move(header.value));
    if (reply.body) response.body = output.take();
    if (request.route && request.route->streams_body) apply_range(request, response);
    if (reply.status == 401) gateway::challenge(options_.challenge, request, response);
    return response;
}

Response ServiceHandler::handle(Request& request) {
    if (!options_.tracer || !trace::is_sampled(request.traceparent)) return serve(request);
    trace::Span span;
    span.start = world::wall_now().time_since_epoch().count();
    auto response = serve(request);
    span.end = world::wall_now().time_since_epoch().count();
    span.name = fmt::format("{} {}", request.method, request.route->pattern);
    span.kind = trace::Span::Kind::server;
    span.traceparent = request.traceparent;
    span.parent = request.parent_span;
    span.state = request.tracestate;
    span.attributes = {{"http.request.method", std::string(request.method)},
                       {"http.route", request.route->pattern},
                       {"http.response.status_code", std::to_string(response.status)},
                       {"volutus.service", options_.plugin},
                       {"volutus.request_id", request.id}};
    if (response.status >= 500) span.error = std::to_string(response.status);
    options_.tracer->ended(std::move(span));
    return response;
}

Response ServiceHandler::serve(Request& request) {
    if (!is_text(request)) return refuse(request, {400, "the path or the query is not UTF-8", {}});
    auto* const exchange = request.exchange; // which is another's once this is given up
    plugin::CallContext context;
    context.trace = request.id;
    if (!request.stream) context.deadline = world::now() + options_.deadline;
    try {
        Overdue::Watched watched(options_.overdue.get(), context, exchange, options_.plugin, options_.deadline);
        auto identity = authenticate_(request, options_.anonymous.contains(request.route->id), &context);
        context.caller = std::move(identity.document);
        context.known = std::move(identity.known);
        context.client_address = request.origin.client;
        context.traceparent = request.traceparent;
        context.tracestate = request.tracestate;
        context.tracer = options_.tracer;
        if (request.stream) watched.expect_within(stream_patience * options_.deadline);
        return call(request, "handle", context, watched, json::print(described(request)));
    } catch (RateLimited const& early) {
        auto response = word(request, {429, early.what(), early.retry_after}, exchange);
        response.set("Retry-After", fmt::to_string(early.retry_after.count()));
        return response;
    } catch (Error const& error) {
        if (error.code() == Code::unauthenticated && context.caller.empty())
            return word(request, {401, error.what(), {}}, exchange);
        log::write(Level::error, "gateway", "a service did not answer",
                   {{"plugin", options_.plugin},
                    {"request_id", request.id},
                    {"code", to_string(error.code())},
                    {"error", error.what()}});
        return word(request, refusal_of(error), exchange);
    }
}

Response ServiceHandler::refuse(Request const& request, Refusal const& refusal) {
    return word(request, refusal, request.exchange);
}

Response ServiceHandler::word(Request const& request, Refusal const& refusal, Exchange* exchange) const {
    try {
        plugin::CallContext context;
        context.trace = request.id;
        context.deadline = world::now() + refusal_deadline;
        service::Refusal document;
        document.request = described(request);
        document.request.body = false;
        document.code = to_string(code_of(refusal.status));
        document.status = refusal.status;
        document.message = refusal.message;
        Request without_body = request;
        without_body.body = {};
        without_body.stream = nullptr;
        Overdue::Watched watched(options_.overdue.get(), context, exchange, options_.plugin, refusal_deadline);
        return call(without_body, "refuse", context, watched, json::print(document));
    } catch (std::exception const& error) {
        log::write(Level::warning, "gateway", "a service could not word a refusal",
                   {{"plugin", options_.plugin}, {"request_id", request.id}, {"error", error.what()}});
    }
    auto response = plain(refusal);
    if (refusal.status == 401) gateway::challenge(options_.challenge, request, response);
    return response;
}

void challenge(std::string_view pattern, Request const& request, Response& response) {
    if (pattern.empty()) return;
    constexpr std::string_view hole = "{base}";
    std::string text(pattern);
    auto const& origin = request.origin;
    if (auto const at = text.find(hole); at != std::string::npos)
        text.replace(at, hole.size(), fmt::format("{}://{}{}", origin.scheme, origin.host, origin.prefix));
    response.set("WWW-Authenticate", text);
}

} // namespace volutus::kernel::gateway
