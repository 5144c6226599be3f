// What only the process link promises: a plugin that crashes, hangs or is killed costs an error and nothing else.
#include "contract/link_fixture.hpp"

#include <csignal>
#include <filesystem>
#include <sys/wait.h>

namespace volutus::test {
namespace {

std::size_t open_descriptors() {
    auto const entries = std::filesystem::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

class ProcessLinkTest : public testing::Test {
protected:
    void open(ProcessOptions const& options) {
        link_ = std::make_shared<ProcessLink>(kernel_.host_of("echo"), options);
        kernel_.registry.add("echo", std::string(echo_contract.name), "", link_);
    }
    void TearDown() override { close(); }
    void close() {
        kernel_.registry.remove("echo");
        link_.reset();
    }
    // Until the process runs again; it has restarted `times`.
    void await_restart(unsigned times) {
        auto const until = world::now() + std::chrono::seconds(20);
        auto status = link_->status();
        while ((status.restarts < times || status.state != ProcessLink::State::running) && world::now() < until) {
            world::sleep_for(std::chrono::milliseconds(1));
            status = link_->status();
        }
        ASSERT_EQ(status.restarts, times);
    }

    Kernel kernel_;
    std::shared_ptr<ProcessLink> link_;
    RootCall root_;
    Client<echo_contract>& echo_ = kernel_.echo;
};

TEST_F(ProcessLinkTest, ACrashInACallIsAnUnknownOutcomeAndThePluginComesBackAsItWas) {
    open(quick("echo"));
    link_->configure("{\"colour\":\"blue\"}");
    link_->start();
    auto const error = refusal([&] { echo_.call<&Echo::crash>(root_.call); });
    EXPECT_EQ(error.code(), Code::unknown_outcome);
    EXPECT_EQ(
        error.details(),
        "{\"plugin\":\"echo\",\"contract\":\"volutus.test.echo/1\",\"call\":\"crash\",\"cause\":\"process_ended\"}");
    EXPECT_EQ(echo_.call<&Echo::configured>(root_.call).text, "{\"colour\":\"blue\"} started");
    auto const status = link_->status();
    EXPECT_EQ(status.state, ProcessLink::State::running);
    EXPECT_EQ(status.restarts, 1u);
    EXPECT_EQ(status.last_reason, "the process ended; it was killed by signal 6 (Aborted)");
}

TEST_F(ProcessLinkTest, ACrashWithinANestedCallIsToldToTheOutermostCaller) {
    open(quick("echo"));
    auto const error = refusal([&] {
        echo_.call<&Echo::relay>(root_.call, Depth{3});
        kernel_.registry.host().call(&root_.call, mirror_contract.name, "reflect", "", "{\"depth\":2}");
        echo_.call<&Echo::crash>(root_.call);
    });
    EXPECT_EQ(error.code(), Code::unknown_outcome);
    EXPECT_EQ(echo_.call<&Echo::relay>(root_.call, Depth{3}).depth, 3u);
}

TEST_F(ProcessLinkTest, AKillWhileManyCallCostsErrorsOfTheLinkOnlyAndServiceGoesOn) {
    open(quick("echo"));
    constexpr unsigned kills = 5;
    std::atomic<bool> stop = false;
    std::atomic<unsigned> answered = 0, wrong = 0;
    std::vector<world::Thread> callers;
    for (unsigned caller = 0; caller < 8; ++caller)
        callers.emplace_back("caller", [&, caller] {
            RootCall root;
            for (unsigned i = 0; !stop; ++i) {
                try {
                    auto const text = std::to_string(caller * 1'000'000 + i);
                    if (echo_.call<&Echo::echo>(root.call, Text{text}).text != text) ++wrong;
                    if (echo_.call<&Echo::relay>(root.call, Depth{3}).depth != 3) ++wrong;
                    ++answered;
                } catch (Error const& error) {
                    auto const code = error.code();
                    bool const expected =
                        code == Code::unknown_outcome || code == Code::not_executed || code == Code::unavailable;
                    if (!expected) {
                        ++wrong;
                        ADD_FAILURE() << to_string(code) << ": " << error.what();
                    }
                }
            }
        });
    for (unsigned kill = 1; kill <= kills; ++kill) {
        auto const before = answered.load();
        auto const until = world::now() + std::chrono::seconds(20);
        while (answered < before + 20 && world::now() < until) world::sleep_for(std::chrono::milliseconds(1));
        ASSERT_GE(answered, before + 20);
        ::kill(link_->status().pid, SIGKILL);
        await_restart(kill);
    }
    stop = true;
    callers.clear();
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(link_->status().restarts, kills);
}

TEST_F(ProcessLinkTest, ACallThatHangsBeyondItsDeadlineIsAnUnknownOutcomeAndOthersAreServed) {
    open(quick("echo"));
    root_.context.deadline = world::now() + std::chrono::milliseconds(500);
    auto const error = refusal([&] { echo_.call<&Echo::hang>(root_.call); });
    EXPECT_EQ(error.code(), Code::unknown_outcome);
    EXPECT_NE(error.details().find("\"cause\":\"deadline\""), std::string::npos) << error.details();
    RootCall other;
    EXPECT_EQ(echo_.call<&Echo::echo>(other.call, Text{"still here"}).text, "still here");
    EXPECT_EQ(link_->status().restarts, 0u);
}

TEST_F(ProcessLinkTest, ACallThatHeedsItsDeadlineAnswersItself) {
    auto options = quick("echo");
    options.grace = std::chrono::seconds(20);
    open(options);
    root_.context.deadline = world::now() + std::chrono::milliseconds(30);
    EXPECT_EQ(refusal([&] { echo_.call<&Echo::wait>(root_.call); }).code(), Code::cancelled);
}

TEST_F(ProcessLinkTest, AProcessWhoseThreadsAllHangIsStartedAgain) {
    auto options = quick("echo");
    options.threads = 2;
    open(options);
    for (unsigned i = 0; i < options.threads; ++i) {
        RootCall root;
        root.context.deadline = world::now() + std::chrono::milliseconds(500); // begins before, surely
        EXPECT_EQ(refusal([&] { echo_.call<&Echo::hang>(root.call); }).code(), Code::unknown_outcome);
    }
    EXPECT_EQ(echo_.call<&Echo::echo>(root_.call, Text{"back"}).text, "back");
    EXPECT_EQ(link_->status().restarts, 1u);
    EXPECT_EQ(link_->status().last_reason, "2 calls hang beyond their deadlines; it exited with status 0");
}

TEST_F(ProcessLinkTest, OneThreadAtEachEndServesNestedChainsOfManyCallers) {
    auto options = quick("echo");
    options.threads = 1;
    options.own_calls = 1;
    open(options);
    std::atomic<unsigned> right = 0;
    std::vector<world::Thread> callers;
    for (unsigned caller = 0; caller < 6; ++caller)
        callers.emplace_back("caller", [&] {
            RootCall root;
            root.context.deadline = world::now() + std::chrono::seconds(60);
            for (unsigned i = 0; i < 20; ++i) {
                if (echo_.call<&Echo::relay>(root.call, Depth{5}).depth == 5) ++right;
                if (echo_.call<&Echo::relay_alone>(root.call, Depth{4}).depth == 4) ++right;
            }
        });
    callers.clear();
    EXPECT_EQ(right, 6u * 40);
}

TEST_F(ProcessLinkTest, TwoPluginsWithOneThreadEachCallEachOther) {
    // Two processes of one library; the mirror sends the call to the other one each time.
    struct Ring : Mirror {
        explicit Ring(Host host) : echo(host) {}
        Depth reflect(Call& call, Depth const& wanted) override {
            if (wanted.depth == 0) return {0};
            return echo.at(wanted.depth % 2 ? "odd" : "even").call<&Echo::relay>(call, wanted);
        }
        Context context(Call& call) override { return echo.call<&Echo::context>(call); }
        void fail(Call&, Failure const&) override {}
        Size copy(Call&) override { return {}; }
        Client<echo_contract> echo;
    };
    Kernel kernel;
    auto& registry = kernel.registry;
    registry.add_built_in(std::string(mirror_contract.name), [&](std::string const&) {
        return std::make_shared<BuiltIn<mirror_contract>>(std::make_unique<Ring>(registry.host()));
    });
    auto options = quick("echo");
    options.threads = 1;
    for (std::string const name : {"odd", "even"})
        registry.add(name, std::string(echo_contract.name), name,
                     std::make_shared<ProcessLink>(kernel.host_of(name), options));
    std::atomic<unsigned> right = 0;
    std::vector<world::Thread> callers;
    for (unsigned caller = 0; caller < 6; ++caller)
        callers.emplace_back("caller", [&, caller] {
            RootCall root;
            root.context.deadline = world::now() + std::chrono::seconds(60);
            auto const first = caller % 2 ? "odd" : "even";
            for (unsigned i = 0; i < 20; ++i)
                if (kernel.echo.at(first).call<&Echo::relay>(root.call, Depth{6 + caller % 2}).depth == 6 + caller % 2)
                    ++right;
        });
    callers.clear();
    EXPECT_EQ(right, 6u * 20);
}

TEST_F(ProcessLinkTest, CallsAreUnavailableWhileThePluginIsDown) {
    auto options = quick("echo");
    options.wait_for_restart = std::chrono::milliseconds(10);
    options.first_delay = options.longest_delay = std::chrono::hours(1);
    open(options);
    EXPECT_EQ(refusal([&] { echo_.call<&Echo::crash>(root_.call); }).code(), Code::unknown_outcome);
    auto const error = refusal([&] { echo_.call<&Echo::echo>(root_.call, Text{}); });
    EXPECT_EQ(error.code(), Code::unavailable);
    EXPECT_NE(std::string(error.what()).find("is being started again"), std::string::npos) << error.what();
}

TEST_F(ProcessLinkTest, AProcessThatFailsAgainAndAgainIsQuarantined) {
    auto options = quick("echo");
    options.quarantine_after = 2;
    options.quarantine = std::chrono::hours(1);
    open(options);
    for (unsigned i = 0; i < 3; ++i)
        EXPECT_EQ(refusal([&] { echo_.call<&Echo::crash>(root_.call); }).code(), Code::unknown_outcome);
    auto const error = refusal([&] { echo_.call<&Echo::echo>(root_.call, Text{}); });
    EXPECT_EQ(error.code(), Code::unavailable);
    EXPECT_NE(std::string(error.what()).find("is quarantined"), std::string::npos) << error.what();
    EXPECT_EQ(link_->status().state, ProcessLink::State::quarantined);
    EXPECT_EQ(link_->status().restarts, 2u);
}

TEST_F(ProcessLinkTest, NoDescriptorAndNoProcessIsLeftBehind) {
    { // What the first link makes once, such as the sanitizers' own descriptors, does not count.
        open(quick("echo"));
        close();
    }
    auto const before = open_descriptors();
    pid_t last = -1;
    for (unsigned i = 0; i < 3; ++i) {
        open(quick("echo"));
        MemoryStream output;
        kernel_.registry.host().call(&root_.call, echo_contract.name, "give", "", "{\"text\":\"x\"}", nullptr, &output);
        EXPECT_EQ(refusal([&] { echo_.call<&Echo::crash>(root_.call); }).code(), Code::unknown_outcome);
        echo_.call<&Echo::echo>(root_.call, Text{"again"});
        last = link_->status().pid;
        close();
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(::kill(last, 0), -1);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child of this program is left";
    EXPECT_EQ(errno, ECHILD);
}

TEST_F(ProcessLinkTest, AMissingProgramAndAMissingPluginAreNamed) {
    auto options = quick("echo");
    options.program = "/nonexistent/volutus-plugin-host";
    auto const program = refusal([&] { ProcessLink(kernel_.host_of("echo"), options); });
    EXPECT_EQ(program.code(), Code::not_found);
    EXPECT_NE(std::string(program.what()).find(options.program), std::string::npos) << program.what();

    options = quick("no_such_plugin");
    auto const plugin = refusal([&] { ProcessLink(kernel_.host_of("echo"), options); });
    EXPECT_EQ(plugin.code(), Code::not_found);
    EXPECT_EQ(plugin.what(), options.library + ": cannot be opened; check the plugin's path and its permissions");

    options = quick("echo");
    options.id = "other";
    EXPECT_EQ(refusal([&] { ProcessLink(kernel_.host_of("other"), options); }).code(), Code::conflict);
}

TEST_F(ProcessLinkTest, AnUnknownCapabilityIsRefused) {
    auto options = quick("echo");
    options.keep_capabilities = {"net_admon"};
    auto const error = refusal([&] { open(options); });
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_STREQ(error.what(), "'net_admon' is no capability; such as net_admin is expected");
}

} // namespace
} // namespace volutus::test
