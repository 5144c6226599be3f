// Serves one empty request, for a load generator to ask in a loop: GET / of 1.2 kB of JSON from an inline handler, and
// the same at /pool through the pool. Prints its port, and ends when its input does. gateway_bench.sh compares it.
#include "kernel/gateway/gateway.hpp"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

namespace gateway = volutus::kernel::gateway;

namespace {
class Fixed final : public gateway::Handler {
public:
    explicit Fixed(std::string body) : body_(std::move(body)) {}
    gateway::Response handle(gateway::Request&) override {
        gateway::Response response;
        response.headers.emplace_back("Content-Type", "application/json");
        response.body = body_;
        return response;
    }
    gateway::Response refuse(gateway::Request const&, gateway::Refusal const& refusal) override {
        gateway::Response response;
        response.status = refusal.status;
        return response;
    }

private:
    std::string const body_;
};

std::string read_file(char const* path) {
    std::string out;
    if (auto* const file = std::fopen(path, "r")) {
        char piece[4096];
        while (auto const count = std::fread(piece, 1, sizeof piece, file)) out.append(piece, count);
        std::fclose(file);
    }
    return out;
}
} // namespace

int main(int count, char** arguments) {
    if (count != 2) return std::fputs("usage: gateway_bench BODY-FILE\n", stderr), 2;
    gateway::Route at_once;
    at_once.method = "GET";
    at_once.pattern = at_once.id = "/";
    at_once.reads_only = true;
    auto later = at_once;
    later.pattern = later.id = "/pool";
    later.reads_only = false;
    gateway::Mount mount{"bench", std::make_shared<Fixed>(read_file(arguments[1])), {{"main", ""}}, {at_once, later}};
    gateway::Config config;
    config.listeners.resize(1);
    volutus::kernel::metrics::Metrics metrics;
    gateway::Gateway const served(config, std::make_shared<gateway::Router>(std::vector{mount}), metrics);
    fmt::print("{}\n", served.port("main"));
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
}
