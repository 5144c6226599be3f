// A call as a handler or a driver sees it, and the host it runs in. Both are views of the border's tables.
#pragma once

#include <volutus/error.hpp>
#include <volutus/json.hpp>
#include <volutus/world.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace volutus {

// Which durable operation a call belongs to; see vlt_operation.
struct Operation {
    std::string_view task, step;
    std::uint64_t attempt = 0;
    std::uint64_t epoch = 0;
};

// Borrowed byte stream; see vlt_stream. Throws Error on failure.
class Stream {
public:
    explicit Stream(vlt_stream* raw) : raw_(raw) {}
    explicit operator bool() const { return raw_ != nullptr; }
    std::size_t read(void* into, std::size_t size); // 0 at the end
    void write(void const* from, std::size_t size); // all of it
    void close();
    struct Descriptor {
        int fd;
        std::uint64_t offset, length; // length 0: to the end
    };
    bool take_descriptor(Descriptor& into); // the caller then closes fd
    void give_descriptor(Descriptor const& from, bool owned);
    vlt_stream* raw() const { return raw_; }

private:
    vlt_stream* raw_;
};

// One call being served. Valid until the handler returns; of one thread, but for cancelled() and deadline().
class Call {
public:
    explicit Call(vlt_call* raw) : raw_(raw) {}
    Call(Call const&) = delete;
    Call& operator=(Call const&) = delete;

    world::Instant deadline() const;
    bool cancelled() const;
    void check() const; // throws cancelled or deadline
    void progress(unsigned permille, std::string_view what);
    std::string_view caller() const; // JSON; "" = the cloud itself
    std::string_view trace() const;  // the request id
    // W3C trace context for what the callee asks of others, as headers of these names carry it; "" = nobody traces it.
    std::string_view traceparent() const, tracestate() const;
    Operation operation() const;
    Stream input() const;
    Stream output() const;
    vlt_call* raw() const { return raw_; }

private:
    vlt_call* raw_;
};

enum class Level : std::int32_t { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

// The kernel as a plugin sees it. Any thread.
class Host {
public:
    explicit Host(vlt_host const* raw) : raw_(raw) {}

    // `request` and the reply are documents as text. Without `within` it is a call of the plugin's own, without a
    // deadline. Throws the callee's Error.
    std::string call(Call* within, std::string_view contract, std::string_view name, std::string_view target,
                     std::string_view request, vlt_stream* input = nullptr, vlt_stream* output = nullptr) const;
    void log(Level level, std::string_view message, json::object const& fields = {}) const;
    vlt_host const* raw() const { return raw_; }

private:
    vlt_host const* raw_;
};

// A call of the plugin's own, for work that no caller waits for. Of one thread.
class OwnCall {
public:
    explicit OwnCall(Host host, world::Instant deadline = world::Instant::max(), std::string_view trace = {});
    ~OwnCall();
    OwnCall(OwnCall const&) = delete;
    OwnCall& operator=(OwnCall const&) = delete;
    Call& call() { return call_; }

private:
    vlt_host const* host_;
    Call call_;
};

} // namespace volutus
