#include "create_key.hpp"
#include "policy_check.hpp"

#include <volutus/resource.hpp>

#include <algorithm>
#include <cctype>

namespace volutus {

namespace {

std::size_t segments(std::string_view path) {
    return static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
}

// The path as sent up to where the route's own path, or the alias that was taken, begins.
std::string prefix_of(service::HttpRequest const& http, RouteRow const& route) {
    std::string_view const whole(http.route);
    auto ends_with = [&](std::string_view path) {
        return whole.size() >= path.size() && whole.substr(whole.size() - path.size()) == path;
    };
    auto own = route.path;
    for (auto alias : route.aliases)
        if (!ends_with(own) && ends_with(alias)) own = alias;
    bool const slash_at_the_end = http.path.size() > 1 && http.path.back() == '/';
    auto const own_segments = segments(own), all = segments(http.path) - (slash_at_the_end ? 1 : 0);
    if (own_segments >= all) return {};
    std::size_t end = 0;
    for (std::size_t i = 0; i < all - own_segments; ++i) end = http.path.find('/', end + 1);
    return http.path.substr(0, end);
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

void replace(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

std::string capitalised(std::string_view noun) {
    std::string out(noun);
    if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
    std::replace(out.begin(), out.end(), '_', ' ');
    return out;
}

} // namespace

Request::Request(Parts parts, bool& wrote)
    : parts_(parts), store_(parts.host, parts.call),
      policy_(std::make_unique<PolicyCheck>(parts.host, parts.call, parts.rules_read)), wrote_(&wrote),
      prefix_(prefix_of(parts.http, *parts.route)) {
    if (auto caller = caller_of(parts.call))
        caller_ = std::move(*caller);
    else
        by_the_cloud_ = true;
}

Request::~Request() = default;

std::string Request::project() const {
    if (!caller_.project)
        throw Error(Code::forbidden, "this needs a token of a project; ask for one with a project scope");
    return caller_.project->id;
}

std::string Request::user() const {
    if (!caller_.user) throw Error(Code::unauthenticated, "this needs a token of a user");
    return caller_.user->id;
}

std::string const& Request::parameter(std::string_view name) const {
    auto const found = parts_.http.parameters.find(std::string(name));
    if (found == parts_.http.parameters.end())
        throw Error(Code::internal, "the route " + parts_.http.route + " has no capture " + std::string(name));
    return found->second;
}

std::string const& Request::id() const {
    auto const path = route().path;
    auto const open = path.rfind('{'), close = path.rfind('}');
    if (open == path.npos || close == path.npos || close < open)
        throw Error(Code::internal, "the route " + parts_.http.route + " has no capture for an id");
    return parameter(path.substr(open + 1, close - open - 1));
}

std::optional<std::string> Request::query(std::string_view name) const {
    for (auto const& pair : parts_.http.query)
        if (pair.name == name) return pair.value;
    return std::nullopt;
}

std::vector<std::string> Request::queries(std::string_view name) const {
    std::vector<std::string> values;
    for (auto const& pair : parts_.http.query)
        if (pair.name == name) values.push_back(pair.value);
    return values;
}

bool Request::flag(std::string_view name) const {
    auto const value = query(name);
    if (!value) return false;
    auto const text = lower(*value);
    for (std::string_view yes : {"", "true", "1", "yes", "on", "t", "y"})
        if (text == yes) return true;
    return false;
}

std::optional<std::string> Request::header(std::string_view name) const {
    auto const wanted = lower(name);
    for (auto const& pair : parts_.http.headers)
        if (pair.name == wanted) return pair.value;
    return std::nullopt;
}

std::string Request::link(std::string_view path) const {
    if (is_absolute(path)) return parts_.http.base + std::string(path.substr(1));
    return parts_.http.base + prefix_ + std::string(path);
}

Reply Request::apply_and_answer(Writes writes, Reply reply) {
    if (create_key_) create_key_->will_answer(reply);
    apply(std::move(writes));
    return reply;
}

// ---- policy ----

bool Request::may(PolicyRule rule, json::object const& target) {
    if (by_the_cloud_ || rule.name.empty() || !traits().asks_policy) return true;
    return policy_->may(rule.name, target);
}

void Request::enforce(PolicyRule rule, json::object const& target) {
    if (may(rule, target)) return;
    std::string message(traits().refused);
    replace(message, "{rule}", rule.name);
    throw Error(Code::forbidden, message);
}

json::object Request::own_target() const {
    json::object target;
    if (caller_.project)
        for (auto const* name : {"project_id", "tenant_id"}) target[name] = caller_.project->id;
    if (caller_.user) target["user_id"] = caller_.user->id;
    if (caller_.domain) target["domain_id"] = caller_.domain->id;
    for (auto const& [name, value] : parts_.http.parameters) target[name] = value;
    return target;
}

json::object Request::target_of(Resource const& resource, void const* object) const {
    json::object target;
    for (auto const& row : resource.fields) {
        if (!row.stored() || row.secret) continue;
        auto value = row.type->encode(row.at(const_cast<void*>(object))); // `at` only computes an address
        if (value.is_structured()) continue;
        if (!row.also_as.empty()) target[row.also_as] = value;
        if (row.name == resource.scope_field)
            for (auto const* name : {"project_id", "tenant_id"}) target[name] = value;
        target[row.name] = std::move(value);
    }
    json::object about{{json::string(resource.noun), target}};
    target["target"] = std::move(about);
    return target;
}

// The rule about one object: the route's own, or, for what the request only refers to, the one for seeing it.
PolicyRule Request::rule_about(Resource const& resource) const {
    if (&resource == parts_.resource) return route().checks_itself ? PolicyRule() : route().policy;
    PolicyRule rule;
    resource.each_route([&](RouteRow const& row) {
        if (row.does == RouteRow::Does::show && rule.name.empty()) rule = row.policy;
    });
    return rule;
}

bool Request::owns(json::object const& target) const {
    auto const* project = target.if_contains("project_id");
    return project && project->is_string() && caller_.project &&
           json::view(project->get_string()) == caller_.project->id;
}

void Request::require_object(Resource const& resource, std::string_view id, void* object) {
    auto document = store_.get_document(resource, id);
    if (!document) missing(resource.called.empty() ? resource.noun : resource.called, id);
    read_stored(resource, std::move(*document), object);
    if (by_the_cloud_) return;
    auto const target = target_of(resource, object);
    bool const scoped = resource.scope() != nullptr;
    if (!traits().asks_policy) {
        if (!scoped || owns(target)) return;
    } else {
        auto const rule = rule_about(resource);
        if (may(rule, target)) return;
        if (!scoped || owns(target)) enforce(rule, target); // what is one's own is no secret
    }
    missing(resource.called.empty() ? resource.noun : resource.called, id);
}

void Request::missing(std::string_view noun, std::string_view id) const {
    // The same answer whether it is there or not; only who may do this to anything at all learns that it is not.
    if (traits().hides_as == Code::forbidden && !by_the_cloud_ && !route().policy.name.empty() &&
        traits().asks_policy && !policy_->may(route().policy.name, {})) {
        std::string message(traits().refused);
        replace(message, "{rule}", route().policy.name);
        throw Error(Code::forbidden, message);
    }
    std::string message(traits().missing), plain(noun);
    std::replace(plain.begin(), plain.end(), '_', ' ');
    replace(message, "{noun}", plain);
    replace(message, "{Noun}", capitalised(noun));
    replace(message, "{id}", id);
    throw Error(Code::not_found, message);
}

void Request::missing() const { missing(resource().called.empty() ? resource().noun : resource().called, id()); }

} // namespace volutus
