// All providers at one moment, with their trees and the room that a search asks for.
#pragma once

#include "inventories.hpp"
#include "query_words.hpp"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace volutus::placement_service {

struct Place {
    Provider provider;
    Place const* parent = nullptr;
    Place const* root = nullptr; // itself where it has no parent
    Accounts accounts;           // of the classes that were asked for, or of all

    // Gives what it has to the trees with which it has an aggregate in common.
    bool shares() const;
    bool has_trait(std::string const& name) const;
    bool is_in(Names const& aggregates) const; // in any of them
    bool fits(std::string const& resource, std::int64_t amount) const;
    bool fits(std::map<std::string, std::int64_t> const& amounts) const;
    bool is_below(Place const& other) const; // or is it
};

// Has it, itself, all that the group asks for beside resources and in_tree?
bool meets(Place const& place, Group const& group);

class Landscape {
public:
    using Tree = std::vector<Place const*>;

    enum class Rooms { asked, all };
    Landscape(Store& store, Names const& classes, Rooms rooms = Rooms::asked);

    std::deque<Place> const& places() const { return places_; } // by name
    Place const* find(std::string const& id) const;
    Tree const& tree_of(Place const& place) const { return trees_.at(place.root->provider.id); }
    // The roots of all trees, in the order of places().
    std::vector<Place const*> roots() const;
    // Those of other trees that share with this one.
    Tree sharing_with(Place const& root) const;
    // The root of the tree that the group is bound to; null where it is not, or where there is no such tree.
    Place const* tree_for(Group const& group) const;

private:
    void read_rooms(Store& store, std::string const& resource);

    std::deque<Place> places_;
    std::map<std::string, Place*> by_id_;
    std::map<std::string, Tree> trees_; // by root
    Tree sharing_;
};

} // namespace volutus::placement_service
