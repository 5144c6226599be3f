// What a user is told who asks for more than the quota has.
#pragma once

#include "server.hpp"

#include <volutus/error.hpp>

namespace volutus::compute {

// Of an over_quota error of the store, for so many servers of that kind.
[[noreturn]] void refuse_quota(Store& store, Error const& error, Server const& server, std::int64_t count);

} // namespace volutus::compute
