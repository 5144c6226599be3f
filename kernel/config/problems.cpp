#include <kernel/config/problems.hpp>

#include <volutus/error.hpp>
#include <volutus/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace volutus::kernel::config {

namespace {
// How many letters must be changed, added, left out or swapped with their neighbour (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i)
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto const replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[a.size()][b.size()];
}

std::string line_of(Problem const& problem) {
    std::string out = problem.origin.file;
    if (!out.empty() && problem.origin.line != 0) out += fmt::format(":{}", problem.origin.line);
    if (!out.empty()) out += ": ";
    if (!problem.path.empty()) out += problem.path + ": ";
    return out + problem.message;
}
} // namespace

void Problems::add(Origin origin, std::string path, std::string message) {
    all_.push_back({std::move(origin), std::move(path), std::move(message)});
}

std::vector<Problem> Problems::ordered() const {
    auto out = all_;
    std::stable_sort(out.begin(), out.end(), [](Problem const& a, Problem const& b) {
        return std::tie(a.origin.file, a.origin.line) < std::tie(b.origin.file, b.origin.line);
    });
    return out;
}

std::string Problems::text() const {
    std::string out;
    for (auto const& problem : ordered()) {
        if (!out.empty()) out += '\n';
        out += line_of(problem);
    }
    return out;
}

void Problems::raise(std::string_view subject) const {
    if (all_.empty()) return;
    json::array list;
    for (auto const& problem : ordered())
        list.push_back(json::object{{"file", problem.origin.file},
                                    {"line", problem.origin.line},
                                    {"path", problem.path},
                                    {"message", problem.message}});
    auto const heading = fmt::format("{} has {} error{}:", subject, all_.size(), all_.size() == 1 ? "" : "s");
    throw Error(Code::invalid, heading + '\n' + text(), json::print(json::object{{"problems", std::move(list)}}));
}

std::string_view nearest(std::string_view written, std::vector<std::string_view> const& known) {
    constexpr std::size_t longest = 64; // beyond, a name is no typo of anything
    std::string_view best;
    auto best_distance = std::max<std::size_t>(1, std::min<std::size_t>(3, written.size() / 3)) + 1;
    if (written.size() > longest) return best;
    for (auto const name : known) {
        if (name.size() > longest) continue;
        auto const d = distance(written, name);
        if (d < best_distance) {
            best = name;
            best_distance = d;
        }
    }
    return best;
}

} // namespace volutus::kernel::config
