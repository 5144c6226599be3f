// Tags: words that users put on anything, the same for all resources.
#pragma once

#include "refusal.hpp"
#include "standard.hpp"

#include <algorithm>

namespace volutus::network_service {

struct Tags {
    std::vector<std::string> tags;
};
// Names the longest tag and the most of them where one is over.
void check_tags(std::vector<std::string> const& tags);
constexpr auto tags_rows = rows(field<&Tags::tags>("tags", required_field, max_length(50)));
constexpr Fields rows_of(Tags const*) { return fields_of(tags_rows); }

// What ?tags= (all of them), ?tags-any= (one of them), ?not-tags= (not all) and ?not-tags-any= (none) narrow a list to.
ListHooks tag_hooks(Request const& request);
inline Reply list_tagged(Request& request) { return request.list(tag_hooks(request)); }

template <class S> class Tagged {
public:
    static Reply list(Request& request) {
        return request.reply(json::object{{"tags", json::encode(owner(request).tags)}});
    }
    static Reply replace(Request& request, Tags const& wanted) {
        check_tags(wanted.tags);
        auto const now = change(request, [&](std::vector<std::string>& tags) {
            tags = wanted.tags;
            std::sort(tags.begin(), tags.end());
            tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
        });
        return request.reply(json::object{{"tags", json::encode(now)}});
    }
    static Reply clear(Request& request) {
        change(request, [](std::vector<std::string>& tags) { tags.clear(); });
        return request.reply();
    }
    static Reply check(Request& request) {
        auto const tags = owner(request).tags;
        if (std::find(tags.begin(), tags.end(), request.parameter("tag")) == tags.end()) none(request);
        return request.reply();
    }
    static Reply add(Request& request) {
        change(request, [&](std::vector<std::string>& tags) {
            if (std::find(tags.begin(), tags.end(), request.parameter("tag")) != tags.end()) return;
            tags.push_back(request.parameter("tag"));
            check_tags(tags);
        });
        return request.reply();
    }
    static Reply drop(Request& request) {
        change(request, [&](std::vector<std::string>& tags) {
            auto const at = std::find(tags.begin(), tags.end(), request.parameter("tag"));
            if (at == tags.end()) none(request);
            tags.erase(at);
        });
        return request.reply();
    }

private:
    static S owner(Request& request) { return request.require<S>(request.parameter("tagged_id")); }
    [[noreturn]] static void none(Request const& request) {
        refuse(Code::not_found, "TagNotFound", "Tag " + request.parameter("tag") + " could not be found.");
    }
    template <class Edit> static std::vector<std::string> change(Request& request, Edit edit) {
        return retry_on_conflict([&] {
            auto one = owner(request);
            edit(one.tags);
            touch(one);
            request.apply(put(one));
            return one.tags;
        });
    }
};

} // namespace volutus::network_service
