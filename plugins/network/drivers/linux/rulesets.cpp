#include "rulesets.hpp"

#include "namespaces.hpp"
#include "nftables.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace volutus::network::on_linux {

namespace {

// The kernel shows the elements of an unnamed set in any order.
json::value in_order(json::value const& value) {
    if (value.is_array()) {
        json::array made;
        for (auto const& item : value.as_array()) made.push_back(in_order(item));
        return made;
    }
    if (!value.is_object()) return value;
    json::object made;
    for (auto const& [key, item] : value.as_object()) {
        auto inner = in_order(item);
        if (key == "set" && inner.is_array()) {
            auto& items = inner.as_array();
            std::sort(items.begin(), items.end(), [](json::value const& one, json::value const& other) {
                return json::print(one) < json::print(other);
            });
        }
        if (key != "handle") made[key] = std::move(inner);
    }
    return made;
}

void add(Ruleset& all, json::array const& listing) {
    for (auto const& item : listing)
        for (auto const& [kind, value] : item.as_object()) {
            if (!value.is_object() || !value.as_object().contains("family")) continue;
            auto said = in_order(value).as_object();
            auto const word = [&](char const* key) { return json::text(said.at(key)); };
            if (kind == "table") {
                all[{word("family") + " " + word("name"), "", ""}];
                continue;
            }
            RulesetPart part{word("family") + " " + word("table"), word(kind == "rule" ? "chain" : "name"), ""};
            if (auto const elements = said.find("elem"); elements != said.end()) {
                for (auto const& element : elements->value().as_array()) {
                    bool const mapped = element.is_array();
                    auto const& key = mapped ? element.as_array().at(0) : element;
                    part.element = key.is_string() ? json::text(key) : json::print(key);
                    all[part] = mapped ? json::print(element.as_array().at(1)) : std::string();
                }
                said.erase(elements);
                part.element.clear();
            }
            all[part] += json::print(said); // a chain is followed by its rules
        }
}

std::string named(RulesetPart const& part) {
    if (part.name.empty()) return fmt::format("nftables table {}", part.table);
    if (part.element.empty()) return fmt::format("{} of nftables table {}", part.name, part.table);
    return fmt::format("{} in {} of nftables table {}", part.element, part.name, part.table);
}

} // namespace

Ruleset present_ruleset() {
    Ruleset all;
    add(all, nft_show("ruleset"));
    return all;
}

Ruleset present_ruleset(std::vector<std::string> const& tables) {
    Ruleset all;
    for (auto const& table : tables) add(all, nft_show("table " + table));
    return all;
}

Ruleset rehearsed_ruleset(std::string const& text) {
    Ruleset made;
    in_new_namespace([&] {
        nft_apply(text);
        made = present_ruleset();
    });
    return made;
}

std::vector<RulesetDifference> differences(Ruleset const& wanted, Ruleset const& there) {
    std::vector<RulesetDifference> all;
    for (auto const& [part, said] : wanted) {
        auto const found = there.find(part);
        if (found == there.end())
            all.push_back({part, named(part) + " is missing"});
        else if (found->second != said)
            all.push_back({part, named(part) + " was changed"});
    }
    for (auto const& [part, said] : there)
        if (!wanted.count(part)) all.push_back({part, named(part) + " is not the driver's"});
    return all;
}

} // namespace volutus::network::on_linux
