#include "store_fixture.hpp"

#include <kernel/auth/context.hpp>
#include <kernel/plugin/call_frame.hpp>
#include <kernel/store/service.hpp>

namespace volutus::kernel::store {

namespace {
class StoreService : public StoreContract {
protected:
    json::value ask(std::string_view name, std::string_view request) {
        plugin::CallFrame frame(context_);
        vlt_str reply{nullptr, 0};
        auto const status = service_->call(frame, volutus::store::contract.name, name, request, &reply);
        if (status != VLT_OK) throw frame.error(status);
        return json::parse({reply.data, reply.size});
    }
    plugin::CallContext context_;
    std::shared_ptr<plugin::Endpoint> service_ = endpoint_of(*store_, owner);
};
VOLUTUS_STORE_ENGINES(StoreService);
} // namespace

TEST_P(StoreService, AnswersTheContractForItsOwner) {
    auto const applied = ask("apply", R"({"put":[{"kind":"test.server","id":"s1","body":{"name":"a"}}]})");
    EXPECT_EQ(applied.at("revision").to_number<int>(), 1);
    EXPECT_EQ(json::text(ask("get", R"({"kind":"test.server","id":"s1","at_least":1})").at("body").at("name")), "a");
    EXPECT_TRUE(ask("get", R"({"kind":"test.server","id":"s2","at_least":0})").is_null());
    EXPECT_EQ(ask("query",
                  R"({"kind":"test.server","where":[{"field":"name","op":"eq","value":"a"}],"limit":10,"at_least":0})")
                  .at("documents")
                  .as_array()
                  .size(),
              1u);
    EXPECT_EQ(ask("changes", R"({"since":0,"skip":0,"limit":10,"wait":false})").at("entries").as_array().size(), 1u);
    EXPECT_EQ(refusal([&] { ask("apply", R"({"put":[{"kind":"kernel.task","id":"t","body":{}}]})"); }).code,
              Code::forbidden);
}

TEST_P(StoreService, WhoChangedWhatStandsBesideTheChange) {
    Context context;
    context.user = UserRef{"u1", "ada", {}};
    context.project = ProjectRef{"p1", "home", {}};
    context.client_address = "192.0.2.7";
    context.request_id = "req-7";
    context_.caller = print(context);
    ask("apply", R"({"put":[{"kind":"test.server","id":"s1","body":{"name":"a"}}]})");
    ask("apply", R"({"remove":[{"kind":"test.server","id":"not there"}]})"); // changes nothing
    context_.caller.clear();
    ask("apply", R"({"put":[{"kind":"test.server","id":"s2","body":{"name":"b"}}]})");
    auto const entries = ask("changes", R"({"since":0,"skip":0,"limit":10,"wait":false})").at("entries").as_array();
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].at("by"), json::value({{"user_id", "u1"},
                                                {"project_id", "p1"},
                                                {"client_address", "192.0.2.7"},
                                                {"request_id", "req-7"},
                                                {"plugin", owner}}));
    EXPECT_EQ(json::text(entries[1].at("id")), "s2");
    EXPECT_EQ(entries[1].at("by"), json::value({{"plugin", owner}}));
    EXPECT_EQ(refusal([&] { ask("apply", R"({"notes":[{"topic":"audit","body":{}}]})"); }).code, Code::forbidden);
}

TEST_P(StoreService, ACallerThatWasReadBeforeIsNotReadAgain) {
    Context context;
    context.user = UserRef{"u1", "ada", {}};
    context.system = true;
    context_.known = std::make_shared<auth::Caller const>(context);
    context_.caller = "not even a document";
    context_.client_address = "192.0.2.7";
    context_.trace = "req-7";
    ask("apply", R"({"put":[{"kind":"test.server","id":"s1","body":{"name":"a"}}]})");
    auto const entries = ask("changes", R"({"since":0,"skip":0,"limit":10,"wait":false})").at("entries").as_array();
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].at("by"), json::value({{"user_id", "u1"},
                                                {"system", true},
                                                {"client_address", "192.0.2.7"},
                                                {"request_id", "req-7"},
                                                {"plugin", owner}}));
}

TEST_P(StoreService, WaitsUntilTheCallsDeadlineOrCancellation) {
    context_.deadline = world::now() + std::chrono::milliseconds(5);
    EXPECT_EQ(refusal([&] { ask("get", R"({"kind":"test.server","id":"s1","at_least":9})"); }).code, Code::deadline);
    EXPECT_EQ(ask("changes", R"({"since":0,"skip":0,"limit":10,"wait":true})").at("revision").to_number<int>(), 0);
    context_.deadline = world::Instant::max();
    context_.cancelled.tell();
    EXPECT_EQ(refusal([&] { ask("changes", R"({"since":0,"skip":0,"limit":10,"wait":true})"); }).code, Code::cancelled);
}

TEST_P(StoreService, AWaitWithoutADeadlineEndsWhenItsCallIsCancelled) {
    world::Thread const waiting("waits", [this] {
        EXPECT_EQ(refusal([&] { ask("changes", R"({"since":0,"skip":0,"limit":10,"wait":true})"); }).code,
                  Code::cancelled);
        EXPECT_EQ(refusal([&] { ask("get", R"({"kind":"test.server","id":"s1","at_least":9})"); }).code,
                  Code::cancelled);
    });
    context_.cancelled.tell();
}

} // namespace volutus::kernel::store
