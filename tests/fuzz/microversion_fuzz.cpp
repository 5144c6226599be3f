// The headers that name a microversion, the modern one in the first line and the older one in the second.
#include "fuzz.hpp"

#include <volutus/service_traits.hpp>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto older = volutus::fuzz::text(data, size);
    auto const modern = volutus::fuzz::take_until('\n', older);
    volutus::ServiceTraits traits;
    traits.versions = {"compute", "X-OpenStack-Nova-API-Version", "2.1", "2.96"};
    try {
        auto const version = volutus::version_asked(traits, modern, older);
        volutus::fuzz::must(version >= volutus::version_from("2.1") && version <= volutus::version_from("2.96"));
        volutus::fuzz::must(volutus::version_from(volutus::to_string(version)) == version);
    } catch (volutus::Error const& refused) {
        volutus::fuzz::must(refused.code() == volutus::Code::invalid || refused.code() == volutus::Code::unsupported);
    }
    return 0;
}
