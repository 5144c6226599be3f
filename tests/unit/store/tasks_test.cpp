#include "store_fixture.hpp"

namespace volutus::kernel::store {

namespace {
class StoreTasks : public StoreContract {
protected:
    StoreTasks() { put_server("s1", "{}"); }
    static contract::StartTask task(std::string const& id, bool replaces = false) {
        return {.id = id,
                .name = "server.create",
                .kind = "test.server",
                .resource = "s1",
                .input = {{"size", 3}},
                .replaces = replaces};
    }
    Refusal start(contract::StartTask const& wanted) {
        return refusal([&] { apply({.tasks = {wanted}}); });
    }
    std::string status(std::string const& id) { return json::text(get("kernel.task", id)->body.at("status")); }
};
VOLUTUS_STORE_ENGINES(StoreTasks);
} // namespace

TEST_P(StoreTasks, AStartedTaskIsADocumentThatIsReady) {
    EXPECT_EQ(start(task("t1")).code, Code::ok);
    auto const document = get("kernel.task", "t1");
    ASSERT_TRUE(document);
    EXPECT_EQ(status("t1"), "ready");
    EXPECT_EQ(json::text(document->body.at("owner")), "test");
    EXPECT_EQ(json::text(document->body.at("live")), "test.server/s1");
    EXPECT_EQ(
        ids({.kind = "kernel.task", .where = {{"status", contract::Operator::eq, "ready"}}, .sort = {{"not_before"}}}),
        std::vector<std::string>{"t1"});
    expect_sound();
}

TEST_P(StoreTasks, TheSameStartAgainChangesNothingAndAnotherOneIsRefused) {
    start(task("t1"));
    auto const revision = get("kernel.task", "t1")->revision;
    EXPECT_EQ(start(task("t1")).code, Code::ok);
    EXPECT_EQ(get("kernel.task", "t1")->revision, revision);
    auto other = task("t1");
    other.input["size"] = 4;
    EXPECT_EQ(start(other).code, Code::conflict);
}

TEST_P(StoreTasks, ASecondTaskOfAResourceNamesTheLiveOne) {
    start(task("t1"));
    auto const refused = start(task("t2"));
    EXPECT_EQ(refused.code, Code::conflict);
    EXPECT_EQ(json::text(refused.details.at("id")), "t1");
    EXPECT_EQ(refusal([&] { apply({.tasks = {task("t1", true), task("t3")}}); }).code, Code::conflict);
}

TEST_P(StoreTasks, ATaskThatReplacesWaitsForTheLiveOneWhichIsCancelled) {
    start(task("t1"));
    EXPECT_EQ(start(task("t2", true)).code, Code::ok);
    EXPECT_EQ(status("t2"), "waiting");
    EXPECT_TRUE(get("kernel.task", "t1")->body.at("cancel").as_bool());
    // The engine ends the first and lets the second live, in one apply.
    auto ended = get("kernel.task", "t1")->body, next = get("kernel.task", "t2")->body;
    ended["status"] = "cancelled";
    ended.erase("live");
    next["status"] = "ready";
    next["live"] = "test.server/s1";
    store_->apply("", {.put = {{"kernel.task", "t1", ended}, {"kernel.task", "t2", next}}});
    EXPECT_EQ(status("t2"), "ready");
    expect_sound();
}

TEST_P(StoreTasks, ATaskRemembersWhoBeganIt) {
    KernelPart asked;
    asked.by = {{"user_id", "u1"}, {"request_id", "req-1"}};
    store_->apply(owner, {.tasks = {task("t1")}}, asked);
    EXPECT_EQ(get("kernel.task", "t1")->body.at("by"), json::value(asked.by));
    EXPECT_EQ(refusal([&] { store_->apply(owner, {.tasks = {task("t1")}}, {}); }).code, Code::ok)
        << "the same task again, whoever asks";
}

TEST_P(StoreTasks, ATaskComesWithItsResourceOrIsRefused) {
    auto late = task("t1");
    late.resource = "s2";
    EXPECT_EQ(start(late).code, Code::conflict);
    EXPECT_EQ(refusal([&] { apply({.put = {{"test.server", "s2", {}}}, .tasks = {late}}); }).code, Code::ok);
    late.kind = "kernel.task";
    EXPECT_EQ(start(late).code, Code::forbidden);
}

TEST_P(StoreTasks, ATasksLastStepRemovesItsResourceAndEndsItInOneApply) {
    start(task("t1"));
    contract::Apply last;
    last.expect.push_back({"kernel.task", "t1", get("kernel.task", "t1")->revision});
    last.remove.push_back({"test.server", "s1"});
    KernelPart progress;
    progress.put.push_back({"kernel.task", "t1", get("kernel.task", "t1")->body});
    EXPECT_EQ(refusal([&] { store_->apply(owner, last, progress); }).code, Code::conflict); // it still lives
    progress.put[0].body.erase("live");
    progress.put[0].body["status"] = "done";
    EXPECT_EQ(refusal([&] { store_->apply(owner, last, progress); }).code, Code::ok);
    EXPECT_EQ(status("t1"), "done");
    expect_sound();
}

TEST_P(StoreTasks, AResourceStaysWhileATaskWorksOnIt) {
    start(task("t1"));
    auto const refused = refusal([&] { remove("test.server", "s1"); });
    EXPECT_EQ(refused.code, Code::conflict);
    EXPECT_EQ(json::text(refused.details.at("kind")), "kernel.task");
    EXPECT_EQ(json::text(refused.details.at("id")), "t1");
}

} // namespace volutus::kernel::store
