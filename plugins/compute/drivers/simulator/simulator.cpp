#include "simulator.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace volutus::compute::simulator {

namespace {

constexpr std::size_t events_kept = 1000;
constexpr auto way_back = std::chrono::milliseconds(200); // an empty answer must arrive before the deadline

hypervisor::State state_of(Guest const& guest) { return {guest.id, guest.host, guest.power, true}; }

bool has_ended(Guest const& guest) {
    return guest.power == hypervisor::Power::off || guest.power == hypervisor::Power::crashed;
}

bool begins_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// "start" means the call of every server, "start:web-" of those whose names begin with web-.
bool is_named(std::vector<std::string> const& rules, std::string_view call, std::string_view name) {
    return std::any_of(rules.begin(), rules.end(), [&](std::string_view rule) {
        auto const colon = rule.find(':');
        if (rule.substr(0, colon) != call) return false;
        return colon == rule.npos || begins_with(name, rule.substr(colon + 1));
    });
}

[[noreturn]] void no_such(std::string const& id) {
    throw Error(Code::not_found, fmt::format("there is no guest {} on the simulator", id));
}

} // namespace

Simulator::Simulator(Settings settings) : settings_(std::move(settings)), guests_(settings_.directory) {}

hypervisor::Hosts Simulator::hosts(Call&) {
    hypervisor::Hosts out;
    for (std::int64_t i = 1; i <= settings_.hosts; ++i) {
        auto& host = out.hosts.emplace_back();
        host.name = fmt::format("{}{}", settings_.prefix, i);
        host.type = "simulator";
        host.version = 1000000;
        host.vcpus = settings_.vcpus;
        host.memory_mb = settings_.memory_mb;
        host.disk_gb = settings_.disk_gb;
        host.address = "127.0.0.1";
        host.cpu = {{"arch", "x86_64"},
                    {"model", "simulated"},
                    {"vendor", "Volutus"},
                    {"features", json::array()},
                    {"topology", {{"cores", settings_.vcpus}, {"sockets", 1}, {"threads", 1}}}};
    }
    return out;
}

std::string Simulator::name_of(std::string const& id) const {
    auto const guest = guests_.find(id);
    return guest ? guest->name : std::string();
}

void Simulator::misbehave(std::string_view what, std::string const& name) const {
    if (settings_.latency_ms > 0) world::sleep_for(std::chrono::milliseconds(settings_.latency_ms));
    if (is_named(settings_.crashes, what, name)) std::abort();
    if (is_named(settings_.hangs, what, name)) {
        if (settings_.hang_ms > 0) world::sleep_for(std::chrono::milliseconds(settings_.hang_ms));
        while (settings_.hang_ms == 0) world::sleep_for(std::chrono::hours(1));
    }
    if (is_named(settings_.fails, what, name))
        throw Error(Code::internal, fmt::format("the simulator was told to fail {} of {}", what, name));
}

void Simulator::happened(Guest const& guest) {
    world::Lock lock(mutex_);
    events_.push_back(state_of(guest));
    ++next_event_;
    if (events_.size() > events_kept) events_.pop_front();
    news_.notify_all();
}

void Simulator::boot(Guest& guest) {
    guest.power = hypervisor::Power::running;
    guest.console += fmt::format("[    0.000000] Simulated guest {} on {}\n", guest.name, guest.host);
    for (auto const& nic : guest.nics)
        guest.console += fmt::format("[    0.100000] {}: {} on {}\n", nic.device, nic.mac, nic.bridge);
    guest.console += fmt::format("\n{} login: ", guest.name);
}

void Simulator::prepare(Call& call, hypervisor::Server const& server) {
    misbehave("prepare", server.name);
    guests_.change(server.id, call.operation(), [&](std::optional<Guest>& guest) {
        if (!guest) guest.emplace();
        guest->id = server.id;
        guest->host = server.host;
        guest->name = server.name;
    });
}

void Simulator::start(Call& call, hypervisor::Server const& server) {
    misbehave("start", server.name);
    std::optional<Guest> ended;
    guests_.change(server.id, call.operation(), [&](std::optional<Guest>& guest) {
        if (!guest)
            throw Error(Code::conflict,
                        fmt::format("guest {} has no disks; prepare it before it is started", server.id));
        guest->name = server.name;
        guest->nics = server.nics;
        if (guest->power == hypervisor::Power::running) return;
        boot(*guest);
        if (std::none_of(settings_.powers_off.begin(), settings_.powers_off.end(),
                         [&](auto const& prefix) { return begins_with(guest->name, prefix); }))
            return;
        guest->power = hypervisor::Power::off;
        ended = guest;
    });
    if (ended) happened(*ended);
}

void Simulator::power(Call& call, hypervisor::ServerId const& server, std::string_view what, hypervisor::Power wanted) {
    misbehave(what, name_of(server.id));
    guests_.change(server.id, call.operation(), [&](std::optional<Guest>& guest) {
        if (!guest) no_such(server.id);
        if (has_ended(*guest)) throw Error(Code::conflict, fmt::format("guest {} is off", server.id));
        guest->power = wanted;
    });
}

void Simulator::pause(Call& call, hypervisor::ServerId const& server) {
    power(call, server, "pause", hypervisor::Power::paused);
}

void Simulator::unpause(Call& call, hypervisor::ServerId const& server) {
    power(call, server, "unpause", hypervisor::Power::running);
}

void Simulator::end_guest(Call& call, End const& end) {
    Guest ended;
    guests_.change(end.id, call.operation(), [&](std::optional<Guest>& guest) {
        if (!guest) no_such(end.id);
        if (has_ended(*guest)) throw Error(Code::conflict, fmt::format("guest {} does not run", end.id));
        guest->power = end.crashed ? hypervisor::Power::crashed : hypervisor::Power::off;
        ended = *guest;
    });
    happened(ended);
}

void Simulator::stop(Call& call, hypervisor::Stop const& wanted) {
    misbehave("stop", name_of(wanted.id));
    guests_.change(wanted.id, call.operation(), [](std::optional<Guest>& guest) {
        if (guest) guest->power = hypervisor::Power::off;
    });
}

void Simulator::reboot(Call& call, hypervisor::Stop const& wanted) {
    misbehave("reboot", name_of(wanted.id));
    guests_.change(wanted.id, call.operation(), [&](std::optional<Guest>& guest) {
        if (!guest) no_such(wanted.id);
        boot(*guest);
    });
}

void Simulator::remove(Call& call, hypervisor::ServerId const& server) {
    misbehave("remove", name_of(server.id));
    guests_.change(server.id, call.operation(), [](std::optional<Guest>& guest) { guest.reset(); });
}

std::optional<hypervisor::State> Simulator::show(Call&, hypervisor::ServerId const& server) {
    auto const guest = guests_.find(server.id);
    if (!guest) return std::nullopt;
    return state_of(*guest);
}

hypervisor::States Simulator::list(Call&, hypervisor::HostName const& host) {
    hypervisor::States out;
    for (auto const& guest : guests_.all())
        if (guest.host == host.host) out.servers.push_back(state_of(guest));
    return out;
}

hypervisor::Text Simulator::console_log(Call&, hypervisor::Log const& wanted) {
    misbehave("console_log", name_of(wanted.id));
    auto const guest = guests_.find(wanted.id);
    if (!guest) no_such(wanted.id);
    auto const& text = guest->console;
    return {text.substr(text.size() - std::min<std::size_t>(text.size(), wanted.most_bytes))};
}

// A peer that greets as a VNC server does, and hangs up.
void Simulator::console(Call& call, hypervisor::ConsoleOf const& wanted) {
    if (!guests_.find(wanted.id)) no_such(wanted.id);
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw Error(Code::unavailable, "no pair of sockets for a console; are there too many open files?");
    constexpr std::string_view greeting = "RFB 003.008\n";
    auto const written = ::send(ends[1], greeting.data(), greeting.size(), MSG_NOSIGNAL);
    ::close(ends[1]);
    if (written != static_cast<ssize_t>(greeting.size())) {
        ::close(ends[0]);
        throw Error(Code::unavailable, "a console could not be greeted");
    }
    call.output().give_descriptor({ends[0], 0, 0}, true);
}

hypervisor::Events Simulator::events(Call& call, hypervisor::Since const& since) {
    world::Lock lock(mutex_);
    hypervisor::Events out;
    auto const first_kept = next_event_ - events_.size();
    auto from = since.number == 0 ? next_event_ : since.number;
    if (from < first_kept || from > next_event_) { // older than what is kept, or of an earlier life
        out.missed = true;
        from = next_event_;
    } else {
        auto const bounded = call.deadline() != world::Instant::max();
        auto const until = bounded ? call.deadline() - way_back : world::Instant::max();
        // In pieces, so that a call that was cancelled does not wait for its deadline.
        while (from == next_event_ && world::now() < until && !call.cancelled())
            news_.wait_until(lock, std::min(until, world::now() + std::chrono::milliseconds(250)));
    }
    for (auto number = from; number < next_event_; ++number)
        out.changed.push_back(events_[number - (next_event_ - events_.size())]);
    out.next = next_event_;
    return out;
}

} // namespace volutus::compute::simulator
