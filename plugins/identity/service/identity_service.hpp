// The identity service as its plugin: the objects behind the tables.
#pragma once

#include "catalog.hpp"
#include "contexts.hpp"
#include "settings.hpp"
#include "tokens.hpp"

#include <volutus/service.hpp>

namespace volutus::identity_service {

class IdentityService : public ServicePlugin {
public:
    explicit IdentityService(Host host);
    void configure(Call& call, json::object const& config) override;
    void start(Call& call) override; // the first documents, and the catalog of what is loaded

private:
    Settings settings_;
    Contexts contexts_;
    Catalog catalog_;
    Tokens tokens_;
};

} // namespace volutus::identity_service
