// Schemas of configuration: a small part of JSON Schema, strict by default.
//
// Keywords:
//   type                  string, integer, number, boolean, array or object; without it any value fits
//   description           for people; ignored
//   default               filled in where the key is absent; must itself fit the schema
//   enum                  the values that are allowed
//   minimum, maximum      of integers and numbers; of a duration in milliseconds, of a size in bytes
//   minLength, maxLength  of strings, in bytes
//   minItems, maxItems    of arrays
//   items                 the schema of every element
//   properties, required  of objects
//   additionalProperties  false (other keys are errors), true, or the schema of every other key. Default: false beside
//                         properties, true without them
//   format                of strings and integers:
//     duration     "250ms", "30s", "5m", "12h", "7d"; with type integer it becomes milliseconds
//     size         "64KiB", "10MiB", "1GiB", "2TiB", "512B"; with type integer, which then takes plain bytes as well,
//                  it becomes bytes
//     path         a string: an absolute path
//     secret_file  a string: an absolute path; a file that exists there must not be open to others (see
//     secret_file.hpp) Other formats are left to whoever reads the value.
//
// An object without a default is filled in when all of it has defaults: its absence is as good as {}. Any other keyword
// is an error of the schema's author, so a misspelt one cannot pass silently.
#pragma once

#include <volutus/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::config {

struct Mismatch {
    std::string path; // of the value, "" = the whole. For an unknown key it ends with that key
    std::string message;
};

// A schema that is itself in order. Immutable; any thread.
class Schema {
public:
    // Throws Code::invalid that names the place in the schema.
    explicit Schema(std::string_view text);
    explicit Schema(json::object schema);

    // Checks `document`, fills in defaults and turns durations and sizes into integers where the type says so. Appends
    // what does not fit, all of it; then the document is of no use. `path` is where the document stands, for messages.
    void check(json::value& document, std::string const& path, std::vector<Mismatch>& mismatches) const;

    json::object const& json() const { return schema_; }

private:
    json::object schema_;
};

// "path.key", with the key in quotes where TOML would ask for them.
std::string join(std::string_view path, std::string_view key);

} // namespace volutus::kernel::config
