#include <kernel/auth/key_rotation.hpp>

#include <kernel/log/log.hpp>

namespace volutus::kernel::auth {

KeyRotation::KeyRotation(Sealer& sealer, Plan plan) : sealer_(sealer), plan_(std::move(plan)) {
    look();
    thread_ = world::Thread("key-rotation", [this] { run(); });
}

KeyRotation::~KeyRotation() {
    {
        world::Lock const lock(mutex_);
        stopping_ = true;
        stopped_.notify_all();
    }
    thread_.join();
}

void KeyRotation::look() {
    if (sealer_.rotate(plan_.keep, plan_.lifetime)) log::write(Level::notice, "auth", "a new key seals tokens");
}

// The wall clock may jump and others may rotate, so the time is looked at again and again rather than slept until.
void KeyRotation::run() {
    world::Lock lock(mutex_);
    while (!stopped_.wait_for(lock, plan_.look_every, [this] { return stopping_; })) {
        lock.unlock();
        try {
            look();
        } catch (std::exception const& error) {
            log::write(Level::error, "auth", "the token keys could not be rotated or read; the present ones stay",
                       {{"error", error.what()}});
        }
        lock.lock();
    }
}

} // namespace volutus::kernel::auth
