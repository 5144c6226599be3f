// The only home of yaml-cpp.
#include <kernel/auth/policy_file.hpp>

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <system_error>

namespace volutus::kernel::auth {

namespace {
constexpr std::uint64_t largest_file = 1024 * 1024;

unsigned line_of(YAML::Mark const& mark) { return mark.is_null() ? 0 : static_cast<unsigned>(mark.line + 1); }

class Reader {
public:
    Reader(std::string const& file, config::Problems& problems) : file_(file), problems_(problems) {}

    std::optional<std::string> check_of(std::string const& name, YAML::Node const& node) {
        if (node.IsScalar()) return node.Scalar();
        if (node.IsNull()) return std::string();
        if (node.IsSequence()) return alternatives(name, node);
        return refuse(node, name, "a rule is text or a list");
    }

private:
    std::optional<std::string> alternatives(std::string const& name, YAML::Node const& node) {
        if (node.size() == 0) return "@";
        std::string out;
        for (auto const& inner : node) {
            auto const all = inner.IsSequence() ? conjunction(name, inner) : item(name, inner);
            if (!all) return std::nullopt;
            if (all->empty()) continue;
            out += (out.empty() ? "(" : " or (") + *all + ")";
        }
        return out.empty() ? "!" : out;
    }

    std::optional<std::string> conjunction(std::string const& name, YAML::Node const& node) {
        std::string out;
        for (auto const& one : node) {
            auto const check = item(name, one);
            if (!check) return std::nullopt;
            out += (out.empty() ? "" : " and ") + *check;
        }
        return out;
    }

    // An item is a single check: what would be more in the policy language is refused.
    std::optional<std::string> item(std::string const& name, YAML::Node const& node) {
        if (!node.IsScalar() || node.Scalar().empty())
            return refuse(node, name, "an item of a list is one check, as text");
        auto const& text = node.Scalar();
        if (text.find_first_of(" \t\n\r") != std::string::npos || text.front() == '(')
            return refuse(node, name, fmt::format("'{}' is more than one check; write the rule as text", text));
        return text;
    }

    std::nullopt_t refuse(YAML::Node const& node, std::string const& name, std::string message) {
        problems_.add({file_, line_of(node.Mark())}, name, std::move(message));
        return std::nullopt;
    }

    std::string const& file_;
    config::Problems& problems_;
};
} // namespace

std::vector<RuleOverride> parse_policy(std::string_view text, std::string const& file) {
    std::vector<RuleOverride> out;
    config::Problems problems;
    try {
        if (text.size() > largest_file)
            throw Error(Code::invalid, fmt::format("{}: a policy file has at most {} bytes", file, largest_file));
        auto const root = YAML::Load(std::string(text));
        if (root.IsMap()) {
            Reader reader(file, problems);
            for (auto const& entry : root) {
                auto const line = line_of(entry.first.Mark());
                if (!entry.first.IsScalar() || entry.first.Scalar().empty()) {
                    problems.add({file, line}, "", "the name of a rule must be text");
                    continue;
                }
                auto const& name = entry.first.Scalar();
                if (auto check = reader.check_of(name, entry.second))
                    out.push_back({name, std::move(*check), {file, line}});
            }
        } else if (!root.IsNull()) {
            problems.add({file, line_of(root.Mark())}, "", "lines of the form \"rule name\": \"check\" are expected");
        }
    } catch (YAML::Exception const& error) {
        problems.add({file, line_of(error.mark)}, "", fmt::format("not YAML: {}", error.msg));
    }
    problems.raise("the policy file " + file);
    return out;
}

std::vector<RuleOverride> read_policy_file(std::string const& path) {
    if (!world::file_exists(path)) return {};
    try {
        world::File const file(path, world::File::Mode::read);
        std::string text(std::min(file.size(), largest_file + 1), '\0');
        text.resize(file.read_at(0, text.data(), text.size()));
        return parse_policy(text, path);
    } catch (std::system_error const& error) {
        throw Error(Code::invalid, fmt::format("the policy file {} cannot be read: {}", path, error.code().message()));
    }
}

} // namespace volutus::kernel::auth
