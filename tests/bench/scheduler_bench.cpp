// Scheduling decisions of 8 clients at once: each asks for the ten best hosts of a zone for a small server. The index is
// filled by the store, as the daemon's is; no two hosts have the same room. scheduler_bench HOSTS...
#include <kernel/scheduler/scheduler.hpp>
#include <testkit/temporary_folder.hpp>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace {

namespace scheduler = volutus::kernel::scheduler;
namespace store = volutus::kernel::store;
namespace contract = volutus::store;
namespace world = volutus::world;

constexpr int clients = 8;
constexpr int rounds = 50; // of each client in an iteration
constexpr std::uint64_t hosts_an_apply = 200;

contract::SetAccount stock(std::string const& host, char const* resource, std::int64_t most) {
    contract::SetAccount account;
    account.account = host;
    account.resource = resource;
    account.total = most / 2 + static_cast<std::int64_t>(world::random_u64() % static_cast<std::uint64_t>(most / 2));
    return account;
}

class Hosts {
public:
    explicit Hosts(std::uint64_t count) : store_(options()), scheduler_(store_, {}) {
        contract::Kind kind;
        kind.name = "bench.host";
        store_.declare("bench", {kind});
        for (std::uint64_t made = 0; made < count;) {
            contract::Apply apply;
            for (std::uint64_t i = 0; i < hosts_an_apply && made < count; ++i, ++made) {
                auto const id = fmt::format("{:016x}-{}", (made + 1) * 0x9e3779b97f4a7c15u, made);
                apply.put.push_back({"bench.host", id, {{"aggregates", {"zone"}}}});
                apply.set.push_back(stock(id, "VCPU", 256));
                apply.set.push_back(stock(id, "MEMORY_MB", 262'144));
                apply.set.push_back(stock(id, "DISK_GB", 8'000));
            }
            store_.apply("bench", apply);
        }
        scheduler_.declare({"bench.host", "", "aggregates"});
        scheduler_.start();
    }
    scheduler::Scheduler const& scheduler() const { return scheduler_; }

private:
    store::Options options() const {
        store::Options options;
        options.database.path = folder_ / "store.db";
        return options;
    }
    volutus::testkit::TemporaryFolder folder_{std::filesystem::current_path()};
    store::Store store_;
    scheduler::Scheduler scheduler_;
};

void decisions(benchmark::State& state, Hosts const& hosts) {
    volutus::scheduler::Demand demand;
    demand.resources = {{"VCPU", 1}, {"MEMORY_MB", 512}, {"DISK_GB", 1}};
    demand.forbidden = {"COMPUTE_STATUS_DISABLED"};
    demand.member_of = {{"zone"}};
    for (auto _ : state) {
        std::vector<world::Thread> threads;
        for (int client = 0; client < clients; ++client)
            threads.emplace_back("client", [&] {
                for (int i = 0; i < rounds; ++i)
                    if (hosts.scheduler().candidates(demand).candidates.empty()) std::abort();
            });
    }
    state.SetItemsProcessed(state.iterations() * clients * rounds);
}

} // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        std::string_view const text(argv[i]);
        std::uint64_t hosts = 0;
        if (std::from_chars(text.data(), text.data() + text.size(), hosts).ec != std::errc() || hosts < 1)
            return fmt::print(stderr, "usage: scheduler_bench [--benchmark_...] HOSTS...\n"), 2;
        auto const there = std::make_shared<Hosts>(hosts);
        auto const name = fmt::format("decisions among {}", hosts);
        benchmark::RegisterBenchmark(name.c_str(), [there](benchmark::State& state) {
            decisions(state, *there);
        })->UseRealTime();
    }
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
