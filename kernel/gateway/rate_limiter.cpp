#include "kernel/gateway/rate_limiter.hpp"

#include <algorithm>

namespace volutus::kernel::gateway {

RateLimiter::RateLimiter(Rate rate, std::size_t most_clients) : most_clients_(most_clients) { set(rate); }

void RateLimiter::set(Rate rate) {
    world::Lock const lock(mutex_);
    limits_ = rate.per_second > 0;
    if (!limits_) {
        by_name_.clear();
        clients_.clear();
        return;
    }
    std::chrono::duration<double> const interval(1 / rate.per_second);
    interval_ = std::chrono::duration_cast<world::Duration>(interval);
    tolerance_ = std::chrono::duration_cast<world::Duration>(interval * std::max(rate.burst, 1.0));
}

std::chrono::seconds RateLimiter::take(std::string_view client, world::Instant now) {
    using std::chrono::seconds;
    if (!limits_) return seconds(0); // at no cost, as most clouds leave it
    world::Lock const lock(mutex_);
    auto& whole_at = known(client).whole_at;
    auto const next = std::max(whole_at, now) + interval_;
    if (auto const early = next - now - tolerance_; early > world::Duration(0))
        return std::max(seconds(1), std::chrono::ceil<seconds>(early));
    whole_at = next;
    return seconds(0);
}

RateLimiter::Client& RateLimiter::known(std::string_view name) {
    if (auto const found = by_name_.find(name); found != by_name_.end()) {
        clients_.splice(clients_.begin(), clients_, found->second);
        return clients_.front();
    }
    if (clients_.size() >= most_clients_) {
        by_name_.erase(clients_.back().name);
        clients_.pop_back();
    }
    clients_.push_front({std::string(name), {}});
    by_name_.emplace(clients_.front().name, clients_.begin());
    return clients_.front();
}

std::size_t RateLimiter::clients() const {
    world::Lock const lock(mutex_);
    return clients_.size();
}

} // namespace volutus::kernel::gateway
