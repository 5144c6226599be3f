// What the contract suite of the links asks of a plugin, and of the kernel on the plugin's behalf.
#pragma once

#include <volutus/contract.hpp>

#include <optional>
#include <string>

namespace volutus::test {

struct Text {
    std::string text;
};
BOOST_DESCRIBE_STRUCT(Text, (), (text))

struct Failure {
    std::int32_t status = 0;
    std::string message;
    std::optional<json::object> details;
};
BOOST_DESCRIBE_STRUCT(Failure, (), (status, message, details))

struct Context {
    std::string caller, trace, task, step;
    std::uint64_t attempt = 0, epoch = 0;
    std::int64_t deadline = 0;
    std::string traceparent, tracestate;
};
BOOST_DESCRIBE_STRUCT(Context, (), (caller, trace, task, step, attempt, epoch, deadline, traceparent, tracestate))

struct Depth {
    std::uint32_t depth = 0;
};
BOOST_DESCRIBE_STRUCT(Depth, (), (depth))

struct Size {
    std::uint64_t size = 0;
};
BOOST_DESCRIBE_STRUCT(Size, (), (size))

// The plugin's.
struct Echo {
    virtual ~Echo() = default;
    virtual Text echo(Call&, Text const&) = 0;
    virtual void fail(Call&, Failure const&) = 0;
    virtual Context context(Call&) = 0;
    virtual Depth relay(Call&, Depth const&) = 0;           // through the kernel's mirror and back, so many times
    virtual Depth relay_alone(Call&, Depth const&) = 0;     // the same, as a call of the plugin's own
    virtual Context nested_context(Call&) = 0;              // context() of this plugin, called through the kernel
    virtual Text nested_failure(Call&, Failure const&) = 0; // what a nested call's error looks like to the plugin
    virtual Size copy(Call&) = 0;                           // input to output
    virtual Size relay_copy(Call&) = 0;        // the same by the kernel's mirror, handed this call's streams
    virtual Text take(Call&) = 0;              // what stands in the descriptor given to the input
    virtual void give(Call&, Text const&) = 0; // the text, in a pipe given to the output
    virtual void wait(Call&) = 0;              // until it is cancelled
    virtual void progress(Call&) = 0;
    virtual Text large(Call&, Size const&) = 0;
    virtual void retain(Call&) = 0;
    virtual void release(Call&) = 0;
    virtual Text configured(Call&) = 0; // "<config> started"
    virtual void crash(Call&) = 0;
    virtual void hang(Call&) = 0; // for ever
};
inline constexpr auto echo_contract = volutus::contract<Echo>(
    "volutus.test.echo/1", required<&Echo::echo>("echo"), required<&Echo::fail>("fail"),
    required<&Echo::context>("context"), required<&Echo::relay>("relay"), required<&Echo::relay_alone>("relay_alone"),
    required<&Echo::nested_context>("nested_context"), required<&Echo::nested_failure>("nested_failure"),
    required<&Echo::copy>("copy"), required<&Echo::relay_copy>("relay_copy"), required<&Echo::take>("take"),
    required<&Echo::give>("give"), required<&Echo::wait>("wait"), required<&Echo::progress>("progress"),
    required<&Echo::large>("large"), required<&Echo::retain>("retain"), required<&Echo::release>("release"),
    required<&Echo::configured>("configured"), required<&Echo::crash>("crash"), required<&Echo::hang>("hang"));

// The kernel's.
struct Mirror {
    virtual ~Mirror() = default;
    virtual Depth reflect(Call&, Depth const&) = 0; // calls the plugin's relay unless depth is 0
    virtual Context context(Call&) = 0;             // of the plugin
    virtual void fail(Call&, Failure const&) = 0;
    virtual Size copy(Call&) = 0;
};
inline constexpr auto mirror_contract = volutus::contract<Mirror>(
    "volutus.test.mirror/1", required<&Mirror::reflect>("reflect"), required<&Mirror::context>("context"),
    required<&Mirror::fail>("fail"), required<&Mirror::copy>("copy"));

inline Size copy_streams(Call& call) {
    Size copied;
    std::string buffer(100'000, '\0');
    auto input = call.input();
    auto output = call.output();
    while (auto const got = input.read(buffer.data(), buffer.size())) {
        output.write(buffer.data(), got);
        copied.size += got;
    }
    output.close();
    return copied;
}

inline Error error_of(Failure const& failure) {
    return Error(code_from(failure.status), failure.message,
                 failure.details ? json::print(*failure.details) : std::string());
}

} // namespace volutus::test
