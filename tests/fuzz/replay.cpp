// Runs a fuzz target over each file of a folder, without a fuzzer.
#include "fuzz.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <string>

int main(int count, char** arguments) {
    if (count != 2) {
        fmt::print(stderr, "usage: {} FOLDER\n", arguments[0]);
        return 2;
    }
    std::size_t files = 0;
    for (auto const& entry : std::filesystem::directory_iterator(arguments[1])) {
        std::ifstream from(entry.path(), std::ios::binary);
        std::string const bytes{std::istreambuf_iterator<char>(from), {}};
        fmt::print("{}\n", entry.path().filename().string());
        std::fflush(stdout); // the last line names the file that broke it
        LLVMFuzzerTestOneInput(reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
        ++files;
    }
    fmt::print("{} files\n", files);
    return files > 0 ? 0 : 1; // a corpus that is gone must not look like one that passes
}
