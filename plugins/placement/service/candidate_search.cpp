#include "candidate_search.hpp"

#include <algorithm>

namespace volutus::placement_service {

namespace {

constexpr std::size_t most_steps = 1'000'000; // of one search, so that no query keeps a thread for ever

using Tree = Landscape::Tree;

// One choice that has to be made: who serves a class of the group without a suffix, or a whole group with one.
struct Need {
    std::string const* suffix;
    std::map<std::string, std::int64_t> resources;
    Tree possible;
};

// A tree's root stands for the whole tree when a group may be served by several of it.
bool in_aggregates(Place const& place, Group const& group) {
    auto const of_tree = [&](Names const& any) { return place.is_in(any) || place.root->is_in(any); };
    return std::all_of(group.member_of.begin(), group.member_of.end(), of_tree) && !of_tree(group.not_member_of);
}

// Has what serves the group together the traits that it asks for?
bool have_traits(Tree const& places, Group const& group) {
    auto const have = [&](std::string const& trait) {
        return std::any_of(places.begin(), places.end(), [&](auto const* place) { return place->has_trait(trait); });
    };
    return std::none_of(group.forbidden.begin(), group.forbidden.end(), have) &&
           std::all_of(group.required.begin(), group.required.end(),
                       [&](Names const& any) { return std::any_of(any.begin(), any.end(), have); });
}

class Finder {
public:
    Finder(Search const& search, Landscape const& landscape, bool nested)
        : search_(search), landscape_(landscape), nested_(nested) {}

    std::vector<Candidate> run() {
        for (auto const* root : landscape_.roots()) {
            if (full()) break;
            auto const has = [&](std::string const& trait) { return root->has_trait(trait); };
            if (!std::all_of(search_.root_required.begin(), search_.root_required.end(), has) ||
                std::any_of(search_.root_forbidden.begin(), search_.root_forbidden.end(), has))
                continue;
            if (list_needs(*root)) choose(0);
        }
        return std::move(found_);
    }

private:
    bool full() const { return found_.size() >= search_.limit || steps_ >= most_steps; }

    // False when something is needed that nobody here has.
    bool list_needs(Place const& root) {
        needs_.clear();
        auto const& tree = landscape_.tree_of(root);
        auto pool = tree;
        auto const sharing = landscape_.sharing_with(root);
        pool.insert(pool.end(), sharing.begin(), sharing.end());
        for (auto const& [suffix, group] : search_.groups) {
            auto const* bound = landscape_.tree_for(group);
            auto add = [&](auto resources, auto possible) {
                auto& need = needs_.emplace_back(Need{&suffix, std::move(resources), {}});
                for (auto const* place : group.resources.empty() ? tree : pool)
                    if ((!group.in_tree || place->root == bound) && place->fits(need.resources) && possible(*place))
                        need.possible.push_back(place);
                return !need.possible.empty();
            };
            if (!suffix.empty()) {
                if (!add(group.resources, [&](Place const& place) { return meets(place, group); })) return false;
                continue;
            }
            for (auto const& one : group.resources)
                if (!add(std::map<std::string, std::int64_t>{one},
                         [&](Place const& place) { return in_aggregates(place, group); }))
                    return false;
        }
        return true;
    }

    void choose(std::size_t at) {
        if (full()) return;
        ++steps_;
        if (at == needs_.size()) return finish();
        auto const& need = needs_[at];
        bool const alone = search_.isolate && !need.suffix->empty();
        for (auto const* place : need.possible) {
            auto const& id = place->provider.id;
            if (alone && taken_.count(id)) continue;
            auto const before = now_;
            if (take(*place, need)) {
                if (alone) taken_.insert(id);
                choose(at + 1);
                if (alone) taken_.erase(id);
            }
            now_ = before;
        }
    }

    // False when it is too much together with what was chosen before.
    bool take(Place const& place, Need const& need) {
        now_.serving[*need.suffix].insert(place.provider.id);
        if (need.resources.empty()) return true;
        auto& amounts = now_.amounts[place.provider.id];
        for (auto const& [resource, amount] : need.resources) amounts[resource] += amount;
        return place.fits(amounts);
    }

    void finish() {
        auto const whole = search_.groups.find("");
        if (whole != search_.groups.end() && !have_traits(serving(""), whole->second)) return;
        for (auto const& suffixes : search_.same_subtree)
            if (!in_one_subtree(suffixes)) return;
        if (!nested_ && !one_a_tree()) return;
        if (seen_.emplace(now_.amounts, now_.serving).second) found_.push_back(now_);
    }

    Tree serving(std::string const& suffix) const {
        Tree places;
        for (auto const& id : now_.serving.at(suffix)) places.push_back(landscape_.find(id));
        return places;
    }

    bool in_one_subtree(Names const& suffixes) const {
        Tree places;
        for (auto const& suffix : suffixes) {
            auto const more = serving(suffix);
            places.insert(places.end(), more.begin(), more.end());
        }
        return std::any_of(places.begin(), places.end(), [&](auto const* top) {
            return std::all_of(places.begin(), places.end(), [&](auto const* one) { return one->is_below(*top); });
        });
    }

    bool one_a_tree() const {
        Names roots;
        return std::all_of(now_.amounts.begin(), now_.amounts.end(), [&](auto const& one) {
            return roots.insert(landscape_.find(one.first)->root->provider.id).second;
        });
    }

    Search const& search_;
    Landscape const& landscape_;
    bool const nested_;
    std::vector<Need> needs_;
    Candidate now_;
    Names taken_; // by groups that stand alone
    // Trees that share with each other come to the same choice.
    std::set<std::pair<decltype(Candidate::amounts), decltype(Candidate::serving)>> seen_;
    std::vector<Candidate> found_;
    std::size_t steps_ = 0;
};

} // namespace

std::vector<Candidate> candidates_for(Search const& search, Landscape const& landscape, bool nested) {
    return Finder(search, landscape, nested).run();
}

} // namespace volutus::placement_service
