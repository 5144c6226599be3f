#include <volutus/codec.hpp>

#include <boost/json/src.hpp>

#include <algorithm>

namespace volutus::json {

namespace {
constexpr std::size_t deepest = 32;

template <class T> void write_all(T const& document, std::string& out) {
    boost::json::serializer serializer;
    serializer.reset(&document);
    char piece[4096];
    while (!serializer.done()) {
        auto const printed = serializer.read(piece);
        out.append(printed.data(), printed.size());
    }
}
} // namespace

value parse(std::string_view text) {
    if (text.size() > VLT_DOCUMENT_MAX)
        throw Error(Code::too_large, "a document of " + std::to_string(text.size()) + " bytes; at most " +
                                         std::to_string(VLT_DOCUMENT_MAX) + " are allowed");
    boost::json::parse_options options;
    options.max_depth = deepest;
    boost::json::parser parser({}, options);
    boost::json::error_code error;
    auto const used = parser.write(text.data(), text.size(), error);
    if (error)
        throw Error(Code::invalid, "not a JSON document: " + error.message() + " at byte " + std::to_string(used));
    return parser.release();
}

object parse_object(std::string_view text) {
    if (text.empty()) return {};
    auto document = parse(text);
    if (!document.is_object()) throw Error(Code::invalid, "a JSON object is expected here");
    return std::move(document.get_object());
}

std::string print(value const& document) { return boost::json::serialize(document); }
std::string print(object const& document) { return boost::json::serialize(document); }

void write(value const& document, std::string& out) { write_all(document, out); }
void write(object const& document, std::string& out) { write_all(document, out); }
void write(array const& document, std::string& out) { write_all(document, out); }

void write(std::string_view text, std::string& out) {
    auto const is_plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; };
    if (!std::all_of(text.begin(), text.end(), is_plain)) {
        out += boost::json::serialize(boost::json::string_view(text));
        return;
    }
    out += '"';
    out += text;
    out += '"';
}

value const* find(object const& document, std::string_view path) {
    object const* here = &document;
    while (true) {
        auto const dot = path.find('.');
        auto const* found = here->if_contains(path.substr(0, dot));
        if (dot == std::string_view::npos || !found) return found;
        here = found->if_object();
        if (!here) return nullptr;
        path.remove_prefix(dot + 1);
    }
}

std::string to_string(Path const& path) {
    std::string out = path.parent ? to_string(*path.parent) : std::string();
    if (!path.parent) return out;
    if (path.key.data()) {
        if (!out.empty()) out += '.';
        out += path.key;
    } else {
        out += '[' + std::to_string(path.index) + ']';
    }
    return out;
}

void refuse(Path const& path, std::string_view expected) {
    auto const place = to_string(path);
    object details{{"field", place}};
    throw Error(Code::invalid,
                (place.empty() ? std::string("the document") : "'" + place + "'") + ": expected " +
                    std::string(expected),
                print(details));
}

} // namespace volutus::json
