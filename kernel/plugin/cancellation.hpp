// That a call is no longer wanted: told once, asked from any thread, heard by those who wait elsewhere for its end.
#pragma once

#include <volutus/world.hpp>

#include <atomic>
#include <vector>

namespace volutus::kernel::plugin {

class Cancellation {
public:
    // Hears of the cancellation on the thread that tells it, which must not be kept waiting.
    class Listener {
    public:
        virtual void cancelled() = 0;

    protected:
        ~Listener() = default;
    };

    // Listens as long as it lives. One that comes late hears at once.
    class Watch {
    public:
        Watch(Cancellation& cancellation, Listener& listener) : cancellation_(cancellation), listener_(listener) {
            world::Lock lock(cancellation_.mutex_);
            cancellation_.listeners_.push_back(&listener_);
            if (cancellation_) listener_.cancelled();
        }
        ~Watch() {
            world::Lock lock(cancellation_.mutex_);
            std::erase(cancellation_.listeners_, &listener_);
        }
        Watch(Watch const&) = delete;
        Watch& operator=(Watch const&) = delete;

    private:
        Cancellation& cancellation_;
        Listener& listener_;
    };

    explicit operator bool() const { return told_.load(std::memory_order_relaxed); }

    void tell() {
        world::Lock lock(mutex_);
        if (told_.exchange(true)) return;
        for (auto* listener : listeners_) listener->cancelled();
    }

private:
    std::atomic<bool> told_ = false;
    world::Mutex mutex_;
    std::vector<Listener*> listeners_;
};

} // namespace volutus::kernel::plugin
