// What is wrong with a configuration: collected while it is read and checked, and shown together.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace volutus::kernel::config {

// Where a value was written. An empty file means that nobody wrote it; line 0 means the file as a whole.
struct Origin {
    std::string file;
    unsigned line = 0;
};

struct Problem {
    Origin origin;
    std::string path; // of the key, as it would be written in TOML: gateway.listen[0].port
    std::string message;
};

class Problems {
public:
    void add(Origin origin, std::string path, std::string message);
    bool empty() const { return all_.empty(); }
    std::vector<Problem> const& all() const { return all_; }

    // One line a problem, in the order of files and lines: "/etc/.../10-gateway.toml:3: gateway.port: ...".
    std::string text() const;
    // Throws Code::invalid with text() under a heading that names `subject`; details: {"problems": [{file, line, path,
    // message}]}. Does nothing when there is no problem.
    void raise(std::string_view subject) const;

private:
    std::vector<Problem> ordered() const;
    std::vector<Problem> all_;
};

// The one of `known` that is so near to `written` that it was probably meant; empty when none is.
std::string_view nearest(std::string_view written, std::vector<std::string_view> const& known);

} // namespace volutus::kernel::config
