// What every driver of volutus.hypervisor/1 does, over both links. A driver joins by its line in `drivers`.
#include "contract/link_fixture.hpp"

#include <volutus/contract/hypervisor.hpp>

#include <filesystem>
#include <unistd.h>

namespace volutus::test {
namespace {

using namespace hypervisor;
using namespace std::chrono_literals;

struct DriverUnderTest {
    std::string plugin, library;
    json::object (*config)(std::string const& folder);
};

json::object simulator_config(std::string const& folder) {
    return {{"hosts", 2}, {"state_directory", folder + "/guests"}};
}
DriverUnderTest const drivers[] = {{"compute_simulator", COMPUTE_SIMULATOR, &simulator_config}};

struct Folder {
    Folder() {
        std::string pattern = std::filesystem::temp_directory_path() / "volutus-contract-XXXXXX";
        if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
        path = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path;
};

class HypervisorContract : public testing::TestWithParam<std::tuple<DriverUnderTest, std::string>> {
protected:
    // A call within a task of that epoch.
    template <auto Method, class... Arguments> auto ask_at(std::uint64_t epoch, Arguments const&... arguments) {
        RootCall root;
        root.context.task = "task";
        root.context.epoch = epoch;
        root.context.deadline = world::now() + 60s;
        return Client<hypervisor::contract>(kernel_.registry.host()).call<Method>(root.call, arguments...);
    }
    template <auto Method, class... Arguments> auto ask(Arguments const&... arguments) {
        return ask_at<Method>(0, arguments...);
    }

    HypervisorContract() {
        auto const& [driver, kind] = GetParam();
        auto host = kernel_.host_of(driver.plugin);
        if (kind == "in_process") {
            auto const library = open_library(driver.library);
            link_ = std::make_shared<InProcessLink>(host, library.entry, library.keep, 20s);
        } else {
            auto options = quick(driver.plugin);
            options.library = driver.library;
            link_ = std::make_shared<ProcessLink>(host, options);
        }
        link_->configure(json::print(driver.config(folder_.path)));
        kernel_.registry.add(driver.plugin, std::string(hypervisor::contract.name), "", link_);
        link_->start();
        host_ = ask<&Driver::hosts>().hosts.at(0).name;
    }
    ~HypervisorContract() override {
        link_->quiesce();
        kernel_.registry.remove(std::get<0>(GetParam()).plugin);
    }

    Server server(std::string const& id = "5f0c7f0e-0000-4000-8000-000000000001") const {
        Server wanted;
        wanted.id = id;
        wanted.name = "guest";
        wanted.host = host_;
        return wanted;
    }
    std::optional<Power> power_of(Server const& server) {
        auto const state = ask<&Driver::show>(ServerId{server.id, server.host});
        return state ? std::optional(state->power) : std::nullopt;
    }
    void boot(Server const& wanted, std::uint64_t epoch = 0) {
        ask_at<&Driver::prepare>(epoch, wanted);
        ask_at<&Driver::start>(epoch, wanted);
    }

    Folder folder_;
    Kernel kernel_;
    std::shared_ptr<Link> link_;
    std::string host_;
};
INSTANTIATE_TEST_SUITE_P(Drivers, HypervisorContract,
                         testing::Combine(testing::ValuesIn(drivers), testing::Values("in_process", "process")),
                         [](auto const& info) {
                             return std::get<0>(info.param).plugin + "_" + std::get<1>(info.param);
                         });

TEST_P(HypervisorContract, AHostSaysWhatItCanTake) {
    auto const host = ask<&Driver::hosts>().hosts.at(0);
    EXPECT_FALSE(host.name.empty());
    EXPECT_GT(host.vcpus, 0);
    EXPECT_GT(host.memory_mb, 0);
    EXPECT_TRUE(host.cpu.contains("arch"));
}

TEST_P(HypervisorContract, AServerIsPreparedStartedStoppedAndRemoved) {
    auto const wanted = server();
    EXPECT_EQ(power_of(wanted), std::nullopt);
    ask<&Driver::prepare>(wanted);
    EXPECT_EQ(power_of(wanted), Power::off);
    ask<&Driver::start>(wanted);
    EXPECT_EQ(power_of(wanted), Power::running);
    EXPECT_EQ(ask<&Driver::list>(HostName{host_}).servers.size(), 1u);
    ask<&Driver::stop>(Stop{wanted.id, host_, 0});
    EXPECT_EQ(power_of(wanted), Power::off);
    ask<&Driver::remove>(ServerId{wanted.id, host_});
    EXPECT_EQ(power_of(wanted), std::nullopt);
    EXPECT_TRUE(ask<&Driver::list>(HostName{host_}).servers.empty());
}

TEST_P(HypervisorContract, EveryCallMayBeMadeAgain) {
    auto const wanted = server();
    for (int i = 0; i < 2; ++i) ask<&Driver::prepare>(wanted);
    for (int i = 0; i < 2; ++i) ask<&Driver::start>(wanted);
    EXPECT_EQ(power_of(wanted), Power::running);
    for (int i = 0; i < 2; ++i) ask<&Driver::stop>(Stop{wanted.id, host_, 0});
    for (int i = 0; i < 2; ++i) ask<&Driver::remove>(ServerId{wanted.id, host_});
    EXPECT_EQ(power_of(wanted), std::nullopt);
}

TEST_P(HypervisorContract, StoppingAndRemovingWhatIsGoneSucceeds) {
    ask<&Driver::stop>(Stop{"5f0c7f0e-0000-4000-8000-00000000dead", host_, 0});
    ask<&Driver::remove>(ServerId{"5f0c7f0e-0000-4000-8000-00000000dead", host_});
}

TEST_P(HypervisorContract, ALateCallIsRefusedEvenWhenTheServerIsGone) {
    auto const wanted = server();
    boot(wanted, 10);
    EXPECT_EQ(error_from([&] { ask_at<&Driver::stop>(9, Stop{wanted.id, host_, 0}); }).code(), Code::stale);
    EXPECT_EQ(power_of(wanted), Power::running);
    ask_at<&Driver::remove>(11, ServerId{wanted.id, host_});
    EXPECT_EQ(error_from([&] { ask_at<&Driver::prepare>(10, wanted); }).code(), Code::stale);
    EXPECT_EQ(power_of(wanted), std::nullopt);
}

TEST_P(HypervisorContract, ARebootedServerRuns) {
    auto const wanted = server();
    boot(wanted);
    ask<&Driver::reboot>(Stop{wanted.id, host_, 0});
    EXPECT_EQ(power_of(wanted), Power::running);
    ask<&Driver::remove>(ServerId{wanted.id, host_});
}

TEST_P(HypervisorContract, AConsoleLogEndsWithWhatCameLast) {
    auto const wanted = server();
    EXPECT_EQ(error_from([&] { ask<&Driver::console_log>(Log{wanted.id, host_}); }).code(), Code::not_found);
    boot(wanted);
    auto const whole = ask<&Driver::console_log>(Log{wanted.id, host_}).text;
    auto const end = ask<&Driver::console_log>(Log{wanted.id, host_, 5}).text;
    EXPECT_LE(end.size(), 5u);
    EXPECT_EQ(whole.substr(whole.size() - end.size()), end);
    ask<&Driver::remove>(ServerId{wanted.id, host_});
}

TEST_P(HypervisorContract, AConsoleIsAConnectedSocket) {
    auto const wanted = server();
    boot(wanted);
    RootCall root;
    root.context.deadline = world::now() + 60s;
    MemoryStream output;
    kernel_.registry.host().call(&root.call, hypervisor::contract.name, "console", "",
                                 json::print(json::encode(ConsoleOf{wanted.id, host_, "vnc"})), nullptr, &output);
    ASSERT_TRUE(output.given);
    std::string greeting(12, '\0');
    EXPECT_EQ(::read(output.given.get(), greeting.data(), greeting.size()), 12);
    EXPECT_EQ(greeting.substr(0, 4), "RFB ");
    ask<&Driver::remove>(ServerId{wanted.id, host_});
}

TEST_P(HypervisorContract, EventsAreWaitedForUntilTheDeadline) {
    RootCall root;
    root.context.deadline = world::now() + 100ms;
    auto const first = Client<hypervisor::contract>(kernel_.registry.host()).call<&Driver::events>(root.call, Since{});
    EXPECT_TRUE(first.changed.empty());
    EXPECT_GT(first.next, 0u);
}

} // namespace
} // namespace volutus::test
