// What every driver of volutus.network/1 keeps to, over every link. A driver joins with a line in
// network_driver_test.cpp.
#pragma once

#include "contract/link_fixture.hpp"

#include <volutus/contract/network.hpp>

#include <filesystem>
#include <functional>
#include <ostream>

namespace volutus::test {

struct DriverUnderTest {
    std::string name, library, link;
    std::function<json::object(std::string const& directory)> configuration;
    bool is_root_only = false;

    friend std::ostream& operator<<(std::ostream& out, DriverUnderTest const& driver) {
        return out << driver.name << " " << driver.link;
    }
};

class NetworkDriver : public testing::TestWithParam<DriverUnderTest> {
protected:
    static constexpr char lan[] = "6c616e00-0000-4000-8000-000000000001", outside[] = "6f757400-0000-4000-8000-000000000002",
                          group[] = "67727000-0000-4000-8000-000000000003", port[] = "706f7200-0000-4000-8000-000000000004",
                          router[] = "726f7500-0000-4000-8000-000000000005", inner[] = "696e6e00-0000-4000-8000-000000000006",
                          gate[] = "67617400-0000-4000-8000-000000000007", floating[] = "666c6f00-0000-4000-8000-000000000008";

    void SetUp() override {
        char path[] = "/tmp/volutus-network-XXXXXX";
        directory_ = mkdtemp(path);
        open();
    }
    void TearDown() override {
        if (link_) remove_all();
        close();
        std::filesystem::remove_all(directory_);
    }
    void open() {
        auto const& driver = GetParam();
        auto const host = kernel_.host_of(driver.name);
        if (driver.link == "in_process") {
            auto const library = open_library(driver.library);
            link_ = std::make_shared<InProcessLink>(host, library.entry, library.keep, std::chrono::seconds(20));
        } else {
            auto options = quick(driver.name);
            options.library = driver.library;
            link_ = std::make_shared<ProcessLink>(host, options);
        }
        link_->configure(json::print(driver.configuration(directory_)));
        link_->start();
        kernel_.registry.add(driver.name, std::string(network::contract.name), "", link_);
    }
    void close() {
        if (!link_) return;
        kernel_.registry.remove(GetParam().name);
        link_->quiesce();
        link_.reset();
    }

    // A call of a task's step; later ones have higher epochs, as the runner gives them.
    template <auto Method, class... Request> auto tell(Request const&... request) {
        return tell_at<Method>(++epoch_, request...);
    }
    template <auto Method, class... Request> auto tell_at(std::uint64_t epoch, Request const&... request) {
        RootCall root;
        root.context.task = "task";
        root.context.step = "step";
        root.context.attempt = 1;
        root.context.epoch = epoch;
        return Client<network::contract>(kernel_.registry.host()).call<Method>(root.call, request...);
    }
    network::Inventory listed() { return tell<&network::Driver::list>(); }

    network::Network network_of(std::string id, std::string prefix) const {
        network::Network wanted;
        wanted.id = std::move(id);
        wanted.subnets.push_back({"73756200-0000-4000-8000-000000000009", prefix + ".0/24", prefix + ".1", true, {"9.9.9.9"}, {}, "", ""});
        wanted.dhcp_mac = "fa:16:3e:00:00:02";
        wanted.dhcp_addresses = {prefix + ".2/24"};
        wanted.leases.push_back({port, "fa:16:3e:00:00:03", prefix + ".3", "first"});
        return wanted;
    }
    network::Group group_wanted() const {
        network::Group wanted;
        wanted.id = group;
        wanted.members = {"10.77.0.3"};
        network::Rule in{"ingress", 4, "tcp", 22, 22, "", ""}, out{"egress", 4, "", {}, {}, "", ""};
        wanted.rules = {in, out};
        return wanted;
    }
    network::Port port_wanted() const {
        network::Port wanted;
        wanted.id = port;
        wanted.network = lan;
        wanted.mac = "fa:16:3e:00:00:03";
        wanted.device = "tap706f7200-00";
        wanted.addresses = {"10.77.0.3"};
        wanted.groups = {group};
        return wanted;
    }
    network::Router router_wanted() const {
        network::Router wanted;
        wanted.id = router;
        wanted.interfaces.push_back({inner, lan, "fa:16:3e:00:00:04", {"10.77.0.1/24"}});
        wanted.gateway = network::RouterPort{gate, outside, "fa:16:3e:00:00:05", {"10.78.0.9/24"}};
        wanted.gateway_nexthops = {"10.78.0.1"};
        wanted.floating_ips.push_back({floating, "10.78.0.50", "10.77.0.3"});
        return wanted;
    }
    void ensure_all() {
        tell<&network::Driver::ensure_network>(network_of(lan, "10.77.0"));
        tell<&network::Driver::ensure_network>(network_of(outside, "10.78.0"));
        tell<&network::Driver::ensure_group>(group_wanted());
        tell<&network::Driver::ensure_port>(port_wanted());
        tell<&network::Driver::ensure_router>(router_wanted());
    }
    void remove_all() {
        tell<&network::Driver::remove_router>(network::Id{router});
        tell<&network::Driver::remove_port>(network::Id{port});
        tell<&network::Driver::remove_group>(network::Id{group});
        tell<&network::Driver::remove_network>(network::Id{lan});
        tell<&network::Driver::remove_network>(network::Id{outside});
    }

    Kernel kernel_;
    std::shared_ptr<Link> link_;
    std::string directory_;
    std::uint64_t epoch_ = 100;
};

} // namespace volutus::test
