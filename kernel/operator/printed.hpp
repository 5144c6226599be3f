// Answers on a terminal: for people as aligned tables, for programs as JSON.
#pragma once

#include "kernel/operator/answer.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace volutus::kernel::operators {

// As text a table has a row a line, its columns as wide as their widest cell; nothing is cut or wrapped. As JSON a table
// is an array of objects. `streams`: rows are shown as they come, a line each, in columns of no fixed width.
class Printed final : public Answer {
public:
    Printed(std::FILE* out, bool as_json, bool streams) : out_(out), as_json_(as_json), streams_(streams) {}

    void document(json::object const& whole) override;
    void columns(std::vector<std::string> const& names) override;
    void row(json::array const& cells) override;
    void fail() override { failed_ = true; }
    bool gone() override { return false; }

    void finish(); // prints what was held back
    bool failed() const { return failed_; }

private:
    void put(std::string const& line);

    std::FILE* out_;
    bool as_json_, streams_;
    bool failed_ = false, table_ = false;
    std::vector<std::string> columns_;
    std::vector<json::array> rows_;
};

} // namespace volutus::kernel::operators
