// The suite of the contract on the Linux driver as the daemon loads it: in its own process, and in one that has the
// capabilities of its profile and no other.
#include "own_host.hpp"

#include "contract/network_suite.hpp"

namespace volutus::test {
namespace {

NetworkDriverUnderTest linux_driver(std::string link) {
    return {"network_linux",
            NETWORK_LINUX,
            std::move(link),
            [](std::string const& directory) {
                return json::object{{"state_directory", directory + "/state"},
                                    {"prefix", "vtt"},
                                    {"physical", {{{"name", "public"}, {"bridge", "vtt-public"}}}}};
            },
            {"net_admin", "sys_admin", "net_raw", "net_bind_service", "setgid"},
            [] { return std::make_shared<network::on_linux::test::OwnHost>(); }};
}

INSTANTIATE_TEST_SUITE_P(Linux, NetworkContract, testing::Values(linux_driver("in_process"), linux_driver("process")),
                         name_of_network_driver);

} // namespace
} // namespace volutus::test
