// What a client learns before it does anything: versions, extensions, availability zones.
#pragma once

#include "settings.hpp"

#include <volutus/request.hpp>

namespace volutus::network_service {

struct ApiVersion : Stored {
    std::string id, status;
};
Resource const& resource_of(ApiVersion const*);

struct Extension : Stored {
    std::string alias, name, description, updated;
    json::array links;
};
Resource const& resource_of(Extension const*);

struct Zone : Stored {
    std::string name, resource, state;
};
Resource const& resource_of(Zone const*);

class Discovery {
public:
    explicit Discovery(Settings const& settings) : settings_(settings) {}

    Reply versions(Request& request);
    Reply resources(Request& request);
    Reply extensions(Request& request);
    Reply extension(Request& request);
    Reply zones(Request& request);

private:
    Settings const& settings_;
};

} // namespace volutus::network_service
