#include "kernel/gateway/overdue.hpp"

#include "kernel/log/log.hpp"

namespace volutus::kernel::gateway {

namespace {
constexpr auto look_again = std::chrono::milliseconds(250);
constexpr auto grace = std::chrono::seconds(1); // after the deadline, for a call that hears of its cancellation
} // namespace

Overdue::Watched::Watched(Overdue* by, plugin::CallContext& context, Exchange* exchange, std::string const& plugin)
    : by_(exchange && context.deadline != world::Instant::max() ? by : nullptr), context_(context), exchange_(exchange),
      plugin_(plugin) {
    if (!by_) return;
    world::Lock const lock(by_->mutex_);
    by_->watched_.insert(this);
}

Overdue::Watched::~Watched() {
    if (!by_) return;
    world::Lock const lock(by_->mutex_);
    by_->watched_.erase(this);
}

Overdue::Overdue() : thread_("gateway.overdue", [this] { keep(); }) {}

Overdue::~Overdue() {
    {
        world::Lock const lock(mutex_);
        stopping_ = true;
    }
    stopped_.notify_all();
}

void Overdue::keep() {
    world::Lock lock(mutex_);
    while (!stopped_.wait_until(lock, world::now() + look_again, [this] { return stopping_; })) look();
}

// With mutex_ held, so that no call returns meanwhile.
void Overdue::look() {
    auto const now = world::now();
    for (auto at = watched_.begin(); at != watched_.end();) {
        auto& call = **at++;
        if (now < call.context_.deadline) continue;
        call.context_.cancelled.tell();
        if (now < call.context_.deadline + grace || !call.context_.give_up()) continue;
        watched_.erase(&call);
        log::write(Level::error, "gateway", "a request hangs, and is given up",
                   {{"plugin", call.plugin_}, {"request_id", call.context_.trace}});
        call.exchange_->give_up({504, "the service did not answer in time", {}});
    }
}

} // namespace volutus::kernel::gateway
