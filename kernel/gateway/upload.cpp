#include "kernel/gateway/upload.hpp"

#include <algorithm>
#include <cstring>

namespace volutus::kernel::gateway {

namespace {
constexpr std::size_t pipe_size = 256 * 1024;
}

std::size_t Upload::read(void* into, std::size_t size) {
    if (at_ == current_.size()) {
        current_.clear();
        at_ = 0;
        world::Lock lock(mutex_);
        for (;;) {
            std::swap(current_, incoming_);
            bool const goes_on = !finished_ && !failure_;
            if (paused_ && goes_on) {
                paused_ = false;
                lock.unlock(); // the other side may push from within
                want_();
                lock.lock();
            }
            if (!current_.empty()) break;
            if (incoming_.empty() && failure_) throw Error(*failure_);
            if (incoming_.empty() && finished_) return 0;
            changed_.wait(lock, [this] { return !incoming_.empty() || finished_ || failure_; });
        }
    }
    auto const count = std::min(size, current_.size() - at_);
    std::memcpy(into, current_.data() + at_, count);
    at_ += count;
    return count;
}

bool Upload::push(std::string& piece) {
    bool goes_on = true;
    {
        world::Lock lock(mutex_);
        if (incoming_.empty())
            std::swap(incoming_, piece);
        else
            incoming_ += piece;
        goes_on = incoming_.size() < pipe_size;
        paused_ = !goes_on;
    }
    piece.clear();
    changed_.notify_all();
    return goes_on;
}

void Upload::finish() {
    {
        world::Lock lock(mutex_);
        finished_ = true;
    }
    changed_.notify_all();
}

void Upload::fail(Code code, std::string message) {
    {
        world::Lock lock(mutex_);
        if (!failure_ && !finished_) failure_.emplace(code, message);
    }
    changed_.notify_all();
}

} // namespace volutus::kernel::gateway
