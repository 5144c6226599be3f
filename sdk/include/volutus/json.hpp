// JSON values of the SDK: Boost.JSON, compiled into each plugin, and the codec between documents and C++ structs.
//
// A struct is declared once with BOOST_DESCRIBE_STRUCT. Its members are the keys; a trailing '_' of a member is not
// part of the key. Scalars and structs are required; std::optional, containers, bool and json values may be absent.
// Absent optionals and empty containers are not written, nor is a bool that a new struct has like that. Errors are
// Code::invalid and name the path of the field.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace volutus::json {

using boost::json::array;
using boost::json::kind;
using boost::json::object;
using boost::json::string;
using boost::json::value;

// Text of at most VLT_DOCUMENT_MAX bytes and 32 levels; Code::invalid with the place of the error otherwise.
value parse(std::string_view text);
object parse_object(std::string_view text); // "" is the empty object
std::string print(value const& document);
std::string print(object const& document);

// The same, behind what `out` holds.
void write(value const& document, std::string& out);
void write(object const& document, std::string& out);
void write(array const& document, std::string& out);
void write(std::string_view text, std::string& out); // as a JSON string

// A document that is passed on as it was printed: no tree is made of it where nobody looks inside.
struct Printed {
    std::string text; // valid JSON
};

inline std::string_view view(string const& text) { return {text.data(), text.size()}; }
inline std::string text(value const& document) { return std::string(view(document.as_string())); }

// The value of a key or of a dotted path; null where there is none.
value const* find(object const& document, std::string_view path);

} // namespace volutus::json
