// A kernel of a registry and a mirror, and a plugin over one of the links.
#pragma once

#include "contract/echo.hpp"

#include "kernel/plugin/descriptor.hpp"
#include "kernel/plugin/in_process_link.hpp"
#include "kernel/plugin/library.hpp"
#include "kernel/plugin/process_link.hpp"
#include "kernel/plugin/registry.hpp"

#include <testkit/refusal.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace volutus::test {

using namespace kernel::plugin;
using testkit::refusal;

inline std::string plugin_path(std::string const& name) { return fmt::format("{}/{}.so", CONTRACT_PLUGINS, name); }
inline std::string const plugin_host = PLUGIN_HOST;

// The kernel's side of the suite; calls back into the plugin.
class MirrorDriver : public Mirror {
public:
    explicit MirrorDriver(Host host) : echo_(host) {}
    Depth reflect(Call& call, Depth const& wanted) override {
        if (wanted.depth == 0) return {0};
        return echo_.call<&Echo::relay>(call, wanted);
    }
    Context context(Call& call) override { return echo_.call<&Echo::context>(call); }
    void fail(Call&, Failure const& failure) override { throw error_of(failure); }
    Size copy(Call& call) override { return copy_streams(call); }

private:
    Client<echo_contract> echo_;
};

// Gives `input`, and keeps what is written.
struct MemoryStream : vlt_stream {
    explicit MemoryStream(std::string input = {}) : vlt_stream{}, input(std::move(input)) {
        head = {sizeof(vlt_stream), VLT_ABI_MAJOR, VLT_ABI_MINOR};
        read = [](vlt_stream* raw, vlt_span into, std::uint64_t* count) -> vlt_status {
            auto& self = *static_cast<MemoryStream*>(raw);
            *count = std::min<std::uint64_t>(into.size, self.input.size() - self.at);
            std::copy_n(self.input.data() + self.at, *count, static_cast<char*>(into.data));
            self.at += *count;
            return VLT_OK;
        };
        write = [](vlt_stream* raw, vlt_str bytes, std::uint64_t* count) -> vlt_status {
            auto& self = *static_cast<MemoryStream*>(raw);
            if (self.refuses != VLT_OK) return self.refuses;
            *count = std::min<std::uint64_t>(bytes.size, 70'000); // short, as a socket would be
            self.output.append(bytes.data, *count);
            return VLT_OK;
        };
        close = [](vlt_stream* raw) -> vlt_status {
            static_cast<MemoryStream*>(raw)->closed = true;
            return VLT_OK;
        };
        give_fd = [](vlt_stream* raw, std::int32_t fd, std::uint64_t, std::uint64_t length,
                     std::int32_t owned) -> vlt_status {
            auto& self = *static_cast<MemoryStream*>(raw);
            self.given.reset(owned ? fd : ::dup(fd));
            self.given_length = length;
            return VLT_OK;
        };
        take_fd = [](vlt_stream* raw, std::int32_t* fd, std::uint64_t* offset, std::uint64_t* length) -> vlt_status {
            auto& self = *static_cast<MemoryStream*>(raw);
            if (!self.gift) return VLT_UNSUPPORTED;
            *fd = self.gift.release();
            *offset = self.gift_offset;
            *length = self.gift_length;
            return VLT_OK;
        };
    }
    std::string input, output;
    std::size_t at = 0;
    vlt_status refuses = VLT_OK;
    bool closed = false;
    Descriptor given, gift;
    std::uint64_t given_length = 0, gift_offset = 0, gift_length = 0;
};

// Outlives the links that call it.
class Kernel {
public:
    Kernel() {
        registry.add_built_in(std::string(mirror_contract.name), [this](std::string const&) {
            return std::make_shared<BuiltIn<mirror_contract>>(std::make_unique<MirrorDriver>(registry.host()));
        });
    }
    std::shared_ptr<HostSide> host_of(std::string const& plugin) {
        return std::make_shared<HostSide>(registry, plugin);
    }

    Registry registry;
    Client<echo_contract> echo{registry.host()};
};

// Short waits, so that failures are found within a test.
inline ProcessOptions quick(std::string const& plugin) {
    ProcessOptions options;
    options.program = plugin_host;
    options.library = plugin_path(plugin);
    options.patience = std::chrono::seconds(20);
    options.grace = std::chrono::milliseconds(100);
    options.wait_for_restart = std::chrono::seconds(20);
    options.first_delay = std::chrono::milliseconds(5);
    return options;
}

// A call from outside: what the gateway or the task runner would make.
struct RootCall {
    CallContext context;
    CallFrame frame{context};
    Call call{&frame};
};

// Keeps the spans that ended.
struct KeptSpans final : kernel::trace::Tracer {
    void ended(kernel::trace::Span span) override {
        world::Lock lock(mutex);
        spans.push_back(std::move(span));
    }
    // The only one of this name.
    kernel::trace::Span of(std::string_view name) const {
        world::Lock lock(mutex);
        kernel::trace::Span found;
        for (auto const& span : spans) {
            if (span.name != name) continue;
            EXPECT_EQ(found.name, "") << name << " more than once";
            found = span;
        }
        EXPECT_EQ(found.name, name);
        return found;
    }
    mutable world::Mutex mutex;
    std::vector<kernel::trace::Span> spans;
};

// What each link owes a caller.
inline void expect_every_error_to_arrive(Client<echo_contract> const& echo, Call& call) {
    for (std::int32_t status = VLT_INVALID; status <= VLT_RATE_LIMITED; ++status) {
        auto const number = std::to_string(status);
        auto const error = refusal([&] {
            echo.call<&Echo::fail>(call, Failure{status, "message " + number, json::object{{"status", status}}});
        });
        EXPECT_EQ(static_cast<std::int32_t>(error.code()), status);
        EXPECT_EQ(error.what(), "message " + number);
        EXPECT_EQ(error.details(), "{\"status\":" + number + "}");
    }
}

} // namespace volutus::test
