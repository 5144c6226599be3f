// The suite of volutus.hypervisor/1 on the simulator, over both links.
#include "contract/hypervisor_suite.hpp"

#include "contract/link_fixture.hpp"
#include "plugins/compute/drivers/simulator/faults.hpp"

#include <testkit/temporary_folder.hpp>

namespace volutus::test {
namespace {

class SimulatorRig : public HypervisorRig {
public:
    // With `files` guests outlive the driver; else they are in its memory.
    SimulatorRig(std::string const& link, bool files) {
        auto host = kernel_.host_of(name);
        if (link == "in_process") {
            auto const library = open_library(COMPUTE_SIMULATOR);
            link_ = std::make_shared<InProcessLink>(host, library.entry, library.keep, std::chrono::seconds(20));
        } else {
            auto options = quick(name);
            options.library = COMPUTE_SIMULATOR;
            link_ = std::make_shared<ProcessLink>(host, options);
        }
        json::object config{{"hosts", 2}, {"prefix", "host-"}};
        if (files) config["state_directory"] = json::string(folder_ / "guests");
        link_->configure(json::print(config));
        for (auto const contract : {hypervisor::contract.name, compute::simulator::faults.name})
            kernel_.registry.add(name, std::string(contract), "", link_);
        link_->start();
    }
    ~SimulatorRig() override {
        link_->quiesce();
        kernel_.registry.remove(name);
    }

    Host host() override { return kernel_.registry.host(); }
    hypervisor::Server server() override {
        hypervisor::Server wanted;
        wanted.id = new_uuid();
        wanted.name = "guest";
        wanted.host = "host-1";
        return wanted;
    }
    bool end_guest(std::string const& id) override {
        using compute::simulator::Faults;
        RootCall outside;
        Client<compute::simulator::faults>(host()).call<&Faults::end_guest>(outside.call,
                                                                            compute::simulator::End{id, false});
        return true;
    }

private:
    static constexpr char name[] = "compute_simulator";
    testkit::TemporaryFolder folder_;
    Kernel kernel_;
    std::shared_ptr<Link> link_;
};

HypervisorUnderTest simulator(std::string const& link, bool files) {
    return {link + (files ? "_in_files" : "_in_memory"), [=] { return std::make_unique<SimulatorRig>(link, files); }};
}

INSTANTIATE_TEST_SUITE_P(Simulator, HypervisorContract,
                         testing::Values(simulator("in_process", false), simulator("in_process", true),
                                         simulator("process", false), simulator("process", true)),
                         name_of_hypervisor);

} // namespace
} // namespace volutus::test
