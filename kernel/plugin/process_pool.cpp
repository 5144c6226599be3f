#include "kernel/plugin/process_pool.hpp"

#include <algorithm>

namespace volutus::kernel::plugin {

namespace {
constexpr std::size_t most_threads = 512;
} // namespace

Pool::~Pool() {
    {
        world::Lock lock(mutex_);
        stopping_ = true;
        queue_.clear();
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
}

bool Pool::add(std::function<void()> job) {
    world::Lock lock(mutex_);
    if (stopping_ || queue_.size() >= longest_queue_) return false;
    queue_.push_back(std::move(job));
    employ();
    return true;
}

void Pool::waits() {
    world::Lock lock(mutex_);
    --running_;
    if (!queue_.empty()) employ();
}

void Pool::runs() {
    world::Lock lock(mutex_);
    ++running_;
}

void Pool::employ() {
    if (running_ >= at_once_ || stopping_) return;
    if (std::min(queue_.size(), at_once_ - running_) > idle_ && threads_.size() < most_threads) {
        ++idle_; // as it begins; otherwise the next job would make another one
        threads_.emplace_back(name_, [this] { work(); });
    } else {
        changed_.notify_one();
    }
}

void Pool::work() {
    world::Lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || (!queue_.empty() && running_ < at_once_); });
        if (stopping_) return;
        auto job = std::move(queue_.front());
        queue_.pop_front();
        --idle_;
        ++running_;
        lock.unlock();
        job();
        job = nullptr;
        lock.lock();
        --running_;
        ++idle_;
    }
}

} // namespace volutus::kernel::plugin
