#include "kernel/gateway/pool.hpp"

namespace volutus::kernel::gateway {

Pool::Pool(std::string name, unsigned threads, std::size_t queue_limit) : name_(std::move(name)), limit_(queue_limit) {
    world::Lock const lock(mutex_);
    for (unsigned i = 0; i < threads; ++i) add();
}

// With mutex_ held.
void Pool::add() {
    auto const own = threads_.emplace(threads_.end());
    *own = world::Thread(name_, [this, own] { run(own); });
}

void Pool::stand_in() {
    Threads ended;
    world::Lock lock(mutex_);
    if (stopping_) return;
    add();
    ended.swap(ended_);
    lock.unlock(); // to be joined without it
}

void Pool::came_back() {
    world::Lock const lock(mutex_);
    ++too_many_;
}

void Pool::stop() {
    {
        world::Lock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    // Once stopping_ is set no thread moves itself to ended_.
    for (auto& thread : threads_) thread.join();
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

void Pool::run(Threads::iterator own) {
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
        if (too_many_ > 0 && !stopping_) {
            --too_many_;
            ended_.splice(ended_.end(), threads_, own);
            return;
        }
    }
}

} // namespace volutus::kernel::gateway
