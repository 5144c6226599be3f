#include <kernel/world/simulation.hpp>

#include <algorithm>
#include <memory>

namespace volutus::world {

namespace {
std::pair<std::uint64_t, std::uint64_t> between(Node const& one, Node const& other) {
    return std::minmax({one.id(), other.id()});
}

struct Answer {
    std::optional<std::string> reply;
    WaitQueue arrived;
};
} // namespace

void Network::serve(Handler handler) { Simulation::current().here().handler_ = std::move(handler); }

std::optional<std::string> Network::call(Node& to, std::string request, Instant deadline) {
    Node& from = Simulation::current().here();
    // Shared with the messages: a late one must find it when the caller has gone.
    auto const answer = std::make_shared<Answer>();
    deliver(to, [this, &from, &to, answer, request = std::move(request)] {
        if (!to.handler_) return;
        auto const handler = to.handler_; // it may serve anew while this runs
        auto reply = handler(request);
        send(to, from, [answer, reply = std::move(reply)] {
            if (!answer->reply) answer->reply = reply;
            answer->arrived.wake_all();
        });
    });
    while (!answer->reply)
        if (!answer->arrived.wait(deadline, "a reply")) break;
    return std::move(answer->reply);
}

void Network::deliver(Node& to, std::function<void()> message) {
    send(Simulation::current().here(), to, [this, &to, message = std::move(message)] {
        if (to.running_) scheduler_.spawn(to.process_, "message", message);
    });
}

void Network::send(Node& from, Node& to, std::function<void()> arrived) {
    Random& random = scheduler_.random();
    auto const copies = random.one_in(faults_.lost_one_in) ? 0 : random.one_in(faults_.doubled_one_in) ? 2 : 1;
    scheduler_.trace().note("send", from.id() << 32 | to.id(), static_cast<std::uint64_t>(copies));
    if (is_cut(from, to)) return;
    for (int copy = 0; copy < copies; ++copy) {
        auto const most = random.one_in(faults_.late_one_in) ? faults_.late_at_most : faults_.most;
        scheduler_.at(scheduler_.now() + random.between(faults_.least, most), [this, &from, &to, arrived] {
            if (is_cut(from, to)) return;
            scheduler_.trace().note("arrive", from.id() << 32 | to.id());
            arrived();
        });
    }
}

void Network::cut(Node& one, Node& other) { cuts_.insert(between(one, other)); }

void Network::heal(Node& one, Node& other) { cuts_.erase(between(one, other)); }

bool Network::is_cut(Node const& one, Node const& other) const { return cuts_.count(between(one, other)) > 0; }

} // namespace volutus::world
