// A document of a client: what is taken can be printed, and reads the same again.
#include "fuzz.hpp"

#include <volutus/error.hpp>
#include <volutus/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    try {
        auto const printed = volutus::json::print(volutus::json::parse(volutus::fuzz::text(data, size)));
        volutus::fuzz::must(volutus::json::print(volutus::json::parse(printed)) == printed);
    } catch (volutus::Error const& refused) {
        volutus::fuzz::must(refused.code() == volutus::Code::invalid || refused.code() == volutus::Code::too_large);
    }
    return 0;
}
