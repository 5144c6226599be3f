#include "kernel/daemon/cloud.hpp"

#include <gmock/gmock.h>

namespace volutus::kernel {
namespace {
using testing::ElementsAre;

plugin::Planned planned(std::string name, std::string_view service, std::vector<std::string> quotas = {}) {
    plugin::Planned out;
    out.name = std::move(name);
    out.manifest.service = json::parse_object(service);
    out.manifest.quotas = std::move(quotas);
    return out;
}

struct Nothing : plugin::Endpoint {
    vlt_status call(plugin::CallFrame&, std::string_view, std::string_view, std::string_view,
                    vlt_str*) noexcept override {
        return VLT_UNSUPPORTED;
    }
};

TEST(Cloud, ItsServicesAreThoseOfTheManifestsByName) {
    plugin::Registry const registry;
    daemon::Cloud cloud({planned("toy_service", R"({"name": "toy", "type": "toys"})"), planned("toy_file", "{}"),
                         planned("compute_service", R"({"name": "compute", "type": "compute", "endpoint": "/v2.1",
                                                        "description": "servers", "lowest": "2.1"})",
                                 {"cores", "ram"})},
                        registry);
    plugin::CallContext context;
    plugin::CallFrame frame(context);
    Call call(&frame);
    auto const services = cloud.services(call).services;
    ASSERT_EQ(services.size(), 2u);
    EXPECT_EQ(services[0].name, "compute");
    EXPECT_EQ(services[0].path, "/compute/v2.1");
    EXPECT_EQ(services[0].description, "servers");
    EXPECT_THAT(services[0].quotas, ElementsAre("cores", "ram"));
    EXPECT_EQ(services[1].type, "toys");
    EXPECT_EQ(services[1].path, "/toy");
}

TEST(Cloud, TheProvidersOfAContractAreItsTargets) {
    plugin::Registry registry;
    daemon::Cloud cloud({}, registry);
    plugin::CallContext context;
    plugin::CallFrame frame(context);
    Call call(&frame);
    EXPECT_THAT(cloud.providers(call, {"toy.maker/1"}).targets, ElementsAre());
    registry.add("b", "toy.maker/1", "steel", std::make_shared<Nothing>());
    registry.add("a", "toy.maker/1", "wood", std::make_shared<Nothing>());
    EXPECT_THAT(cloud.providers(call, {"toy.maker/1"}).targets, ElementsAre("steel", "wood"));
}
} // namespace
} // namespace volutus::kernel
