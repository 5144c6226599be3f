#include "kernel/daemon/identity.hpp"

#include "kernel/auth/tokens_service.hpp"

#include <volutus/contract/auth.hpp>

#include <fmt/format.h>

namespace volutus::kernel::daemon {

namespace {

std::string key_directory(Setup const& setup) {
    return setup.auth.key_directory.empty() ? setup.state_directory + "/keys" : setup.auth.key_directory;
}

auth::Sealer sealer_of(std::string const& directory) {
    auth::KeyRing::create(directory);
    return auth::Sealer(directory);
}

} // namespace

std::string identity_plugin(std::vector<plugin::Planned> const& plugins) {
    for (auto const& plan : plugins)
        for (auto const& provided : plan.manifest.provides)
            if (provided.contract == volutus::auth::contract.name) return plan.name;
    return {};
}

Identity::Identity(Setup const& setup, std::string const& plugin, plugin::Registry& registry, store::Store& store)
    : sealer_(sealer_of(key_directory(setup))), rotation_(sealer_, {setup.auth.key_lifetime, setup.auth.keys_kept}),
      hasher_(setup.auth.password),
      authenticator_(std::make_shared<auth::Authenticator>(
          registry, sealer_, setup.policy,
          auth::Authenticator::Options{setup.auth.cached_contexts, setup.auth.expired_token_window})) {
    auth::TokenTimes const times{setup.auth.token_lifetime, setup.auth.expired_token_window};
    registry.add_built_in(std::string(tokens::contract.name),
                          [this, plugin, times](std::string const& caller) -> std::shared_ptr<plugin::Endpoint> {
                              if (caller != plugin)
                                  throw Error(Code::forbidden,
                                              fmt::format("{} is for the identity service, and '{}' is not it",
                                                          tokens::contract.name, caller));
                              return std::make_shared<plugin::BuiltIn<tokens::contract>>(
                                  std::make_unique<auth::TokensService>(sealer_, hasher_, *authenticator_, times));
                          });
    store.observe_notes(std::string(volutus::auth::changed_topic),
                        [authenticator = authenticator_](std::uint64_t revision, json::object const& note) {
                            authenticator->changed(revision, note);
                        });
}

} // namespace volutus::kernel::daemon
