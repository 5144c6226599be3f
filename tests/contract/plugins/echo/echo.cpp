// The plugin of the contract suite, as a vendor would write it.
#include "contract/echo.hpp"

#include <volutus/plugin.hpp>

#include <cstdlib>
#include <unistd.h>

namespace volutus::test {
namespace {

class EchoPlugin : public Plugin, private Echo {
public:
    explicit EchoPlugin(Host host) : Plugin(host), mirror_(host) { provide<echo_contract>(*this); }

    void configure(Call&, json::object const& config) override {
        if (config.contains("refuse")) throw Error(Code::invalid, "'refuse': was asked for");
        config_ = json::print(config);
    }
    void start(Call&) override { started_ = true; }

private:
    Text echo(Call&, Text const& request) override { return request; }
    void fail(Call&, Failure const& failure) override { throw error_of(failure); }

    Context context(Call& call) override {
        auto const operation = call.operation();
        return {std::string(call.caller()),
                std::string(call.trace()),
                std::string(operation.task),
                std::string(operation.step),
                operation.attempt,
                operation.epoch,
                call.deadline().time_since_epoch().count(),
                std::string(call.traceparent()),
                std::string(call.tracestate())};
    }

    Depth relay(Call& call, Depth const& wanted) override {
        if (wanted.depth == 0) return {0};
        return {mirror_.call<&Mirror::reflect>(call, Depth{wanted.depth - 1}).depth + 1};
    }
    Depth relay_alone(Call&, Depth const& wanted) override {
        return {mirror_.call<&Mirror::reflect>(nullptr, Depth{wanted.depth - 1}).depth + 1};
    }
    Context nested_context(Call& call) override { return mirror_.call<&Mirror::context>(call); }

    Text nested_failure(Call& call, Failure const& failure) override {
        try {
            mirror_.call<&Mirror::fail>(call, failure);
        } catch (Error const& error) {
            return {std::string(to_string(error.code())) + "|" + error.what() + "|" + error.details()};
        }
        return {"no error"};
    }

    Size copy(Call& call) override { return copy_streams(call); }
    Size relay_copy(Call& call) override {
        auto const reply =
            host().call(&call, mirror_contract.name, "copy", "", "{}", call.input().raw(), call.output().raw());
        return json::decode<Size>(json::parse(reply));
    }

    Text take(Call& call) override {
        Stream::Descriptor given{};
        if (!call.input().take_descriptor(given)) return {"no descriptor"};
        std::string text(given.length, '\0');
        auto const got = ::pread(given.fd, text.data(), text.size(), static_cast<off_t>(given.offset));
        ::close(given.fd);
        text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return {text};
    }

    void give(Call& call, Text const& text) override {
        int ends[2];
        if (::pipe(ends) != 0) throw Error(Code::internal, "no pipe");
        [[maybe_unused]] auto const put = ::write(ends[1], text.text.data(), text.text.size());
        ::close(ends[1]);
        call.output().give_descriptor({ends[0], 0, text.text.size()}, true);
    }

    void wait(Call& call) override {
        while (!call.cancelled()) world::sleep_for(std::chrono::milliseconds(1));
        call.check();
    }
    void progress(Call& call) override { call.progress(420, "nearly half"); }
    Text large(Call&, Size const& size) override { return {std::string(size.size, 'x')}; }
    void retain(Call&) override { host().raw()->retain(host().raw()); }
    void release(Call&) override { host().raw()->release(host().raw()); }
    Text configured(Call&) override { return {config_ + (started_ ? " started" : "")}; }
    void crash(Call&) override { std::abort(); }
    void hang(Call&) override {
        while (true) ::pause();
    }

    Client<mirror_contract> mirror_;
    std::string config_;
    bool started_ = false;
};

constexpr auto manifest =
    volutus::manifest("echo", "1.0.0", vendor("Volutus"), licence("Apache-2.0"), provides(echo_contract));

} // namespace
} // namespace volutus::test

VOLUTUS_PLUGIN(volutus::test::manifest, volutus::test::EchoPlugin)
