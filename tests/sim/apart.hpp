// Runs a seed in a process of its own: what crashed machines had in memory is leaked by intent, and ends with it.
#pragma once

#include <volutus/codec.hpp>

#include <functional>
#include <string>

namespace volutus::sim {

// What `run` gives, in a child of this process; "" when the child ended otherwise, with the reason in `how`.
std::string text_from_child(std::function<std::string()> const& run, std::string& how);

// `Outcome` is a described struct with a list `differences`, which also tells what `run` threw or how its process ended.
template <class Outcome, class Run> Outcome apart(Run run) {
    std::string how;
    auto const text = text_from_child(
        [&] {
            Outcome outcome;
            try {
                outcome = run();
            } catch (std::exception const& error) {
                outcome.differences.push_back(error.what());
            }
            constexpr std::size_t most_told = 200; // a document is bounded
            if (outcome.differences.size() > most_told) outcome.differences.resize(most_told);
            return json::print(json::encode_struct(outcome));
        },
        how);
    if (how.empty()) return json::decode<Outcome>(json::parse(text));
    Outcome lost;
    lost.differences.push_back(how);
    return lost;
}

} // namespace volutus::sim
