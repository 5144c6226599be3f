// What a kind declares to be worked on is never without a live task.
#include "store_fixture.hpp"

#include <sqlite3.h>

namespace volutus::kernel::store {

namespace {
constexpr auto own_task = "task-1", lane_task = "task-2";

contract::Kind widget_kind() {
    contract::Kind kind;
    kind.name = "test.widget";
    kind.transient = {{"status", {"building", "deleting"}}, {"job", {}}};
    return kind;
}
contract::Kind lane_kind() {
    contract::Kind kind;
    kind.name = "test.lane";
    return kind;
}
contract::Kind due_kind() { // worked on as long as it is there, by the task of its lane
    contract::Kind kind;
    kind.name = "test.due";
    kind.passing = true;
    kind.worked_on_at = {"test.lane", "lane"};
    return kind;
}

class StoreWork : public StoreContract {
protected:
    StoreWork() { declare(); }
    void declare() { store_->declare(owner, {server_kind(), image_kind(), widget_kind(), lane_kind(), due_kind()}); }
    static contract::Apply widget(std::string_view body, bool starts) {
        contract::Apply apply;
        apply.put = {{"test.widget", "w", json::parse_object(body)}};
        if (starts) apply.tasks = {{.id = own_task, .name = "make", .kind = "test.widget", .resource = "w"}};
        return apply;
    }
    // The task ends, in the apply of its last step.
    void end(std::string const& task, contract::Apply const& last) {
        KernelPart own;
        own.remove = {{"kernel.task", task}};
        store_->apply(owner, last, own);
    }
    Refusal refused(contract::Apply const& what) {
        return refusal([&] { apply(what); });
    }
};
VOLUTUS_STORE_ENGINES(StoreWork);
} // namespace

TEST_P(StoreWork, ADocumentThatIsWorkedOnComesWithItsTask) {
    auto const alone = refused(widget(R"({"status": "building"})", false));
    EXPECT_EQ(alone.code, Code::invalid);
    EXPECT_EQ(json::text(alone.details.at("kind")), "test.widget");
    EXPECT_EQ(refused(widget(R"({"status": "ready", "job": "paint"})", false)).code, Code::invalid);
    EXPECT_FALSE(get("test.widget", "w"));

    EXPECT_EQ(refused(widget(R"({"status": "ready", "job": null})", false)).code, Code::ok);
    EXPECT_EQ(refused(widget(R"({"status": "building"})", true)).code, Code::ok);
    EXPECT_EQ(refused(widget(R"({"status": "deleting"})", false)).code, Code::ok); // by the task that is there
    expect_sound();
}

TEST_P(StoreWork, ATaskDoesNotEndBeforeWhatItWorkedOnRests) {
    apply(widget(R"({"status": "building"})", true));
    EXPECT_EQ(refusal([&] { end(own_task, {}); }).code, Code::invalid);
    EXPECT_TRUE(get("kernel.task", own_task));
    end(own_task, widget(R"({"status": "ready"})", false));
    EXPECT_FALSE(get("kernel.task", own_task));
    expect_sound();
}

TEST_P(StoreWork, ATaskEndsWithWhatItWorkedOn) {
    apply(widget(R"({"status": "deleting"})", true));
    contract::Apply gone;
    gone.remove = {{"test.widget", "w"}};
    end(own_task, gone);
    EXPECT_FALSE(get("test.widget", "w"));
}

TEST_P(StoreWork, ADocumentMayBeWorkedOnByTheTaskOfAnother) {
    contract::Apply due;
    due.put = {{"test.lane", "prompt", {}}, {"test.due", "d", {{"lane", "prompt"}}}};
    EXPECT_EQ(refused(due).code, Code::invalid);
    due.tasks = {{.id = lane_task, .name = "realise", .kind = "test.lane", .resource = "prompt"}};
    EXPECT_EQ(refused(due).code, Code::ok);
    due.put = {{"test.due", "e", {{"lane", "another"}}}};
    due.tasks.clear();
    EXPECT_EQ(refused(due).code, Code::invalid);
    expect_sound();
}

TEST_P(StoreWork, TheProverFindsOneWhoseTaskSomebodyTookAway) {
    apply(widget(R"({"status": "building"})", true));
    expect_sound();
    store_.reset();
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, R"(DELETE FROM "d:kernel.task"; DELETE FROM store_unique WHERE kind = 'kernel.task')",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(db);
    reopen();
    declare();
    std::string told;
    for (auto const& difference : store_->verify())
        told += difference.place + ": " + difference.expected + "; " + difference.found + "\n";
    EXPECT_EQ(told, "test.widget w, task: one that works on test.widget w, because status is 'building'; "
                    "none; delete it, or ask for the same again\n");
}

TEST_P(StoreWork, AFieldThatCannotBeIsRefused) {
    auto kind = widget_kind();
    kind.name = "test.another";
    kind.transient = {{"", {}}};
    EXPECT_EQ(refusal([&] { store_->declare("another", {kind}); }).code, Code::invalid);
}

} // namespace volutus::kernel::store
