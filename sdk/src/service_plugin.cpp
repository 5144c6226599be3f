#include "create_key.hpp"
#include "default_handlers.hpp"
#include "policy_check.hpp"

#include <volutus/service.hpp>

#include <algorithm>

namespace volutus {

namespace {

// What no client is told: the inside of the service.
bool is_secret(Code code) {
    switch (code) {
    case Code::internal:
    case Code::unknown_outcome:
    case Code::not_executed:
    case Code::stale:
    case Code::cancelled: return true;
    default: return false;
    }
}

json::object details_of(Error const& error) {
    try {
        return json::parse_object(error.details());
    } catch (Error const&) {
        return {}; // the message is what counts
    }
}

std::string header_of(service::HttpRequest const& http, std::string_view name) {
    std::string wanted(name), value;
    for (auto& c : wanted) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    for (auto const& pair : http.headers)
        if (pair.name == wanted) value += (value.empty() ? "" : ",") + pair.value;
    return value;
}

bool has_scope(Context const& caller, std::string_view scope) {
    return scope.empty() || (scope == "system" && caller.system) || (scope == "domain" && caller.domain) ||
           (scope == "project" && caller.project);
}

Reply run_handler(Request& request) {
    auto const& row = request.route();
    return row.call ? row.call(request) : by_default(request);
}

} // namespace

ServicePlugin::ServicePlugin(Host host, ServiceTraits const& traits)
    : Plugin(host), traits_(&traits), running_keys_(std::make_unique<RunningKeys>()),
      rules_read_(std::make_unique<RulesRead>()) {
    provide<service::contract>(static_cast<service::Service&>(*this));
}

ServicePlugin::~ServicePlugin() = default;

void ServicePlugin::serve_resource(Resource const& resource, void* object, void const* type) {
    resources_.push_back(&resource);
    auto add = [&](RouteRow const& row) {
        if (row.owner && row.owner != type)
            throw Error(Code::internal, "the handler of " + std::string(row.method) + " " + std::string(row.path) +
                                            " is a method of another class than the object given to serve()");
        Bound const bound{&resource, &row, object};
        auto const method = std::string(row.method) + " ";
        if (is_absolute(row.path))
            bind(method + std::string(row.path.substr(1)), bound);
        else
            each_path(*traits_, row, [&](std::string_view prefix, std::string_view path) {
                bind(method + std::string(prefix) + std::string(path), bound);
            });
    };
    for (std::size_t i = 0; i < resource.list_count; ++i) add(resource.lists[i]);
    for (std::size_t i = 0; i < resource.route_count; ++i) add(resource.routes[i]);
}

void ServicePlugin::bind(std::string id, Bound bound) {
    auto& bounds = routes_[id];
    for (auto const& other : bounds) {
        auto const& a = *other.route;
        auto const& b = *bound.route;
        bool const apart = (a.until && b.since > a.until) || (b.until && a.since > b.until);
        if (a.action_name == b.action_name && !apart)
            throw Error(Code::internal, "two tables serve " + id + " in the same versions");
    }
    bounds.push_back(bound);
}

service::HttpReply ServicePlugin::handle(Call& call, service::HttpRequest const& http) {
    Version version = version_from(traits_->versions.lowest);
    std::string_view noun;
    bool wrote = false;
    try {
        try {
            version = version_asked(*traits_, header_of(http, "openstack-api-version"),
                                    header_of(http, traits_->versions.legacy_header));
        } catch (Error const& error) {
            return send(call, fail(call, error, {}, version, error.code() == Code::unsupported ? 406 : 0), version);
        }
        if (http.route == openapi_route) return send(call, Reply(200, openapi(http.base)), version);
        auto const found = routes_.find(http.route);
        if (found == routes_.end()) throw Error(Code::internal, "no table serves the route " + http.route);
        auto const& first = found->second.front();
        noun = first.resource->noun;
        Request request(
            {*traits_, host(), call, http, first.resource, first.route, first.object, version, *rules_read_}, wrote);
        return send(call, respond(request, found->second), version);
    } catch (Error const& error) {
        if (wrote) throw; // half a list is out already: the connection has to end
        return send(call, fail(call, error, noun, version), version);
    } catch (std::exception const& error) {
        if (wrote) throw;
        return send(call, fail(call, Error(Code::internal, error.what()), noun, version), version);
    }
}

service::HttpReply ServicePlugin::refuse(Call& call, service::Refusal const& refusal) {
    Version version = version_from(traits_->versions.lowest);
    try {
        version = version_asked(*traits_, header_of(refusal.request, "openstack-api-version"),
                                header_of(refusal.request, traits_->versions.legacy_header));
    } catch (Error const&) {
        // The refusal is the answer; a version that nobody knows only shapes it.
    }
    return send(call, fail(call, Error(code_from(refusal.code), refusal.message), {}, version, refusal.status),
                version);
}

// Several rows may share a route: actions by the key of the body, others by versions.
void ServicePlugin::choose(Request& request, std::vector<Bound> const& candidates) const {
    std::string_view asked;
    if (candidates.front().route->does == RouteRow::Does::action) {
        auto const* body = request.document().if_object();
        if (!body || body->size() != 1)
            throw Error(Code::invalid, "the body of an action is an object with one key, the action's name");
        asked = body->begin()->key();
    }
    for (auto const& bound : candidates) {
        if (bound.route->action_name != asked || !within(bound.route->since, bound.route->until, request.version()))
            continue;
        request.parts_.resource = bound.resource;
        request.parts_.route = bound.route;
        request.parts_.object = bound.object;
        return;
    }
    if (!asked.empty()) throw Error(Code::invalid, "There is no such action: " + std::string(asked));
    throw Error(Code::not_found, "The resource could not be found.");
}

Reply ServicePlugin::respond(Request& request, std::vector<Bound> const& candidates) {
    // Before anything is read of what was sent. Rows that share a route agree on this.
    if (!candidates.front().route->is_anonymous && !request.by_the_cloud() && !request.caller().user)
        throw Error(Code::unauthenticated, "The request you have made requires authentication.");
    choose(request, candidates);
    auto const& row = request.route();
    if (!request.by_the_cloud() && !has_scope(request.caller(), row.scope_needed))
        throw Error(Code::forbidden, "this needs a token with the scope " + std::string(row.scope_needed));
    before(request);
    auto reply = perform(request);
    after(request, reply);
    return reply;
}

Reply ServicePlugin::perform(Request& request) {
    auto const& row = request.route();
    if (!row.checks_itself && !row.asks_of_object && !row.policy.name.empty()) {
        auto target = request.own_target();
        // To make something for another project is another question than to make it for one's own.
        if (auto const* scope = request.resource().scope();
            scope && row.does == RouteRow::Does::create && !row.any_body)
            for (auto const& body : request.bodies())
                for (auto name : {scope->name, scope->also_as})
                    if (auto const* wanted = name.empty() ? nullptr : body.if_contains(name);
                        wanted && wanted->is_string())
                        for (auto const* same : {"project_id", "tenant_id"}) target[same] = *wanted;
        request.enforce(row.policy, target);
    }
    bool const writes = row.does == RouteRow::Does::create || row.does == RouteRow::Does::update;
    if (row.call && writes && !row.typed_body && !row.any_body) request.check_body();
    auto const key = CreateKey::of(request);
    return key.empty() ? run_handler(request) : perform_once(request, key);
}

Reply ServicePlugin::perform_once(Request& request, std::string const& key) {
    CreateKey once(request, *running_keys_, key);
    if (once.is_of_another_request()) {
        Error const error(Code::invalid,
                          "This Idempotency-Key was used for another request; send this one with a new key.",
                          R"({"type":"IdempotencyKeyReused"})");
        return fail(request.call(), error, request.resource().noun, request.version(), 422);
    }
    if (auto reply = once.first_answer()) return std::move(*reply);
    request.create_key_ = &once;
    request.store_.accompany(&once);
    auto const end = [&] {
        request.create_key_ = nullptr;
        request.store_.accompany(nullptr);
    };
    try {
        auto reply = run_handler(request);
        end();
        once.keep(reply);
        return reply;
    } catch (Error const&) {
        end();
        once.check_race(); // whatever the handler made of it
        throw;
    }
}

Reply ServicePlugin::fail(Call& call, Error const& error, std::string_view noun, Version version,
                          unsigned status) const {
    Failure failure;
    failure.code = error.code();
    failure.status = status ? status : status_of(error.code(), *traits_);
    failure.message = error.what();
    failure.details = details_of(error);
    failure.request_id = call.trace();
    failure.noun = noun;
    failure.version = version;
    if (is_secret(error.code())) {
        // A client that goes away in the middle is nobody's fault here.
        auto const level = error.code() == Code::cancelled ? Level::info : Level::error;
        host().log(level, error.what(), {{"request_id", failure.request_id}, {"code", to_string(error.code())}});
        failure.message =
            error.code() == Code::unknown_outcome
                ? "Nobody can tell whether the request was carried out; look before you send it again. Its id is "
                : "The server could not fulfil the request; its id is ";
        failure.message += failure.request_id + ".";
        failure.details = {};
    }
    // Clients know one form of it, whatever the service.
    if (error.code() == Code::unauthenticated) return errors::titled(failure, *traits_);
    return traits_->errors(failure, *traits_);
}

service::HttpReply ServicePlugin::send(Call& call, Reply&& reply, Version version) const {
    service::HttpReply out;
    out.status = reply.status;
    out.headers = std::move(reply.headers);
    auto const& versions = traits_->versions;
    if (!versions.type.empty()) {
        out.headers.push_back({"OpenStack-API-Version", std::string(versions.type) + " " + to_string(version)});
        out.headers.push_back({"Vary", "OpenStack-API-Version"});
        if (!versions.legacy_header.empty()) {
            out.headers.push_back({std::string(versions.legacy_header), to_string(version)});
            out.headers.push_back({"Vary", std::string(versions.legacy_header)});
        }
    }
    if (!traits_->request_id_header.empty())
        out.headers.push_back({std::string(traits_->request_id_header), std::string(call.trace())});
    out.body = reply.streamed;
    if (reply.body) {
        out.headers.push_back({"Content-Type", "application/json"});
        reply.text = json::print(*reply.body);
    }
    if (!reply.text.empty()) {
        call.output().write(reply.text.data(), reply.text.size());
        out.body = true;
    }
    return out;
}

} // namespace volutus
