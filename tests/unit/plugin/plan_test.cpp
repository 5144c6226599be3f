#include "kernel/plugin/plan.hpp"

#include <gmock/gmock.h>

namespace volutus::kernel::plugin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Planned plugin(std::string const& id, std::vector<std::string> provides, std::vector<std::string> needs) {
    Planned planned;
    planned.name = planned.manifest.id = id;
    planned.path = "/plugins/" + id + ".so";
    for (auto& contract : provides) planned.manifest.provides.push_back({contract, {}});
    planned.manifest.requires_ = std::move(needs);
    return planned;
}

std::vector<std::string> names(std::vector<Planned> const& plugins) {
    std::vector<std::string> out;
    for (auto const& planned : plugins) out.push_back(planned.name);
    return out;
}

std::string refusal(std::vector<Planned> plugins) {
    try {
        in_order(std::move(plugins), {"volutus.store/1"});
    } catch (Error const& error) {
        return error.what();
    }
    return "";
}

TEST(Plan, ProvidersStartBeforeThoseWhoRequireThem) {
    auto const ordered = in_order(
        {plugin("a", {"x/1"}, {"y/1"}), plugin("b", {"y/1"}, {"z/1", "volutus.store/1"}), plugin("c", {"z/1"}, {})},
        {"volutus.store/1"});
    EXPECT_THAT(names(ordered), ElementsAre("c", "b", "a"));
}

TEST(Plan, WithoutRequirementsTheOrderIsByName) {
    EXPECT_THAT(names(in_order({plugin("b", {}, {}), plugin("a", {}, {})}, {})), ElementsAre("a", "b"));
}

TEST(Plan, ARequiredContractThatNobodyProvidesIsNamed) {
    EXPECT_THAT(refusal({plugin("a", {}, {"x/1"})}), AllOf(HasSubstr("plugin a requires x/1"), HasSubstr("conf.d")));
}

TEST(Plan, ACircleOfRequirementsIsShown) {
    EXPECT_THAT(refusal({plugin("a", {"x/1"}, {"y/1"}), plugin("b", {"y/1"}, {"x/1"})}), HasSubstr("a -> b -> a"));
}

TEST(Plan, TwoProvidersOfOneNameAreRefused) {
    EXPECT_THAT(refusal({plugin("a", {"x/1"}, {}), plugin("b", {"x/1"}, {})}), "");
    auto first = plugin("a", {"x/1"}, {});
    auto second = plugin("b", {"x/1"}, {});
    first.manifest.target = second.manifest.target = "disk";
    EXPECT_THAT(refusal({first, second}), HasSubstr("plugins a and b both provide x/1 as 'disk'"));
}

TEST(Plan, AServiceIsCalledByThePluginsIdWhateverItsTarget) {
    auto one = plugin("a", {"volutus.service/1"}, {});
    one.manifest.target = "disk";
    EXPECT_EQ(target_of(one.manifest, "volutus.service/1"), "a");
    EXPECT_EQ(target_of(one.manifest, "x/1"), "disk");
}

TEST(Plan, OneKindHasOneOwner) {
    auto first = plugin("a", {}, {});
    auto second = plugin("b", {}, {});
    first.manifest.kinds.resize(1);
    first.manifest.kinds[0].name = "toy.widget";
    second.manifest.kinds = first.manifest.kinds;
    EXPECT_THAT(refusal({first, second}), HasSubstr("both own the kind toy.widget"));
}

TEST(Plan, ATableThatIsNotNamedAfterItsPluginIsRefused) {
    auto one = plugin("a", {}, {});
    one.name = "b";
    EXPECT_THAT(refusal({one}), HasSubstr("is the plugin 'a'"));
}

TEST(Plan, ALinkThatThePluginDoesNotPermitIsRefused) {
    auto one = plugin("a", {}, {});
    one.manifest.links = {"process"};
    EXPECT_THAT(refusal({one}), HasSubstr("it permits process"));
    one.link = LinkKind::process;
    EXPECT_EQ(refusal({one}), "");
}

} // namespace
} // namespace volutus::kernel::plugin
