#include "kernel/gateway/overdue.hpp"

#include "kernel/log/log.hpp"

namespace volutus::kernel::gateway {

namespace {
constexpr auto grace = std::chrono::seconds(1); // for a call that is due and hears of its cancellation
} // namespace

Overdue::Watched::Watched(Overdue* by, plugin::CallContext& context, Exchange* exchange, std::string const& service,
                          world::Duration patience)
    : by_(exchange ? by : nullptr), context_(context), exchange_(exchange), service_(service) {
    if (by_) place_ = by_->watched_.end();
    expect_within(patience);
}

void Overdue::Watched::pause() {
    if (!by_) return;
    world::Lock const lock(by_->mutex_);
    if (place_ == by_->watched_.end()) return;
    by_->watched_.erase(place_);
    place_ = by_->watched_.end();
}

void Overdue::Watched::expect_within(world::Duration patience) {
    if (!by_) return;
    world::Lock const lock(by_->mutex_);
    if (given_up_) return;
    if (place_ != by_->watched_.end()) by_->watched_.erase(place_);
    due_ = world::now() + patience;
    wait_until(due_);
}

void Overdue::Watched::wait_until(world::Instant when) {
    place_ = by_->watched_.emplace(when, this);
    if (when >= by_->wakes_) return;
    by_->wakes_ = when;
    by_->changed_.notify_all();
}

Overdue::Overdue() : thread_("gateway.overdue", [this] { keep(); }) {}

Overdue::~Overdue() {
    {
        world::Lock const lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
}

void Overdue::keep() {
    world::Lock lock(mutex_);
    while (!stopping_) {
        look();
        wakes_ = watched_.empty() ? world::Instant::max() : watched_.begin()->first;
        if (wakes_ == world::Instant::max())
            changed_.wait(lock);
        else
            changed_.wait_until(lock, wakes_);
    }
}

// With mutex_ held, so that no call returns meanwhile.
void Overdue::look() {
    auto const now = world::now();
    while (!watched_.empty() && watched_.begin()->first <= now) {
        auto& call = *watched_.begin()->second;
        watched_.erase(watched_.begin());
        call.place_ = watched_.end();
        call.context_.cancelled.tell();
        if (now < call.due_ + grace) {
            call.wait_until(call.due_ + grace);
            continue;
        }
        if (!call.context_.give_up()) { // it is with the kernel or another process by now; it may yet go back
            call.wait_until(now + grace);
            continue;
        }
        log::write(Level::error, "gateway", "a request hangs, and is given up",
                   {{"service", call.service_}, {"request_id", call.context_.trace}});
        call.given_up_ = true;
        call.exchange_->give_up({504, "the service did not answer in time", {}});
    }
}

} // namespace volutus::kernel::gateway
