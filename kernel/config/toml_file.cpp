// The only home of toml++: it costs seconds to compile.
#include <kernel/config/toml_file.hpp>

#include <kernel/config/schema.hpp>

#include <fmt/format.h>

// Some malformed texts (keys that end in a dot) trip the library's own assertions. A typo must not stop a daemon.
namespace {
struct BrokenAssumption {};
constexpr void assume(bool condition) {
    if (!condition) throw BrokenAssumption();
}
} // namespace
#define TOML_ASSERT(condition) assume(static_cast<bool>(condition))
#include <toml++/toml.h>

#include <cmath>

namespace volutus::kernel::config {

namespace {
constexpr int deepest = 32;

class Reader {
public:
    Reader(std::string const& file, TomlFile& into, Problems& problems)
        : file_(file), into_(into), problems_(problems) {}

    json::value read(toml::node const& node, std::string const& path, int depth) {
        auto const line = static_cast<unsigned>(node.source().begin.line);
        into_.lines.emplace(path, line);
        if (depth > deepest) return refuse(line, path, fmt::format("is nested deeper than {} levels", deepest));
        if (auto const* table = node.as_table()) return read_table(*table, path, depth);
        if (auto const* array = node.as_array()) {
            json::array items;
            std::size_t index = 0;
            for (auto const& item : *array)
                items.push_back(read(item, fmt::format("{}[{}]", path, index++), depth + 1));
            return items;
        }
        if (auto const* text = node.as_string()) return json::value(std::string_view(text->get()));
        if (auto const* flag = node.as_boolean()) return json::value(flag->get());
        if (auto const* whole = node.as_integer()) return json::value(whole->get());
        if (auto const* number = node.as_floating_point()) {
            if (std::isfinite(number->get())) return json::value(number->get());
            return refuse(line, path, "must be a finite number");
        }
        return refuse(line, path, "dates and times are not used here; write a string");
    }

    json::object read_table(toml::table const& table, std::string const& path, int depth) {
        json::object out;
        for (auto const& [key, item] : table) out[key.str()] = read(item, join(path, key.str()), depth + 1);
        return out;
    }

private:
    json::value refuse(unsigned line, std::string const& path, std::string message) {
        problems_.add({file_, line}, path, std::move(message));
        return nullptr;
    }

    std::string const& file_;
    TomlFile& into_;
    Problems& problems_;
};
} // namespace

TomlFile parse_toml(std::string_view text, std::string const& file, Problems& problems) {
    TomlFile out;
    try {
        auto const table = toml::parse(text, file);
        out.values = Reader(file, out, problems).read_table(table, "", 0);
    } catch (toml::parse_error const& error) {
        auto const where = error.source().begin;
        problems.add({file, static_cast<unsigned>(where.line)}, "",
                     fmt::format("not TOML: {} (column {})", error.description(), where.column));
    } catch (BrokenAssumption const&) {
        problems.add({file, 0}, "", "not TOML: a key or a table's name is malformed");
    }
    return out;
}

} // namespace volutus::kernel::config
