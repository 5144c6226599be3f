#include "kernel/gateway/pool.hpp"

namespace volutus::kernel::gateway {

Pool::Pool(std::string const& name, unsigned threads, std::size_t queue_limit) : limit_(queue_limit) {
    for (unsigned i = 0; i < threads; ++i) threads_.emplace_back(name, [this] { run(); });
}

void Pool::stop() {
    {
        world::Lock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    threads_.clear();
}

bool Pool::submit(Job job) {
    {
        world::Lock lock(mutex_);
        // A job that an idle thread will take at once does not count as waiting.
        if (queue_.size() >= limit_ + idle_) return false;
        queue_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
}

void Pool::go_on(Job job) {
    {
        world::Lock lock(mutex_);
        queue_.push_back(std::move(job));
    }
    wake_.notify_one();
}

std::size_t Pool::depth() const {
    world::Lock lock(mutex_);
    return queue_.size();
}

void Pool::run() {
    world::Lock lock(mutex_);
    for (;;) {
        ++idle_;
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        --idle_;
        if (queue_.empty()) return;
        auto job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        job();
        job = nullptr; // what it holds goes before the lock is taken again
        lock.lock();
    }
}

} // namespace volutus::kernel::gateway
