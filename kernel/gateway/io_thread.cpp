#include "kernel/gateway/io_thread.hpp"

#include "kernel/gateway/connection.hpp"
#include "kernel/gateway/operator_pages.hpp"

#include <algorithm>
#include <ctime>

namespace volutus::kernel::gateway {

namespace {
// Time limits are looked at in passing, not with a timer each: a limit is met within a tick.
world::Duration tick_of(Limits const& limits) {
    auto const shortest =
        std::min({limits.idle, limits.header, limits.linger, limits.rate_window, limits.tunnel_connect});
    return std::clamp<world::Duration>(shortest / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(500));
}
} // namespace

Shared::Shared(Config c, metrics::Metrics& metrics)
    : config(std::move(c)), trusted(config.trusted_proxies), meters(metrics), pages(operator_pages(*this)),
      pages_router(pages_mounts(config, pages)), clients(config.client_rate),
      documents("http-document", config.pool_threads, config.pool_queue),
      uploads("http-upload", config.upload_threads, config.upload_queue),
      downloads("http-download", config.download_threads, 0) {}

IoThread::IoThread(Shared& s, std::shared_ptr<RouteTable const> t)
    : shared(s), table(std::move(t)), work_(context.get_executor()), timer_(context), tick_(tick_of(s.config.limits)) {}

IoThread::~IoThread() = default;

void IoThread::start() {
    sweep();
    world::Lock const lock(mutex_);
    add();
}

// With mutex_ held.
void IoThread::add() {
    auto const own = threads_.emplace(threads_.end());
    *own = world::Thread("http-io", [this, own] { run(own); });
}

void IoThread::run(Threads::iterator own) {
    try {
        context.run();
    } catch (LeftBehind const&) {
        world::Lock const lock(mutex_);
        if (!joining_) ended_.splice(ended_.end(), threads_, own);
    }
}

void IoThread::stand_in() {
    Threads ended;
    world::Lock lock(mutex_);
    if (joining_) return;
    add();
    ended.swap(ended_);
    lock.unlock(); // to be joined without it
}

void IoThread::stop() {
    asio::post(context, [this] {
        stopping_ = true;
        timer_.cancel();
        abort_all();
        work_.reset();
    });
    {
        world::Lock const lock(mutex_);
        joining_ = true;
    }
    for (auto& thread : threads_) thread.join();
}

void IoThread::drain() {
    for (auto const& connection : all()) connection->drain();
}

void IoThread::abort_all() {
    for (auto const& connection : all()) connection->abort();
}

void IoThread::replace_table(std::shared_ptr<RouteTable const> next) {
    table = std::move(next);
    for (auto const& connection : all()) connection->routes_replaced();
}

std::vector<std::shared_ptr<Connection>> IoThread::all() const {
    std::vector<std::shared_ptr<Connection>> out;
    out.reserve(connections_.size());
    for (auto* connection : connections_) out.push_back(connection->shared_from_this());
    return out;
}

void IoThread::sweep() {
    timer_.expires_after(tick_);
    timer_.async_wait([this](error_code) {
        if (stopping_) return;
        sweep(); // first: to word a refusal may take for ever
        auto const now = world::now();
        for (auto const& connection : all()) connection->check_time(now);
    });
}

void IoThread::wait_for_turn(std::shared_ptr<Connection> connection) {
    line_.push_back(std::move(connection));
    if (line_.size() == 1) call_next();
}

// What is posted from within the loop runs after the events that are ready by then.
void IoThread::call_next() {
    asio::post(context, [this] {
        auto const next = std::move(line_.front());
        line_.pop_front();
        if (!line_.empty()) call_next();
        next->take_turn();
    });
}

std::string_view IoThread::date() {
    auto const second = std::chrono::duration_cast<std::chrono::seconds>(world::wall_now().time_since_epoch()).count();
    if (second != date_second_) {
        date_second_ = second;
        std::time_t const time = second;
        std::tm parts{};
        ::gmtime_r(&time, &parts);
        std::array<char, 32> text{};
        date_.assign(text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    }
    return date_;
}

void IoThread::append_request_id(std::string& into) {
    constexpr std::size_t size = 16;
    if (random_used_ + size > random_.size()) {
        world::random_bytes(random_.data(), random_.size());
        random_used_ = 0;
    }
    auto* const bytes = random_.data() + random_used_;
    random_used_ += size;
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40); // a UUID of version 4, RFC 9562
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    into += "req-";
    for (std::size_t i = 0; i < size; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) into += '-';
        into += "0123456789abcdef"[bytes[i] >> 4];
        into += "0123456789abcdef"[bytes[i] & 15];
    }
}

} // namespace volutus::kernel::gateway
