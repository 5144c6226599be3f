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

std::vector<store::Where> tag_filters(Request const& request) {
    std::vector<store::Where> wheres;
    for (auto const* name : {"not-tags", "not-tags-any"})
        if (request.query(name))
            refuse_bad_request(fmt::format("The filter {} is not served; use tags or tags-any.", name));
    for (auto const& text : request.queries("tags"))
        for (auto const& word : words_of(text)) wheres.push_back(where("tags", json::string(word)));
    if (auto const text = request.query("tags-any")) {
        json::array any;
        for (auto const& word : words_of(*text)) any.push_back(json::string(word));
        if (!any.empty()) wheres.push_back(where("tags", std::move(any)));
    }
    return wheres;
}

} // namespace volutus::network_service
