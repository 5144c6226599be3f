// What a call costs over each link, beside what the same work costs without one.
//
//     link_bench; the ratios stand in the counters of the last rows
#include "contract/link_fixture.hpp"

#include <benchmark/benchmark.h>

#include <sys/socket.h>
#include <sys/wait.h>

namespace volutus::test {
namespace {

Text const small{"0123456789abcdef"};

// The floor: the JSON of request and reply, both ways, and a function.
void bare_function(benchmark::State& state) {
    for (auto _ : state) {
        auto const request = json::print(small);
        auto const reply = json::print(json::decode<Text>(json::parse(request)));
        benchmark::DoNotOptimize(json::decode<Text>(json::parse(reply)));
    }
}
BENCHMARK(bare_function);

// The floor of two processes: one byte there and one back.
void bare_socket(benchmark::State& state) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return state.SkipWithError("socketpair");
    pid_t const child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        char byte;
        while (::read(ends[1], &byte, 1) == 1)
            if (::write(ends[1], &byte, 1) != 1) break;
        ::_exit(0);
    }
    ::close(ends[1]);
    char byte = 'x';
    for (auto _ : state)
        if (::write(ends[0], &byte, 1) != 1 || ::read(ends[0], &byte, 1) != 1) return state.SkipWithError("ping-pong");
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
}
BENCHMARK(bare_socket)->UseRealTime();

// The floor of handing work to another thread and taking its answer.
void bare_threads(benchmark::State& state) {
    world::Mutex mutex;
    world::Condition changed;
    int turn = 0; // 0: mine, 1: the other's, 2: the end
    world::Thread other("other", [&] {
        world::Lock lock(mutex);
        while (true) {
            changed.wait(lock, [&] { return turn != 0; });
            if (turn == 2) return;
            turn = 0;
            changed.notify_all();
        }
    });
    for (auto _ : state) {
        world::Lock lock(mutex);
        turn = 1;
        changed.notify_all();
        changed.wait(lock, [&] { return turn == 0; });
    }
    {
        world::Lock lock(mutex);
        turn = 2;
    }
    changed.notify_all();
}
BENCHMARK(bare_threads)->UseRealTime();

// The contract's client over a link, as a service plugin uses it.
void call_over(benchmark::State& state, bool process) {
    Kernel kernel;
    std::shared_ptr<Link> link;
    if (process) {
        link = std::make_shared<ProcessLink>(kernel.host_of("echo"), quick("echo"));
    } else {
        auto const library = open_library(plugin_path("echo"));
        link = std::make_shared<InProcessLink>(kernel.host_of("echo"), library.entry, library.keep,
                                               std::chrono::seconds(20));
    }
    kernel.registry.add("echo", std::string(echo_contract.name), "", link);
    RootCall root;
    for (auto _ : state) benchmark::DoNotOptimize(kernel.echo.call<&Echo::echo>(root.call, small));
    kernel.registry.remove("echo");
}
BENCHMARK_CAPTURE(call_over, in_process, false)->UseRealTime();
BENCHMARK_CAPTURE(call_over, process, true)->UseRealTime();

// Into the plugin, from there into the kernel, and into the plugin again.
void nested_over(benchmark::State& state, bool process) {
    Kernel kernel;
    std::shared_ptr<Link> link;
    if (process) {
        link = std::make_shared<ProcessLink>(kernel.host_of("echo"), quick("echo"));
    } else {
        auto const library = open_library(plugin_path("echo"));
        link = std::make_shared<InProcessLink>(kernel.host_of("echo"), library.entry, library.keep,
                                               std::chrono::seconds(20));
    }
    kernel.registry.add("echo", std::string(echo_contract.name), "", link);
    RootCall root;
    for (auto _ : state) benchmark::DoNotOptimize(kernel.echo.call<&Echo::nested_context>(root.call));
    kernel.registry.remove("echo");
}
BENCHMARK_CAPTURE(nested_over, in_process, false)->UseRealTime();
BENCHMARK_CAPTURE(nested_over, process, true)->UseRealTime();

} // namespace
} // namespace volutus::test

BENCHMARK_MAIN();
