#include "prover.hpp"

#include "widgets.hpp"

#include <fmt/format.h>

#include <set>

namespace volutus::toy_service {

prover::Verdict Prover::verify(Call& call) {
    Store store(host_, call);
    std::map<std::string, toy::Widget> made;
    for (auto& widget : makers_.call<&toy::Maker::list>(call).widgets) made.emplace(widget.id, std::move(widget));
    auto slots = slots_held(store);

    prover::Verdict verdict;
    auto differ = [&](std::string const& id, std::string what) {
        verdict.differences.push_back({"toy.widget " + id, std::move(what)});
    };
    for (auto const& widget : store.all<Widget>()) {
        auto const there = made.extract(widget.id);
        auto const held = slots.extract(widget.id);
        if (widget.status != "active" && widget.status != "error") continue; // a task is at it
        bool const active = widget.status == "active";
        if (active == there.empty())
            differ(widget.id, fmt::format("is {}, and the maker {} it", widget.status, active ? "lacks" : "has"));
        else if (active && there.mapped().size != widget.size)
            differ(widget.id, fmt::format("has size {}, and the maker's has {}", widget.size, there.mapped().size));
        else if (active && there.mapped().colour.value_or("") != widget.colour)
            differ(widget.id, fmt::format("is {}, and the maker's is {}", widget.colour,
                                          there.mapped().colour.value_or("not painted")));
        auto const holds = held.empty() ? 0 : held.mapped();
        if (holds != (active ? widget.size : 0))
            differ(widget.id, fmt::format("is {} of size {}, and holds {} slots", widget.status, widget.size, holds));
    }
    for (auto const& [id, widget] : made) differ(id, "is at the maker, and no document knows it");
    for (auto const& [id, held] : slots) differ(id, fmt::format("holds {} slots, and no document knows it", held));
    return verdict;
}

std::map<std::string, std::int64_t> Prover::slots_held(Store& store) const {
    std::map<std::string, std::int64_t> held;
    store::AccountQuery query;
    query.account = maker_account;
    while (true) {
        auto const page = store.accounts(query);
        for (auto const& claim : page.claims) held[claim.consumer] += claim.amount;
        if (!page.next_after) return held;
        query.after = page.next_after;
    }
}

} // namespace volutus::toy_service
