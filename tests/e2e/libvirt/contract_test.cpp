// The contract's suite on the libvirt driver, over both links.
#include "contract/hypervisor_suite.hpp"
#include "e2e/libvirt/libvirt_rig.hpp"

namespace volutus::test {

INSTANTIATE_TEST_SUITE_P(
    Libvirt, HypervisorContract,
    testing::Values(HypervisorUnderTest{"in_process", [] { return std::make_unique<LibvirtRig>("in_process"); }},
                    HypervisorUnderTest{"process", [] { return std::make_unique<LibvirtRig>("process"); }}),
    name_of_hypervisor);

} // namespace volutus::test
