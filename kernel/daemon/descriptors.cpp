#include "kernel/daemon/descriptors.hpp"

#include <algorithm>
#include <sys/resource.h>

namespace volutus::kernel::daemon {

namespace {
constexpr rlim_t enough = 65'536;

rlimit limits() {
    rlimit out{};
    ::getrlimit(RLIMIT_NOFILE, &out); // fails for no process of its own
    return out;
}
} // namespace

std::size_t descriptor_limit() { return limits().rlim_cur; }

void raise_descriptor_limit() {
    auto wanted = limits();
    wanted.rlim_cur = std::max(wanted.rlim_cur, std::min(wanted.rlim_max, enough));
    ::setrlimit(RLIMIT_NOFILE, &wanted);
}

} // namespace volutus::kernel::daemon
