// Two tests walked over every route of a manifest: the anonymous caller is told 401, and another tenant is told what
// he would be told of a thing that is not there. A failure says what to change.
//
//     for (auto const& problem : walk_anonymous(manifest, send)) ADD_FAILURE() << problem;
#pragma once

#include <volutus/contract/service.hpp>
#include <volutus/json.hpp>

#include <boost/json/parse.hpp> // a manifest may be larger than a document of the border

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace volutus::testkit {

struct WalkedReply {
    unsigned status = 0;
    std::string body;
};
// Sends a request with a body ("" = none) as the caller of the walk.
using Send = std::function<WalkedReply(service::HttpRequest const& request, std::string const& body)>;

struct Walk {
    std::string manifest; // the JSON that the plugin's library carries
    std::map<std::string, std::string>
        captures; // values of path captures that exist: {"widget_id": "<id of the owner's>"}
    std::map<std::string, std::string> bodies; // route id to a body that the owner could send
    std::map<std::string, std::string>
        why_public; // route id to the reason why another tenant may use it on the owner's things
};

namespace walking {

struct Route {
    std::string id, method, path;
    bool anonymous = false, websocket = false;
};

inline std::vector<Route> routes_of(std::string const& manifest) {
    std::vector<Route> out;
    auto const document = boost::json::parse(manifest);
    for (auto const& item : document.at("routes").as_array()) {
        auto const& row = item.as_object();
        out.push_back({json::text(row.at("id")), json::text(row.at("method")), json::text(row.at("path")),
                       row.at("anonymous").as_bool(), row.at("websocket").as_bool()});
    }
    return out;
}

// The request of a route with its captures filled in; those that nobody gave become `otherwise`.
inline service::HttpRequest request_of(Route const& route, std::map<std::string, std::string> const& captures,
                                       std::string const& otherwise) {
    service::HttpRequest request;
    request.route = route.id;
    request.method = route.method;
    request.base = "http://cloud.test";
    for (std::size_t at = 0; at < route.path.size();) {
        if (route.path[at] != '{') {
            request.path += route.path[at++];
            continue;
        }
        auto const close = route.path.find('}', at);
        auto const name = route.path.substr(at + 1, close - at - 1);
        auto const found = captures.find(name);
        auto const& value = found == captures.end() ? otherwise : found->second;
        request.parameters[name] = value;
        request.path += value;
        at = close + 1;
    }
    return request;
}

inline std::string body_for(Walk const& walk, Route const& route) {
    auto const found = walk.bodies.find(route.id);
    if (found != walk.bodies.end()) return found->second;
    return route.method == "GET" || route.method == "DELETE" || route.method == "HEAD" ? std::string()
                                                                                       : std::string("{}");
}

} // namespace walking

// `send` sends without a token.
inline std::vector<std::string> walk_anonymous(Walk const& walk, Send const& send) {
    std::vector<std::string> problems;
    for (auto const& route : walking::routes_of(walk.manifest)) {
        auto const reply = send(walking::request_of(route, walk.captures, "unknown"), walking::body_for(walk, route));
        if (!route.anonymous && reply.status != 401)
            problems.push_back(
                route.id + " answered " + std::to_string(reply.status) +
                " to a caller without a token; expected 401. If everybody may call it, add the word `anonymous` "
                "to its row; if not, something answers before the token is looked at.");
        if (route.anonymous && !route.websocket && reply.status == 401)
            problems.push_back(route.id +
                               " is declared `anonymous` and answered 401; take the word off its row, or let its "
                               "handler answer callers without a token.");
    }
    return problems;
}

// `send` sends as a member of a project that owns nothing. Routes with captures are asked twice: about the owner's
// thing, and about one that is not there. Both answers must be the same but for the id.
inline std::vector<std::string> walk_other_tenant(Walk const& walk, Send const& send) {
    std::vector<std::string> problems;
    auto without = [](std::string text, std::string const& id) {
        for (auto at = text.find(id); !id.empty() && at != text.npos; at = text.find(id, at))
            text.replace(at, id.size(), "*");
        return text;
    };
    for (auto const& route : walking::routes_of(walk.manifest)) {
        if (route.anonymous || route.path.find('{') == std::string::npos || walk.why_public.count(route.id)) continue;
        auto const body = walking::body_for(walk, route);
        std::string const absent = "00000000-0000-4000-8000-000000000000";
        auto const mine = walking::request_of(route, walk.captures, absent),
                   none = walking::request_of(route, {}, absent);
        auto const foreign = send(mine, body), missing = send(none, body);
        auto foreign_body = foreign.body, missing_body = without(missing.body, absent);
        for (auto const& [name, value] : mine.parameters) foreign_body = without(std::move(foreign_body), value);
        if (foreign.status < 400)
            problems.push_back(
                route.id + " answered " + std::to_string(foreign.status) +
                " to a member of another project about the owner's thing. Read it with request.require<T>(id), "
                "which asks the route's policy about it; if it is meant to be seen, say why in Walk::why_public.");
        else if (foreign.status != missing.status || foreign_body != missing_body)
            problems.push_back(
                route.id + " tells another tenant that the thing exists: " + std::to_string(foreign.status) + " " +
                foreign.body + " about the owner's, " + std::to_string(missing.status) + " " + missing.body +
                " about none. Let the handler throw request.missing() in both cases, before it looks at the body.");
    }
    return problems;
}

} // namespace volutus::testkit
