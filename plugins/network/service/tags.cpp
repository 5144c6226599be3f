#include "tags.hpp"

#include <fmt/format.h>

namespace volutus::network_service {

namespace {
constexpr std::size_t longest_tag = 255, most_tags = 50;

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        auto const word = text.substr(0, text.find(','));
        if (!word.empty()) words.emplace_back(word);
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return words;
}
} // namespace

void check_tags(std::vector<std::string> const& tags) {
    if (tags.size() > most_tags) refuse_input(fmt::format("A resource has at most {} tags.", most_tags));
    for (auto const& tag : tags)
        if (tag.empty() || tag.size() > longest_tag)
            refuse_input(fmt::format("'{}' is no tag: a tag has 1 to {} bytes.", tag.substr(0, 40), longest_tag));
}

ListHooks tag_hooks(Request const& request) {
    ListHooks hooks;
    for (auto const& text : request.queries("tags"))
        for (auto const& word : words_of(text)) hooks.where.push_back(where("tags", json::string(word)));
    if (auto const text = request.query("tags-any")) {
        json::array any;
        for (auto const& word : words_of(*text)) any.push_back(json::string(word));
        if (!any.empty()) hooks.where.push_back(where("tags", std::move(any)));
    }
    // What is not there has no index.
    auto const all = words_of(request.query("not-tags").value_or("")),
               any = words_of(request.query("not-tags-any").value_or(""));
    if (all.empty() && any.empty()) return hooks;
    hooks.keep = [all, any](void const* object) {
        auto const& tags = static_cast<Standard const*>(object)->tags;
        auto const there = [&](std::string const& tag) {
            return std::find(tags.begin(), tags.end(), tag) != tags.end();
        };
        return !(std::all_of(all.begin(), all.end(), there) && !all.empty()) &&
               std::none_of(any.begin(), any.end(), there);
    };
    return hooks;
}

} // namespace volutus::network_service
