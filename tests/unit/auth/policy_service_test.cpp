#include <kernel/auth/base_rules.hpp>
#include <kernel/auth/context.hpp>
#include <kernel/auth/policy_service.hpp>
#include <kernel/plugin/registry.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace volutus::kernel {
namespace {
using testing::ElementsAre;

class PolicyContract : public testing::Test {
protected:
    PolicyContract() {
        registry_.add_built_in(
            std::string(policy_rules::contract.name), [](std::string const&) -> std::shared_ptr<plugin::Endpoint> {
                return std::make_shared<plugin::BuiltIn<policy_rules::contract>>(
                    std::make_unique<auth::PolicyService>(std::make_shared<auth::Policy const>(auth::base_rules())));
            });
        Context member;
        member.user = UserRef{"u", {}, {"default", {}}};
        member.project = ProjectRef{"p", {}, {"default", {}}};
        member.roles = {{"1", "member"}, {"2", "reader"}};
        context_.caller = print(member);
    }
    policy_rules::Decision decision(policy_rules::Question const& question) {
        plugin::CallFrame frame(context_);
        Call call(&frame);
        return Client<policy_rules::contract>(registry_.host()).call<&policy_rules::Policy::enforce>(call, question);
    }
    std::vector<std::string> refused(std::vector<std::string> rules, json::object target) {
        return decision({std::move(rules), std::move(target), {}}).refused;
    }

    plugin::Registry registry_;
    plugin::CallContext context_;
};

TEST_F(PolicyContract, TheCallersOwnRulesDecide) {
    std::vector<std::string> const rules{"project_member_or_admin", "context_is_admin", "project_reader_api"};
    EXPECT_THAT(refused(rules, {{"project_id", "p"}}), ElementsAre("context_is_admin"));
    EXPECT_THAT(refused(rules, {{"project_id", "other"}}),
                ElementsAre("project_member_or_admin", "context_is_admin", "project_reader_api"));
}

TEST_F(PolicyContract, ACallerThatWasReadBeforeIsNotReadAgain) {
    Context admin;
    admin.user = UserRef{"a", {}, {"default", {}}};
    admin.roles = {{"3", "admin"}};
    context_.known = std::make_shared<auth::Caller const>(admin);
    context_.caller = "not even a document";
    EXPECT_THAT(refused({"context_is_admin"}, {}), ElementsAre());
}

TEST_F(PolicyContract, TheCloudItselfMayDoEverythingAndAnAnonymousCallerNothing) {
    context_.caller.clear();
    EXPECT_THAT(refused({"context_is_admin", "no such rule"}, {}), ElementsAre());
    context_.caller = auth::anonymous_document({"", "req-1"});
    EXPECT_THAT(refused({"context_is_admin", "project_reader_api"}, {{"project_id", nullptr}}),
                ElementsAre("context_is_admin", "project_reader_api"));
}

TEST_F(PolicyContract, ARuleThatNobodyDeclaredIsRefused) {
    EXPECT_THAT(refused({"project_reader_api", "toy:gone"}, {{"project_id", "p"}}), ElementsAre("toy:gone"));
}

TEST_F(PolicyContract, AWholeQuestionLearnsWhatItsRulesRead) {
    auto const answer = decision({{"project_member_or_admin", "context_is_admin"}, {{"project_id", "p"}}, {}});
    ASSERT_TRUE(answer.reads);
    EXPECT_THAT(*answer.reads, ElementsAre("project_id"));
}

TEST_F(PolicyContract, AQuestionThatLeavesOutWhatItsRulesReadIsNotDecided) {
    std::vector<std::string> const rules{"project_member_or_admin"};
    EXPECT_TRUE(decision({rules, {{"project_id", "p"}}, {{"user_id"}}}).incomplete);
    auto const answer = decision({rules, {{"project_id", "other"}}, {{"project_id", "user_id"}}});
    EXPECT_FALSE(answer.incomplete);
    EXPECT_FALSE(answer.reads);
    EXPECT_THAT(answer.refused, ElementsAre("project_member_or_admin"));
    // That the target has no project is an answer, too, where it was filled for one.
    EXPECT_THAT(decision({rules, {}, {{"project_id"}}}).refused, ElementsAre("project_member_or_admin"));
}

TEST_F(PolicyContract, AQuestionIsBounded) {
    EXPECT_THROW(refused({}, {}), Error);
    EXPECT_NO_THROW(refused(std::vector<std::string>(100, "owner"), {}));
    EXPECT_THROW(refused(std::vector<std::string>(101, "owner"), {}), Error);
}
} // namespace
} // namespace volutus::kernel
