// What a command of the operator answers, while it finds it out.
#pragma once

#include <volutus/json.hpp>

#include <string>
#include <vector>

namespace volutus::kernel::operators {

// Either one document, or columns and then rows, as many as there are. Throws cancelled when nobody listens any more.
class Answer {
public:
    virtual ~Answer() = default;
    virtual void document(json::object const& whole) = 0;
    virtual void columns(std::vector<std::string> const& names) = 0;
    virtual void row(json::array const& cells) = 0; // a cell a column
    virtual void fail() = 0;                        // the command ran, and what it found is bad news: exit code 1
    virtual bool gone() = 0;                        // nobody listens any more; for commands that wait
    virtual int file() { return -1; }               // what the client opened for bytes that are no answer; -1: nothing
};

} // namespace volutus::kernel::operators
