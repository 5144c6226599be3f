// A service of a plugin behind the gateway: each request becomes a call of volutus.service/1.
#pragma once

#include "kernel/gateway/handler.hpp"
#include "kernel/gateway/overdue.hpp"
#include "kernel/plugin/registry.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace volutus::kernel::gateway {

// Who is asking.
struct Identity {
    std::string document;                      // of volutus/context.hpp
    std::shared_ptr<auth::Caller const> known; // the same, read; may be null
};

// Fills in request.caller for the access log. On an anonymous route a request without credentials gives a context
// without a user. Throws unauthenticated, or RateLimited for a caller who asks too often. `within` is the call that the
// check is a part of; null: it stands alone. Any thread.
using Authenticate = std::function<Identity(Request& request, bool anonymous, plugin::CallContext* within)>;

struct ServiceOptions {
    std::string plugin;                                  // the id by which volutus.service/1 finds the service
    std::set<std::string> anonymous;                     // ids of routes that need no token
    world::Duration deadline = std::chrono::seconds(60); // of a call whose bodies are documents; streams have none
    trace::Tracer* tracer = nullptr;  // who is told of requests and the calls within them; null: nobody
    std::shared_ptr<Overdue> overdue; // gives up calls that do not come back by their deadline; null: nobody does
    std::string challenge;            // WWW-Authenticate of every 401; "{base}" is where the client sees this cloud
};

// Sets WWW-Authenticate as ServiceOptions::challenge says; an empty one sets none.
void challenge(std::string_view pattern, Request const& request, Response& response);

class ServiceHandler final : public Handler {
public:
    static constexpr std::size_t most_reply_bytes = 64u << 20; // kept in memory; a larger body is given as a descriptor

    ServiceHandler(plugin::Registry& registry, ServiceOptions options, Authenticate authenticate)
        : registry_(registry), options_(std::move(options)), authenticate_(std::move(authenticate)) {}

    Response handle(Request& request) override;
    // In the service's own form; as plain text where the service cannot answer.
    Response refuse(Request const& request, Refusal const& refusal) override;

private:
    Response serve(Request& request);
    Response word(Request const& request, Refusal const& refusal, Exchange* exchange) const;
    Response call(Request& request, std::string_view name, plugin::CallContext& context, Overdue::Watched& watched,
                  std::string const& document) const;

    plugin::Registry& registry_;
    ServiceOptions options_;
    Authenticate authenticate_;
};

} // namespace volutus::kernel::gateway
