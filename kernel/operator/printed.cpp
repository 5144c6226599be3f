#include "kernel/operator/printed.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::operators {

namespace {

// Control characters would move the cursor, and some of what is shown comes from tenants.
std::string clean(std::string_view text) {
    std::string out;
    for (char const c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            out += c == '\n' ? "\\n" : fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        else
            out += c;
    }
    return out;
}

std::string cell(json::value const& value) {
    if (value.is_null()) return "";
    if (auto const* text = value.if_string()) return clean(json::view(*text));
    auto const* array = value.if_array();
    bool const plain =
        array && std::all_of(array->begin(), array->end(), [](auto const& one) { return one.is_string(); });
    if (plain) {
        std::vector<std::string> texts;
        for (auto const& one : *array) texts.push_back(clean(json::view(one.get_string())));
        return fmt::format("{}", fmt::join(texts, " "));
    }
    if (auto const* object = value.if_object(); object && object->empty()) return "";
    return json::print(value);
}

// Columns on a terminal, not bytes: what continues a UTF-8 sequence takes no place.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(std::vector<std::string> const& cells, std::vector<std::size_t> const& widths) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        line += cells[i];
        if (i + 1 < cells.size()) line.append(widths[i] - width(cells[i]) + 2, ' ');
    }
    return line.substr(0, line.find_last_not_of(' ') + 1);
}

json::object named(std::vector<std::string> const& columns, json::array const& row) {
    json::object out;
    for (std::size_t i = 0; i < columns.size() && i < row.size(); ++i) out[columns[i]] = row[i];
    return out;
}

void add_lines(json::object const& whole, std::string const& indent, std::string& out) {
    std::size_t longest = 0;
    for (auto const& member : whole) longest = std::max(longest, member.key().size());
    for (auto const& member : whole) {
        auto const* inner = member.value().if_object();
        out += indent + std::string(member.key());
        if (inner && !inner->empty()) {
            out += '\n';
            add_lines(*inner, indent + "  ", out);
        } else {
            out += std::string(longest - member.key().size() + 2, ' ') + cell(member.value()) + '\n';
        }
    }
}

} // namespace

void Printed::put(std::string const& line) {
    std::fwrite(line.data(), 1, line.size(), out_);
    std::fputc('\n', out_);
}

void Printed::document(json::object const& whole) {
    if (as_json_) return put(json::print(whole));
    std::string text;
    add_lines(whole, "", text);
    std::fwrite(text.data(), 1, text.size(), out_);
}

void Printed::columns(std::vector<std::string> const& names) {
    columns_ = names;
    table_ = true;
}

void Printed::row(json::array const& cells) {
    if (!streams_) {
        rows_.push_back(cells);
        return;
    }
    if (as_json_) {
        put(json::print(named(columns_, cells)));
    } else {
        std::vector<std::string> texts;
        for (auto const& one : cells) {
            auto text = cell(one);
            texts.push_back(text.empty() ? "-" : std::move(text)); // so that each keeps its place
        }
        put(fmt::format("{}", fmt::join(texts, "  ")));
    }
    std::fflush(out_);
}

void Printed::finish() {
    if (!table_ || streams_) return;
    if (as_json_) {
        std::vector<std::string> lines;
        for (auto const& row : rows_) lines.push_back(json::print(named(columns_, row)));
        return put(fmt::format("[{}]", fmt::join(lines, ",\n ")));
    }
    if (rows_.empty()) return; // nothing is shown by nothing, as scripts like it
    std::vector<std::vector<std::string>> lines{{}};
    for (auto name : columns_) {
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c == '_' ? ' ' : static_cast<char>(std::toupper(c)); });
        lines.front().push_back(std::move(name));
    }
    for (auto const& row : rows_) {
        lines.emplace_back();
        for (auto const& one : row) lines.back().push_back(cell(one));
        lines.back().resize(columns_.size());
    }
    std::vector<std::size_t> widths(columns_.size());
    for (auto const& line : lines)
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
    for (auto const& line : lines) put(padded(line, widths));
}

} // namespace volutus::kernel::operators
