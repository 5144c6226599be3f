// Schemas of configuration: a small part of JSON Schema, strict by default.
//
// Keywords:
//   type                  string, integer, number, boolean, array or object. Required in every schema
//   description           for people; ignored
//   default               filled in where the key is absent; must itself fit the schema
//   enum                  the values that are allowed
//   minimum, maximum      of integers and numbers; of a duration in milliseconds, of a size in bytes
//   minLength, maxLength  of strings, in bytes
//   minItems, maxItems    of arrays
//   items                 the schema of every element. Required for arrays
//   properties, required  of objects
//   additionalProperties  false (the default: other keys are errors), true, or the schema of every other key
//   format                of strings:
//     duration     "250ms", "30s", "5m", "12h", "7d"; the checked value is an integer of milliseconds
//     size         "64KiB", "10MiB", "1GiB", "2TiB", "512B" or an integer of bytes; the checked value is bytes
//     path         an absolute path
//     secret_file  an absolute path; a file that exists there must not be open to others (see secret_file.hpp)
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

    // Checks `document`, fills in defaults and turns durations and sizes into integers. Appends what does not fit, all
    // of it; then the document is of no use. `path` is where the document stands, for messages.
    void check(json::value& document, std::string const& path, std::vector<Mismatch>& mismatches) const;

    json::object const& json() const { return schema_; }

private:
    json::object schema_;
};

// "path.key", with the key in quotes where TOML would ask for them.
std::string join(std::string_view path, std::string_view key);

} // namespace volutus::kernel::config
