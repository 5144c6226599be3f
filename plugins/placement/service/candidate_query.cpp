#include "candidate_query.hpp"

#include "changes.hpp"
#include "names.hpp"

#include <fmt/format.h>

#include <charconv>

namespace volutus::placement_service {

namespace {

constexpr std::size_t most_candidates = 10'000;
constexpr std::size_t most_groups = 64;

struct GroupKey {
    std::string_view name; // "resources"
    std::string suffix;
};

bool is_suffix(Request& request, std::string_view text) {
    if (text.empty()) return true;
    if (request.since("1.33"))
        return text.size() <= 64 && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                           "0123456789_-") == text.npos;
    return request.since("1.25") && text[0] != '0' && text.find_first_not_of("0123456789") == text.npos;
}

std::optional<GroupKey> group_key(Request& request, std::string const& text) {
    constexpr std::pair<std::string_view, char const*> names[] = {
        {"resources", "1.10"}, {"required", "1.17"}, {"member_of", "1.21"}, {"in_tree", "1.31"}};
    for (auto const& [name, from] : names)
        if (text.compare(0, name.size(), name) == 0 && request.since(from) &&
            is_suffix(request, std::string_view(text).substr(name.size())))
            return GroupKey{name, text.substr(name.size())};
    return std::nullopt;
}

std::size_t limit_from(std::string const& value) {
    std::size_t limit = 0;
    auto const [end, failed] = std::from_chars(value.data(), value.data() + value.size(), limit);
    bool const plain = !value.empty() && value[0] != '0' && end == value.data() + value.size();
    if (!plain || (failed != std::errc() && failed != std::errc::result_out_of_range))
        refuse_query(fmt::format("'{}' does not match '^[1-9][0-9]*$'", value));
    return failed == std::errc() ? std::min(limit, most_candidates) : most_candidates;
}

void read_root_required(Request& request, Search& search) {
    auto const values = request.queries("root_required");
    if (values.empty()) return;
    if (values.size() > 1)
        throw coded(Code::invalid, "Query parameter 'root_required' may be specified only once.", duplicate_query);
    if (values[0].compare(0, 3, "in:") == 0)
        refuse_query("The format 'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' is not supported in root_required. Got: " +
                     values[0]);
    Group words;
    read_required(words, request, values[0]);
    check_names(request.store(), words);
    for (auto const& one : words.required) search.root_required.insert(one.begin(), one.end());
    search.root_forbidden = words.forbidden;
    for (auto const& name : search.root_required)
        if (search.root_forbidden.count(name))
            throw coded(Code::invalid, "Conflicting required and forbidden traits found in root_required: " + name,
                        bad_query);
}

void read_same_subtree(Search& search, std::string const& value) {
    Names suffixes;
    for (auto const& suffix : parted(value, ',')) {
        if (suffix.empty())
            throw coded(Code::invalid, "Empty string (unsuffixed group) can not be specified in `same_subtree`",
                        bad_query);
        suffixes.insert(suffix);
    }
    search.same_subtree.push_back(std::move(suffixes));
}

// From 1.36 on a group may ask for no resources, when same_subtree says what it has to do with the others.
void check_subtrees(Search const& search) {
    Names in_subtrees;
    for (auto const& suffixes : search.same_subtree) in_subtrees.insert(suffixes.begin(), suffixes.end());
    bool any = false;
    for (auto const& [suffix, group] : search.groups) any = any || !group.resources.empty();
    if (!any)
        throw coded(Code::invalid, "There must be at least one resources or resources[$S] parameter.", missing_query);
    for (auto const& [suffix, group] : search.groups)
        if (group.resources.empty() && !in_subtrees.count(suffix))
            throw coded(Code::invalid,
                        fmt::format("Resourceless suffixed group request should be specified in `same_subtree` query "
                                    "param: bad group(s) - '{}'.",
                                    suffix),
                        bad_query);
    for (auto const& suffix : in_subtrees)
        if (!search.groups.count(suffix))
            throw coded(Code::invalid,
                        fmt::format("Real suffixes should be specified in `same_subtree`: '{}' is none.", suffix),
                        bad_query);
}

void check_orphans(Request& request, Search const& search) {
    for (auto const& [suffix, group] : search.groups) {
        if (!group.resources.empty()) continue;
        if (!group.required.empty() || !group.forbidden.empty())
            throw Error(Code::invalid, "All traits parameters must be associated with resources.  Found the following "
                                       "orphaned traits keys: required" +
                                           suffix);
        if (!group.member_of.empty() || !group.not_member_of.empty())
            throw Error(Code::invalid, "All member_of parameters must be associated with resources. Found the "
                                       "following orphaned member_of keys: member_of" +
                                           suffix);
        throw Error(Code::invalid, "All request groups must specify resources.");
    }
    if (!search.groups.empty()) return;
    if (!request.since("1.25")) refuse_query("'resources' is a required property");
    throw Error(Code::invalid, "At least one request group (`resources` or `resources{$S}`) is required.");
}

void check_conflicts(Search const& search) {
    for (auto const& [suffix, group] : search.groups)
        for (auto const& any : group.required)
            if (std::all_of(any.begin(), any.end(), [&, &forbidden = group.forbidden](auto const& trait) {
                    return forbidden.count(trait) > 0;
                }))
                throw Error(Code::invalid, fmt::format("Conflicting required and forbidden traits found in the "
                                                       "following traits keys: required{}: ({})",
                                                       suffix, fmt::join(any, ", ")));
}

} // namespace

Names Search::classes() const {
    Names names;
    for (auto const& [suffix, group] : groups)
        for (auto const& [resource, amount] : group.resources) names.insert(resource);
    return names;
}

Search search_of(Request& request) {
    Search search;
    search.limit = most_candidates;
    if (auto const limit = request.query("limit"); limit && request.since("1.16")) search.limit = limit_from(*limit);
    std::optional<std::string> policy;
    for (auto const& [name, value] : request.http().query) {
        if (auto const key = group_key(request, name)) {
            auto& group = search.groups[key->suffix];
            if (key->name == "resources") {
                group.resources.clear();
                read_resources(group, value);
            } else if (key->name == "in_tree") {
                read_in_tree(group, value);
            }
        } else if (name == "group_policy" && request.since("1.25")) {
            if (value != "none" && value != "isolate")
                refuse_query(fmt::format("group_policy '{}' is not one of ['none', 'isolate']", value));
            if (!policy) policy = value; // the first counts, as everywhere
        } else if (name == "same_subtree" && request.since("1.36")) {
            read_same_subtree(search, value);
        } else if (!(name == "limit" && request.since("1.16")) && !(name == "root_required" && request.since("1.35"))) {
            refuse_query(fmt::format("Additional properties are not allowed ('{}' was unexpected)", name));
        }
    }
    if (search.groups.size() > most_groups) refuse_query(fmt::format("a request has at most {} groups", most_groups));
    for (auto& [suffix, group] : search.groups) read_all(group, request, suffix);
    read_root_required(request, search);
    search.isolate = policy == "isolate";
    if (request.since("1.36"))
        check_subtrees(search);
    else
        check_orphans(request, search);
    check_conflicts(search);
    if (!policy && search.groups.size() - search.groups.count("") > 1)
        throw Error(Code::invalid, "The \"group_policy\" parameter is required when specifying more than one "
                                   "\"resources{N}\" parameter.");
    for (auto const& [suffix, group] : search.groups) check_names(request.store(), group);
    return search;
}

} // namespace volutus::placement_service
