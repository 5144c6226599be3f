// The simulator keeps what its directory says, over both links.
#include "contract/network_suite.hpp"

namespace volutus::test {
namespace {

NetworkDriverUnderTest simulator(std::string link) {
    return {"network_simulator",
            NETWORK_SIMULATOR,
            std::move(link),
            [](std::string const& directory) {
                return json::object{{"directory", directory + "/network"}, {"physical", {"public"}}};
            },
            {},
            {}};
}

INSTANTIATE_TEST_SUITE_P(Simulator, NetworkContract, testing::Values(simulator("in_process"), simulator("process")),
                         name_of_network_driver);

} // namespace
} // namespace volutus::test
