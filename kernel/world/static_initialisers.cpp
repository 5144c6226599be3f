// The C++ runtime's guard of function-local statics, for programs of one OS thread with many fibers.
//
// The runtime's own would put that one thread to sleep for ever when a fiber waits inside such an initialiser and a
// second fiber reaches it, and only under some seeds. This one counts initialisers under way, and the scheduler ends
// the program at the first wait inside one, under every seed.
#include <kernel/world/fiber.hpp>

#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>

namespace volutus::world {
namespace {
void count(int difference) {
    if (Fiber* const fiber = current_fiber()) fiber->static_initialisers += difference;
}
} // namespace
} // namespace volutus::world

// Itanium C++ ABI 3.3.2: the first byte says that it is done, the rest is the runtime's. The second is under way here.
namespace __cxxabiv1 {

extern "C" int __cxa_guard_acquire(__guard* guard) {
    auto* const bytes = reinterpret_cast<unsigned char*>(guard);
    if (bytes[0] != 0) return 0;
    if (bytes[1] != 0) {
        std::fputs("a static initialiser needs itself\n", stderr);
        std::abort();
    }
    bytes[1] = 1;
    volutus::world::count(1);
    return 1;
}

extern "C" void __cxa_guard_release(__guard* guard) noexcept {
    auto* const bytes = reinterpret_cast<unsigned char*>(guard);
    bytes[1] = 0;
    bytes[0] = 1;
    volutus::world::count(-1);
}

extern "C" void __cxa_guard_abort(__guard* guard) noexcept {
    reinterpret_cast<unsigned char*>(guard)[1] = 0;
    volutus::world::count(-1);
}

} // namespace __cxxabiv1
