// Rotates the token keys when they have had their time, and takes up what another controller rotated.
#pragma once

#include <kernel/auth/seal.hpp>

#include <chrono>

namespace volutus::kernel::auth {

class KeyRotation {
public:
    struct Plan {
        std::chrono::milliseconds lifetime{}; // of the key that seals
        std::size_t keep = 3;
        std::chrono::milliseconds look_every = std::chrono::minutes(1);
    };

    // Rotates at once what is overdue, and throws what that throws; what fails later is logged and tried again.
    // The sealer outlives this.
    KeyRotation(Sealer& sealer, Plan plan);
    ~KeyRotation();
    KeyRotation(KeyRotation const&) = delete;
    KeyRotation& operator=(KeyRotation const&) = delete;

private:
    void look();
    void run();

    Sealer& sealer_;
    Plan const plan_;
    world::Mutex mutex_;
    world::Condition stopped_;
    bool stopping_ = false;
    world::Thread thread_;
};

} // namespace volutus::kernel::auth
