#include "kernel/gateway/router.hpp"

#include <volutus/error.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace volutus::kernel::gateway {

struct Router::Node {
    struct Literal {
        std::string text;
        std::unique_ptr<Node> node;
    };
    struct Leaf {
        Mount const* mount;
        Route const* route;
        std::size_t index;
    };
    std::vector<Literal> literals; // sorted
    std::unique_ptr<Node> capture; // any one segment
    std::unique_ptr<Node> rest;    // everything left
    std::vector<Leaf> leaves;      // a method each
    Mount const* mount = nullptr;  // a mount starts here
    std::string prefix;            // of that mount

    Node const* find(std::string_view text) const {
        auto const at = std::lower_bound(literals.begin(), literals.end(), text,
                                         [](Literal const& literal, std::string_view t) { return literal.text < t; });
        return at != literals.end() && at->text == text ? at->node.get() : nullptr;
    }
    Node& make(std::string_view text) {
        auto at = std::lower_bound(literals.begin(), literals.end(), text,
                                   [](Literal const& literal, std::string_view t) { return literal.text < t; });
        if (at == literals.end() || at->text != text)
            at = literals.insert(at, Literal{std::string(text), std::make_unique<Node>()});
        return *at->node;
    }
};

namespace {
// Cuts the first segment off a path that starts with '/'.
std::string_view next_segment(std::string_view& path) {
    path.remove_prefix(1);
    auto const segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

[[noreturn]] void refuse(Mount const& mount, std::string_view what, std::string_view why) {
    throw Error(Code::invalid, fmt::format("service {}: \"{}\" {}", mount.service, what, why));
}

void check_prefix(Mount const& mount, std::string_view prefix) {
    if (prefix.empty()) return;
    if (prefix.front() != '/' || prefix.back() == '/' || prefix.find("//") != std::string_view::npos ||
        prefix.find_first_of("{}?# ") != std::string_view::npos)
        refuse(mount, prefix, "is no prefix; it is empty or like /compute");
}
} // namespace

Router::Router(std::vector<Mount> mounts) : mounts_(std::move(mounts)) {
    for (auto& mount : mounts_) {
        if (!mount.handler) refuse(mount, "handler", "is missing");
        for (auto const& where : mount.places) {
            check_prefix(mount, where.prefix);
            auto* node = &root_of(where.listener);
            for (std::string_view rest = where.prefix; !rest.empty();) node = &node->make(next_segment(rest));
            if (node->mount)
                refuse(mount, where.prefix, fmt::format("is the place of service {}", node->mount->service));
            node->mount = &mount;
            node->prefix = where.prefix;
        }
        for (auto& route : mount.routes) {
            route.captures.clear();
            if (route.streams_body && route.reads_only)
                refuse(mount, route.pattern, "streams its body and so waits: it cannot be reads_only");
            for (auto const& where : mount.places) place(mount, route, routes_, where);
            // The names are the same at each place.
            std::string_view const pattern = route.pattern;
            for (auto open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{', open + 1)) {
                auto const close = pattern.find_first_of("*}", open);
                route.captures.emplace_back(pattern.substr(open + 1, close - open - 1));
            }
            ++routes_;
        }
    }
}

Router::~Router() = default;

Router::Node& Router::root_of(std::string const& listener) {
    for (auto& table : tables_)
        if (table.listener == listener) return *table.root;
    return *tables_.emplace_back(Table{listener, std::make_unique<Node>()}).root;
}

void Router::place(Mount const& mount, Route const& route, std::size_t index, Place const& where) {
    if (route.method.empty()) refuse(mount, route.pattern, "has no method");
    if (!route.pattern.empty() && route.pattern.front() != '/') refuse(mount, route.pattern, "must start with /");
    auto* node = &root_of(where.listener);
    for (std::string_view rest = where.prefix; !rest.empty();) node = &node->make(next_segment(rest));
    std::string_view rest = route.pattern == "/" ? std::string_view{} : std::string_view(route.pattern);
    while (!rest.empty()) {
        auto const segment = next_segment(rest);
        bool const capture = segment.starts_with('{') && segment.ends_with('}') && segment.size() > 2;
        bool const takes_rest = capture && segment[segment.size() - 2] == '*';
        bool const plain = segment.find_first_of("{}*?#") == std::string_view::npos;
        if (segment.empty() || (!capture && !plain) || (takes_rest && !rest.empty()))
            refuse(mount, route.pattern, "is no pattern; segments are text or {name}, the last one perhaps {name*}");
        auto& next = takes_rest ? node->rest : node->capture;
        if (plain) {
            node = &node->make(segment);
            continue;
        }
        if (!next) next = std::make_unique<Node>();
        node = next.get();
    }
    for (auto const& leaf : node->leaves)
        if (leaf.route->method == route.method)
            refuse(mount, route.method + " " + route.pattern,
                   fmt::format("is {} of {} already", leaf.route->pattern, leaf.mount->service));
    node->leaves.push_back({&mount, &route, index});
}

void Router::find(std::string_view listener, std::string_view method, std::string_view path, Match& into) const {
    into.mount = nullptr;
    into.route = nullptr;
    into.prefix = {};
    into.allow.clear();
    into.captures.clear();
    for (auto const& table : tables_)
        if (table.listener == listener) {
            if (path.empty() || path.front() != '/') path = "/";
            walk(*table.root, path == "/" ? std::string_view{} : path, method, into);
            return;
        }
}

bool Router::walk(Node const& node, std::string_view rest, std::string_view method, Match& into) {
    if (node.mount) {
        into.mount = node.mount;
        into.prefix = node.prefix;
    }
    bool const ended = rest.empty() || rest == "/";
    if (ended && choose(node, method, into)) return true;
    if (!rest.empty()) {
        auto after = rest;
        auto const segment = next_segment(after);
        auto const kept = into.captures.size();
        auto const* const literal = node.find(segment);
        if (literal && walk(*literal, after, method, into)) return true;
        if (node.capture && !segment.empty()) {
            into.captures.push_back(segment);
            if (walk(*node.capture, after, method, into)) return true;
            into.captures.resize(kept);
        }
        if (node.rest && rest.size() > 1) {
            into.captures.push_back(rest.substr(1));
            if (choose(*node.rest, method, into)) return true;
            into.captures.resize(kept);
        }
    }
    return false;
}

// True when the node answers this method; else notes which ones it would.
bool Router::choose(Node const& node, std::string_view method, Match& into) {
    auto const wanted = [&](std::string_view name) {
        return std::find_if(node.leaves.begin(), node.leaves.end(),
                            [&](Node::Leaf const& leaf) { return leaf.route->method == name; });
    };
    auto leaf = wanted(method);
    if (leaf == node.leaves.end() && method == "HEAD") leaf = wanted("GET");
    if (leaf != node.leaves.end()) {
        into.mount = leaf->mount;
        into.route = leaf->route;
        into.index = leaf->index;
        into.allow.clear();
        return true;
    }
    for (auto const& other : node.leaves) {
        if (!into.allow.empty()) into.allow += ", ";
        into.allow += other.route->method;
        if (other.route->method == "GET" && wanted("HEAD") == node.leaves.end()) into.allow += ", HEAD";
    }
    return false;
}

} // namespace volutus::kernel::gateway
