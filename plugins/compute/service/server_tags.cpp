// Words on servers, and lists by them. API reference: "Server tags (servers, tags)", from 2.26.
#include "server_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace volutus::compute {

namespace {

constexpr std::size_t most_tags = 50, longest_tag = 60;

void check_tag(std::string const& tag) {
    if (tag.empty() || tag.size() > longest_tag || tag.find_first_of(",/") != tag.npos)
        throw Error(Code::invalid,
                    fmt::format("Invalid tag '{}': 1 to {} characters, no ',' and no '/'", tag, longest_tag));
}

bool has(std::vector<std::string> const& tags, std::string const& tag) {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

std::vector<std::string> split(std::string const& text) {
    std::vector<std::string> out;
    for (std::size_t from = 0; from <= text.size();) {
        auto const comma = std::min(text.find(',', from), text.size());
        out.push_back(text.substr(from, comma - from));
        check_tag(out.back());
        from = comma + 1;
    }
    return out;
}

[[noreturn]] void no_tag(Server const& server, std::string const& tag) {
    throw Error(Code::not_found, fmt::format("Server {} has no tag '{}'", server.id, tag));
}

Reply shown_tags(Request& request, Server const& server) {
    return request.reply(json::object{{"tags", json::encode(server.tags)}});
}

} // namespace

void check_tags(std::vector<std::string>& tags) {
    for (auto const& tag : tags) check_tag(tag);
    std::sort(tags.begin(), tags.end());
    tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
    if (tags.size() > most_tags)
        throw Error(Code::invalid, fmt::format("The number of tags exceeded the per-server limit {}", most_tags));
}

std::vector<KeepServer> keeps_by_tags(Request const& request) {
    std::vector<KeepServer> keeps;
    if (!request.since("2.26")) return keeps;
    auto add = [&](char const* name, bool all, bool wanted) {
        auto const asked = request.query(name);
        if (!asked) return;
        keeps.push_back([tags = split(*asked), all, wanted](Server const& server) {
            auto const there = [&](std::string const& tag) { return has(server.tags, tag); };
            return wanted ==
                   (all ? std::all_of(tags.begin(), tags.end(), there) : std::any_of(tags.begin(), tags.end(), there));
        });
    };
    add("tags", true, true);
    add("tags-any", false, true);
    add("not-tags", true, false);
    add("not-tags-any", false, false);
    return keeps;
}

Reply Servers::list_tags(Request& request) { return shown_tags(request, require_server(request)); }

Reply Servers::replace_tags(Request& request, ServerTags const& wanted) {
    auto tags = wanted.tags;
    check_tags(tags);
    return shown_tags(request, changed(request, [&](Server& server) { server.tags = tags; }));
}

Reply Servers::remove_tags(Request& request) {
    changed(request, [](Server& server) { server.tags.clear(); });
    return request.reply();
}

Reply Servers::show_tag(Request& request) {
    auto const server = require_server(request);
    if (!has(server.tags, request.parameter("tag"))) no_tag(server, request.parameter("tag"));
    return request.reply();
}

Reply Servers::add_tag(Request& request) {
    auto const& tag = request.parameter("tag");
    check_tag(tag);
    bool is_new = false;
    auto const server = changed(request, [&](Server& found) {
        is_new = !has(found.tags, tag);
        if (is_new) found.tags.push_back(tag);
        check_tags(found.tags);
    });
    if (!is_new) return Reply(204);
    Reply reply(201);
    reply.header("Location", request.link(fmt::format("/servers/{}/tags/{}", server.id, tag)));
    return reply;
}

Reply Servers::remove_tag(Request& request) {
    auto const& tag = request.parameter("tag");
    changed(request, [&](Server& server) {
        if (!has(server.tags, tag)) no_tag(server, tag);
        server.tags.erase(std::find(server.tags.begin(), server.tags.end(), tag));
    });
    return request.reply();
}

} // namespace volutus::compute
