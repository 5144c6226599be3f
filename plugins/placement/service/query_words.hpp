// The words that queries of placement are made of, and the groups of them that a search consists of.
#pragma once

#include <volutus/request.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::placement_service {

using Names = std::set<std::string>;

std::vector<std::string> parted(std::string const& text, char by); // without blanks around; empty parts too
[[noreturn]] void refuse_query(std::string const& why);

// What one provider, or, without a suffix, the providers of one tree together shall have.
struct Group {
    std::map<std::string, std::int64_t> resources; // by class
    std::vector<Names> required;                   // of each, at least one
    Names forbidden;
    std::vector<Names> member_of; // of each, at least one
    Names not_member_of;
    std::optional<std::string> in_tree; // of any provider of the tree

    bool empty_but_resources() const {
        return required.empty() && forbidden.empty() && member_of.empty() && not_member_of.empty() && !in_tree;
    }
};

// One value each; `request` tells which version's form holds. Malformed ones are invalid.
void read_resources(Group& group, std::string const& value);
void read_required(Group& group, Request& request, std::string const& value);
void read_member_of(Group& group, Request& request, std::string const& name, std::string const& value);
void read_in_tree(Group& group, std::string const& value);
// All values of required and member_of under a name; before 1.39 the last `required` counts, before 1.24 there is one
// `member_of`.
void read_all(Group& group, Request& request, std::string const& suffix);

// Classes and traits that nobody has heard of are invalid.
void check_names(Store& store, Group const& group);

} // namespace volutus::placement_service
