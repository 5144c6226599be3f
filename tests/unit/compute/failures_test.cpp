// What becomes of a server in the worst moments: a call of its driver fails, or it is deleted while one is under way.
#include "compute_cloud.hpp"

using namespace compute_tests;

namespace {

void expect_nothing_is_held(Cloud& cloud) {
    for (auto const* resource : {"VCPU", "MEMORY_MB", "DISK_GB"})
        wait_for(std::string("the hosts to have their ") + resource + " back",
                 [&] { return cloud.used_of_hosts(resource) == 0; });
    EXPECT_EQ(cloud.guests(), 0u);
    EXPECT_THAT(cloud.ports->attached(), testing::IsEmpty());
}

void expect_no_quota_is_used(Cloud& cloud) {
    for (auto const* resource : {"instances", "cores", "ram"}) EXPECT_EQ(cloud.used("p1", resource), 0) << resource;
}

void ask_to_remove(Cloud& cloud, std::string const& id) {
    EXPECT_EQ(cloud.ask({"DELETE", "/v2.1/servers/" + id, {}, cloud.member}).status, 204u);
}

// As its user sees it.
void expect_fault(Cloud& cloud, std::string const& id, std::string const& reason) {
    auto const shown = cloud.get("/v2.1/servers/" + id).body().at("server");
    EXPECT_EQ(json::text(shown.at("OS-EXT-STS:vm_state")), "error");
    EXPECT_EQ(shown.at("fault").at("code"), json::value(500));
    EXPECT_THAT(json::text(shown.at("fault").at("message")), testing::HasSubstr(reason));
    EXPECT_FALSE(json::text(shown.at("fault").at("created")).empty());
    auto const events = cloud.get("/v2.1/servers/" + id + "/os-instance-actions").body().at("instanceActions");
    EXPECT_EQ(json::text(events.at(0).at("message")), "Error");
}

void expect_error(Cloud& cloud, std::string const& id, std::string const& reason) {
    cloud.wait_until(id, "ERROR");
    expect_fault(cloud, id, reason);
}

// It is still being deleted.
void expect_held_up(Cloud& cloud, std::string const& id, std::string const& reason) {
    wait_for("the delete to be held up", [&] { return cloud.state_of(id) == "ERROR"; });
    expect_fault(cloud, id, reason);
    EXPECT_EQ(json::text(cloud.shown(id).at("OS-EXT-STS:task_state")), "deleting");
}

void wait_until_gone(Cloud& cloud, std::string const& id) {
    wait_for("the server to be gone", [&] { return cloud.state_of(id).empty(); });
}

void let_fail(Cloud& cloud, std::set<std::string> calls) {
    cloud.gate->set([calls = std::move(calls)](std::string const& call) {
        if (calls.count(call)) throw Error(Code::internal, call + " broke");
    });
}

// Holds the next such call until it is let go.
class Held {
public:
    Held(Cloud& cloud, std::string wanted) : gate_(*cloud.gate) {
        gate_.set([this, wanted = std::move(wanted)](std::string const& call) {
            if (call == wanted) stand();
        });
    }
    ~Held() { gate_.set({}); }
    void stand() {
        world::Lock lock(mutex_);
        reached_ = true;
        changed_.notify_all();
        wait(lock, released_);
    }
    void wait_until_reached() {
        world::Lock lock(mutex_);
        wait(lock, reached_);
    }
    void release() {
        world::Lock lock(mutex_);
        released_ = true;
        changed_.notify_all();
    }

private:
    void wait(world::Lock& lock, bool const& wanted) {
        if (!changed_.wait_until(lock, world::now() + std::chrono::seconds(60), [&] { return wanted; }))
            throw std::runtime_error("a call was held in vain");
    }
    Gate& gate_;
    world::Mutex mutex_;
    world::Condition changed_;
    bool reached_ = false, released_ = false;
};

std::string running_server(Cloud& cloud) {
    auto const id = cloud.make_server("web");
    cloud.wait_until(id, "ACTIVE");
    return id;
}

void act(Cloud& cloud, std::string const& id, std::string const& action) {
    EXPECT_EQ(cloud.post("/v2.1/servers/" + id + "/action", action).status, 202u) << action;
}

// What is asked of a running server, once or after something else; the call of the driver that this comes to.
struct Change {
    std::string name, first, first_becomes, action, call, task_state;
};
Change const changes[] = {{"Stop", "", "", R"({"os-stop":null})", "stop", "powering-off"},
                          {"Start", R"({"os-stop":null})", "SHUTOFF", R"({"os-start":null})", "start", "powering-on"},
                          {"Reboot", "", "", R"({"reboot":{"type":"SOFT"}})", "reboot", "rebooting"},
                          {"HardReboot", "", "", R"({"reboot":{"type":"HARD"}})", "stop", "rebooting_hard"},
                          {"Pause", "", "", R"({"pause":null})", "pause", "pausing"},
                          {"Unpause", R"({"pause":null})", "PAUSED", R"({"unpause":null})", "unpause", "unpausing"}};

struct AServer : testing::TestWithParam<Change> {
    std::string in_the_state_before(Cloud& cloud) {
        auto const id = running_server(cloud);
        if (GetParam().first.empty()) return id;
        act(cloud, id, GetParam().first);
        cloud.wait_until(id, GetParam().first_becomes);
        return id;
    }
};

struct ACreate : testing::TestWithParam<std::string> {};

} // namespace

TEST(CreateFails, InPlaceWhenThereIsNoRoom) {
    Cloud cloud({{"hosts", 1}, {"memory_mb", 64}});
    auto const id = cloud.make_server("big");
    expect_error(cloud, id, "No valid host was found");
    expect_nothing_is_held(cloud);
    ask_to_remove(cloud, id);
    cloud.wait_until(id, "");
    expect_no_quota_is_used(cloud);
}

TEST(CreateFails, InAttachWhenThePortIsRefused) {
    Cloud cloud;
    cloud.ports->refusal = "Port is in use";
    auto const id = cloud.make_server("portless");
    expect_error(cloud, id, "Port is in use");
    expect_nothing_is_held(cloud);
    ask_to_remove(cloud, id);
    cloud.wait_until(id, "");
    expect_no_quota_is_used(cloud);
}

TEST_P(ACreate, ThatItsDriverFailsSaysWhyAndHoldsNothing) {
    Cloud cloud;
    let_fail(cloud, {GetParam()});
    auto const id = cloud.make_server("unlucky");
    expect_error(cloud, id, GetParam() + " broke");
    expect_nothing_is_held(cloud);
    EXPECT_EQ(cloud.used("p1", "instances"), 1) << "it counts until it is deleted";
    ask_to_remove(cloud, id);
    cloud.wait_until(id, "");
    expect_no_quota_is_used(cloud);
}

TEST_P(ACreate, MayBeDeletedFrom) {
    Cloud cloud;
    Held held(cloud, GetParam());
    auto const id = cloud.make_server("fleeting");
    held.wait_until_reached();
    EXPECT_EQ(cloud.state_of(id), "BUILD");
    EXPECT_EQ(json::text(cloud.shown(id).at("OS-EXT-STS:task_state")), "spawning");
    ask_to_remove(cloud, id);
    EXPECT_EQ(json::text(cloud.shown(id).at("OS-EXT-STS:task_state")), "deleting");
    ask_to_remove(cloud, id); // again, while it is deleted
    held.release();
    cloud.wait_until(id, "");
    expect_nothing_is_held(cloud);
    expect_no_quota_is_used(cloud);
}

INSTANTIATE_TEST_SUITE_P(Calls, ACreate, testing::Values("prepare", "start"),
                         [](auto const& info) { return info.param; });

TEST(ACreateThatMakesItsPorts, MayBeDeletedFrom) {
    Cloud cloud;
    Held held(cloud, "none of the driver's");
    cloud.ports->before_attach = [&] { held.stand(); };
    auto const id = cloud.make_server("fleeting");
    held.wait_until_reached();
    ask_to_remove(cloud, id);
    held.release();
    cloud.wait_until(id, "");
    expect_nothing_is_held(cloud);
    expect_no_quota_is_used(cloud);
}

TEST(AFailedCreate, KeepsItsRoomUntilTheGuestIsGone) {
    Cloud cloud;
    let_fail(cloud, {"start", "remove"});
    auto const id = cloud.make_server("stubborn");
    expect_error(cloud, id, "start broke");
    EXPECT_EQ(cloud.guests(), 1u);
    EXPECT_EQ(cloud.used_of_hosts("VCPU"), 1) << "the guest may still run";
    EXPECT_FALSE(cloud.ports->attached().empty());
    let_fail(cloud, {});
    expect_nothing_is_held(cloud);
    ask_to_remove(cloud, id);
    cloud.wait_until(id, "");
    expect_no_quota_is_used(cloud);
}

TEST_P(AServer, MayBeDeletedMeanwhile) {
    Cloud cloud;
    auto const id = in_the_state_before(cloud);
    Held held(cloud, GetParam().call);
    act(cloud, id, GetParam().action);
    held.wait_until_reached();
    EXPECT_EQ(json::text(cloud.shown(id).at("OS-EXT-STS:task_state")), GetParam().task_state);
    EXPECT_EQ(cloud.post("/v2.1/servers/" + id + "/action", R"({"os-stop":null})").status, 409u) << "one at a time";
    ask_to_remove(cloud, id);
    held.release();
    cloud.wait_until(id, "");
    expect_nothing_is_held(cloud);
    expect_no_quota_is_used(cloud);
}

TEST_P(AServer, ThatItsDriverFailsSaysWhyAndMayBeDeleted) {
    Cloud cloud;
    auto const id = in_the_state_before(cloud);
    let_fail(cloud, {GetParam().call});
    act(cloud, id, GetParam().action);
    expect_error(cloud, id, GetParam().call + " broke");
    let_fail(cloud, {});
    ask_to_remove(cloud, id);
    cloud.wait_until(id, "");
    expect_nothing_is_held(cloud);
    expect_no_quota_is_used(cloud);
}

INSTANTIATE_TEST_SUITE_P(Changes, AServer, testing::ValuesIn(changes),
                         [](auto const& info) { return info.param.name; });

TEST(ADelete, ThatItsDriverFailsSaysWhyAndGoesOnByItself) {
    Cloud cloud;
    auto const id = running_server(cloud);
    let_fail(cloud, {"remove"});
    ask_to_remove(cloud, id);
    expect_held_up(cloud, id, "remove broke");
    EXPECT_EQ(cloud.used_of_hosts("VCPU"), 1) << "the guest still runs";
    ask_to_remove(cloud, id); // again, which changes nothing
    EXPECT_EQ(cloud.post("/v2.1/servers/" + id + "/action", R"({"reboot":{"type":"HARD"}})").status, 409u);
    let_fail(cloud, {});
    wait_until_gone(cloud, id);
    expect_nothing_is_held(cloud);
    expect_no_quota_is_used(cloud);
}

TEST(ADelete, TellsEachReasonThatItsDriverHasAndNoneTwice) {
    world::Mutex mutex;
    std::string reason = "the disk is busy";
    std::size_t tries = 0;
    auto const say = [&](std::string const& other) {
        world::Lock lock(mutex);
        reason = other;
        tries = 0;
    };
    Cloud cloud;
    auto const id = running_server(cloud);
    cloud.gate->set([&](std::string const& call) {
        world::Lock lock(mutex);
        if (call != "remove" || reason.empty()) return;
        ++tries;
        throw Error(Code::unavailable, reason);
    });
    ask_to_remove(cloud, id);
    expect_held_up(cloud, id, "the disk is busy");
    auto const told = cloud.get("/v2.1/servers/" + id).body().at("server");
    say("the disk is busy"); // and is asked more often than another task would
    wait_for("it to be tried on and on", [&] {
        world::Lock lock(mutex);
        return tries > 4;
    });
    EXPECT_EQ(cloud.get("/v2.1/servers/" + id).body().at("server"), told);
    say("the host is away");
    wait_for("the other reason",
             [&] { return cloud.shown(id).at("fault").at("message") == json::value("the host is away"); });
    say("");
    wait_until_gone(cloud, id);
    expect_nothing_is_held(cloud);
}

TEST(ADelete, WhosePortsAreKeptGoesOnByItselfToo) {
    Cloud cloud;
    auto const id = running_server(cloud);
    cloud.ports->refuse_detach("the network's driver is away");
    ask_to_remove(cloud, id);
    expect_held_up(cloud, id, "the network's driver is away");
    EXPECT_EQ(cloud.guests(), 0u);
    EXPECT_EQ(cloud.used_of_hosts("VCPU"), 1);
    cloud.ports->refuse_detach("");
    wait_until_gone(cloud, id);
    expect_nothing_is_held(cloud);
    expect_no_quota_is_used(cloud);
}

TEST(AServerInError, ThatIsOnNoHostIsNeitherStoppedNorStarted) {
    Cloud cloud({{"hosts", 1}, {"memory_mb", 64}});
    auto const id = cloud.make_server("big");
    expect_error(cloud, id, "No valid host was found");
    for (auto const* action : {R"({"os-stop":null})", R"({"reboot":{"type":"HARD"}})"})
        EXPECT_EQ(cloud.post("/v2.1/servers/" + id + "/action", action).status, 409u) << action;
    expect_error(cloud, id, "No valid host was found");
}

TEST(AServerInError, ComesBackByAHardReboot) {
    Cloud cloud;
    auto const id = running_server(cloud);
    let_fail(cloud, {"reboot"});
    act(cloud, id, R"({"reboot":{"type":"SOFT"}})");
    expect_error(cloud, id, "reboot broke");
    let_fail(cloud, {});
    act(cloud, id, R"({"reboot":{"type":"HARD"}})");
    cloud.wait_until(id, "ACTIVE");
    EXPECT_FALSE(cloud.shown(id).as_object().contains("fault"));
}
