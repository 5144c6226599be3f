#include "tests/sim/stand_ins.hpp"

#include <volutus/context.hpp>
#include <volutus/contract/cloud.hpp>
#include <volutus/contract/images.hpp>
#include <volutus/contract/policy.hpp>

#include <algorithm>

namespace volutus::sim {

namespace {

using kernel::plugin::BuiltIn;
using kernel::plugin::Endpoint;

class Policy : public policy_rules::Policy {
public:
    explicit Policy(std::set<std::string> for_operators) : for_operators_(std::move(for_operators)) {}

    policy_rules::Decision enforce(Call& call, policy_rules::Question const& question) override {
        policy_rules::Decision decision;
        auto const caller = caller_of(call);
        if (!caller || caller->is_admin) return decision;
        auto const* project = question.target.if_contains("project_id");
        auto const* audience = question.target.if_contains("audience"); // of a network that all may see
        bool const own = caller->project && project && *project == json::value(json::string(caller->project->id));
        bool const everybodys = audience && *audience == json::value("*");
        for (auto const& rule : question.rules)
            if ((!own && !everybodys) || for_operators_.count(rule)) decision.refused.push_back(rule);
        return decision;
    }

private:
    std::set<std::string> for_operators_;
};

class Cloud : public cloud::Cloud {
public:
    explicit Cloud(kernel::plugin::Registry const& registry) : registry_(registry) {}
    cloud::Services services(Call&) override { return {}; }
    cloud::Providers providers(Call&, cloud::ContractName const& wanted) override {
        return {registry_.targets(wanted.contract)};
    }

private:
    kernel::plugin::Registry const& registry_;
};

class Images : public images::Images {
public:
    images::Image show(Call&, images::ImageId const& wanted) override {
        if (wanted.id != image_id) throw Error(Code::not_found, "No image found with ID " + wanted.id);
        images::Image image;
        image.id = image_id;
        image.status = "active";
        image.visibility = "public";
        image.disk_format = "raw";
        image.virtual_size = 1u << 20;
        return image;
    }
    void download(Call&, images::ImageId const&) override { unsupported(); }
};

} // namespace

void add_policy(kernel::plugin::Registry& registry, std::set<std::string> for_operators) {
    registry.add_built_in(
        std::string(policy_rules::contract.name), [=](std::string const&) -> std::shared_ptr<Endpoint> {
            return std::make_shared<BuiltIn<policy_rules::contract>>(std::make_unique<Policy>(for_operators));
        });
}

void add_cloud(kernel::plugin::Registry& registry) {
    registry.add_built_in(std::string(cloud::contract.name), [&](std::string const&) -> std::shared_ptr<Endpoint> {
        return std::make_shared<BuiltIn<cloud::contract>>(std::make_unique<Cloud>(registry));
    });
}

void add_images(kernel::plugin::Registry& registry) {
    registry.add("image", std::string(images::contract.name), "",
                 std::make_shared<BuiltIn<images::contract>>(std::make_unique<Images>()));
}

} // namespace volutus::sim
