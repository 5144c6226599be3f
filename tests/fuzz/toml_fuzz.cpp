// A file of conf.d: whatever it holds, all that is wrong is a problem, and what is taken is JSON.
#include "fuzz.hpp"
#include "kernel/config/toml_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    volutus::kernel::config::Problems problems;
    auto const file = volutus::kernel::config::parse_toml(volutus::fuzz::text(data, size), "fuzz.toml", problems);
    [[maybe_unused]] auto const texts = std::pair(volutus::json::print(file.values), problems.text());
    return 0;
}
