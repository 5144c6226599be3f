// The compute service on the simulator, over a real store and with the kernel's own runner of tasks; the services that
// it calls are fakes that remember what they were told.
#pragma once

#include <kernel/plugin/in_process_link.hpp>
#include <kernel/plugin/manifest.hpp>
#include <kernel/plugin/plan.hpp>
#include <kernel/store/service.hpp>
#include <kernel/task/runner.hpp>

#include <testkit/fake_host.hpp>
#include <testkit/temporary_folder.hpp>
#include <volutus/contract/cloud.hpp>
#include <volutus/contract/hypervisor.hpp>
#include <volutus/contract/images.hpp>
#include <volutus/contract/metadata.hpp>
#include <volutus/contract/placement.hpp>
#include <volutus/contract/policy.hpp>
#include <volutus/contract/ports.hpp>
#include <volutus/contract/scheduler.hpp>
#include <volutus/contract/service.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>

namespace compute_tests {

using namespace volutus;

inline constexpr char image_id[] = "11111111-1111-4111-8111-111111111111";
inline constexpr char network_id[] = "22222222-2222-4222-8222-222222222222";
inline constexpr char group_id[] = "33333333-3333-4333-8333-333333333333";

struct FakePorts : ports::Ports {
    void check(Call&, ports::Wanted const& wanted) override;
    ports::Nics attach(Call&, ports::Wanted const& wanted) override;
    void detach(Call&, ports::ServerId const& server) override;
    ports::Nics of_servers(Call&, ports::Servers const& wanted) override;
    void add_group(Call&, ports::Group const& group) override;
    void remove_group(Call&, ports::Group const& group) override;
    std::optional<ports::Nic> find(Call&, ports::Source const& source) override;
    ports::SecurityGroups groups(Call&, ports::GroupIds const& wanted) override;

    std::vector<std::string> attached();        // servers
    void refuse_detach(std::string const& why); // "": no more
    world::Mutex mutex;
    std::map<std::string, ports::Nic> nics; // by server
    std::string refusal;                    // what attach() fails with
    std::string detach_refusal;
    std::function<void()> before_attach; // set before the first server
};

// Stands before the simulator: a test may hold its calls, or let them fail, for as long as it wants.
struct Gate : hypervisor::Driver {
    using Before = std::function<void(std::string const& call)>;
    explicit Gate(Client<hypervisor::contract> simulator) : inner(std::move(simulator)) {}

    hypervisor::Hosts hosts(Call& call) override;
    void prepare(Call& call, hypervisor::Server const& server) override;
    void start(Call& call, hypervisor::Server const& server) override;
    void stop(Call& call, hypervisor::Stop const& wanted) override;
    void reboot(Call& call, hypervisor::Stop const& wanted) override;
    void remove(Call& call, hypervisor::ServerId const& server) override;
    std::optional<hypervisor::State> show(Call& call, hypervisor::ServerId const& server) override;
    hypervisor::States list(Call& call, hypervisor::HostName const& host) override;
    hypervisor::Text console_log(Call& call, hypervisor::Log const& wanted) override;
    void console(Call& call, hypervisor::ConsoleOf const& wanted) override;
    hypervisor::Events events(Call& call, hypervisor::Since const& since) override;
    void pause(Call& call, hypervisor::ServerId const& server) override;
    void unpause(Call& call, hypervisor::ServerId const& server) override;

    void set(Before before);
    void pass(std::string const& call);

    Client<hypervisor::contract> inner;
    world::Mutex mutex;
    Before before; // of calls that change something
};

struct FakeImages : images::Images {
    images::Image show(Call&, images::ImageId const& wanted) override;
    void download(Call&, images::ImageId const&) override { unsupported(); }
};

// Every provider that the service keeps is a candidate, in the order of names; what does not fit is left to the ledger.
struct FakePlacement {
    world::Mutex mutex;
    std::map<std::string, placement::Provider> providers; // by name
};

class Cloud {
public:
    explicit Cloud(json::object simulator = {{"hosts", 2}}, json::object service = {});
    ~Cloud();

    struct Asked {
        std::string method, path, body;
        Context caller = testkit::member_of("p1");
        std::string version = "2.1";
    };
    // As the gateway would.
    testkit::Answer ask(Asked asked);
    testkit::Answer get(std::string path, std::string version = "2.1") {
        return ask({"GET", std::move(path), {}, member, std::move(version)});
    }
    testkit::Answer post(std::string path, std::string body, std::string version = "2.1") {
        return ask({"POST", std::move(path), std::move(body), member, std::move(version)});
    }
    testkit::Answer as_admin(std::string method, std::string path, std::string body = {}, std::string version = "2.1") {
        return ask({std::move(method), std::move(path), std::move(body), admin, std::move(version)});
    }

    std::string make_flavor(std::string const& name, std::string const& more = {});
    // The id of a server that was asked for; it becomes what it becomes.
    std::string make_server(std::string const& name, std::string const& more = {});
    std::string state_of(std::string const& server); // "ACTIVE", or "" for none
    json::value shown(std::string const& server, std::string const& version = "2.1");
    void wait_until(std::string const& server, std::string const& status);
    std::int64_t used(std::string const& account, std::string const& resource);
    std::int64_t used_of_hosts(std::string const& resource);
    std::size_t guests(); // that the simulator has

    kernel::plugin::Registry& registry() { return registry_; }
    kernel::store::Store& store() { return *store_; }
    std::string const& manifest_json() const { return manifest_text_; }

    Context member = testkit::member_of("p1"), other = testkit::member_of("p2", "user-2"), admin;
    FakePorts* ports = nullptr;
    Gate* gate = nullptr;
    FakePlacement placement;

private:
    std::shared_ptr<kernel::plugin::InProcessLink> load(vlt_status (*entry)(vlt_host const*, vlt_call*,
                                                                            vlt_plugin_ref*),
                                                        std::string const& manifest, json::object const& config);

    testkit::TemporaryFolder folder_;
    std::unique_ptr<kernel::store::Store> store_;
    kernel::plugin::Registry registry_;
    std::string manifest_text_;
    json::array routes_;
    std::shared_ptr<kernel::plugin::InProcessLink> simulator_, service_;
    std::unique_ptr<kernel::task::Runner> runner_;
};

// Until the condition holds; a failure after a minute.
void wait_for(std::string const& what, std::function<bool()> const& condition);

} // namespace compute_tests
