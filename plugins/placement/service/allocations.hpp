// The handlers of allocations: of a consumer, of several at once, of a provider, and with inventories (the reshaper).
#pragma once

#include "consumer.hpp"

#include <volutus/request.hpp>

namespace volutus::placement_service {

Reply show_allocations(Request& request);
Reply put_allocations(Request& request);
Reply post_allocations(Request& request);
Reply remove_allocations(Request& request);
Reply list_provider_allocations(Request& request);
Reply reshape(Request& request);

} // namespace volutus::placement_service
