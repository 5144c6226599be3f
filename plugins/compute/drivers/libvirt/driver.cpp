#include "driver.hpp"

#include "console_text.hpp"
#include "host_description.hpp"
#include "virtualisation.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace volutus::compute::libvirt {

using hypervisor::ConsoleOf;
using hypervisor::Events;
using hypervisor::HostName;
using hypervisor::Hosts;
using hypervisor::Log;
using hypervisor::Power;
using hypervisor::Server;
using hypervisor::ServerId;
using hypervisor::Since;
using hypervisor::State;
using hypervisor::States;
using hypervisor::Stop;

namespace {

constexpr auto news_delay = std::chrono::seconds(5); // an event comes right after the call that caused it

std::string host_name(std::string const& configured) {
    if (!configured.empty()) return configured;
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || !name[0])
        throw Error(Code::invalid, "this host has no name; set `host` in the plugin's configuration");
    return name.data();
}

Settings checked(Settings settings) {
    world::make_directory(settings.directory);
    if (::chmod(settings.directory.c_str(), 0711) != 0)
        throw Error(Code::invalid, fmt::format("{} must belong to the daemon's user", settings.directory));
    return settings;
}

Power power_of(int state, int reason) {
    switch (state) {
    case VIR_DOMAIN_PAUSED: return reason == VIR_DOMAIN_PAUSED_CRASHED ? Power::crashed : Power::paused;
    case VIR_DOMAIN_PMSUSPENDED: return Power::paused;
    case VIR_DOMAIN_SHUTOFF: return reason == VIR_DOMAIN_SHUTOFF_CRASHED ? Power::crashed : Power::off;
    case VIR_DOMAIN_CRASHED: return Power::crashed;
    default: return Power::running; // also on its way down
    }
}

Power power_of(virDomainPtr domain) {
    int state = 0, reason = 0;
    if (virDomainGetState(domain, &state, &reason, 0) != 0)
        throw last_error("asking for the state of " + id_of(domain));
    return power_of(state, reason);
}

bool is_active(virDomainPtr domain) {
    int const active = virDomainIsActive(domain);
    if (active < 0) throw last_error("asking whether guest " + id_of(domain) + " runs");
    return active == 1;
}

json::object record_of(Server const& server, bool disks) { return {{"disks", disks}, {"image", server.image_sha512}}; }

bool has_disks(json::object const& record) { return record.at("disks").as_bool(); }

} // namespace

Driver::Driver(Host host, Settings settings)
    : host_(host), settings_(checked(std::move(settings))), name_(host_name(settings_.host)),
      connection_(settings_.uri, changes_),
      images_(host, settings_.directory + "/images", static_cast<std::uint64_t>(settings_.image_limit_gb) << 30),
      disks_(settings_.directory + "/servers"), records_(settings_.directory + "/records") {
    if (settings_.virtualisation == "kvm") virtualisation_ = Virtualisation::kvm;
    if (settings_.virtualisation == "tcg") virtualisation_ = Virtualisation::tcg;
}

void Driver::begin() { loop_.start(); }

void Driver::end() {
    changes_.close();
    serial_consoles_.end();
    connection_.close();
    loop_.stop();
}

void Driver::check_host(std::string const& host) const {
    if (host != name_) throw Error(Code::not_found, fmt::format("there is no host {} here, only {}", host, name_));
}

void Driver::check_id(std::string const& id) const {
    if (id.size() != 36 || !is_uuid(id))
        throw Error(Code::invalid, fmt::format("'{}' is no id of a server, a UUID", id));
}

Virtualisation Driver::virtualisation(Call& call, virConnectPtr connect) {
    world::Lock lock(probe_mutex_);
    if (!virtualisation_) virtualisation_ = probe_virtualisation(host_, connect, changes_, call, settings_.directory);
    return *virtualisation_;
}

Hosts Driver::hosts(Call& call) {
    auto const connect = connection_.get();
    return {{describe_host(connect.get(), settings_, name_, virtualisation(call, connect.get()))}};
}

void Driver::prepare(Call& call, Server const& server) {
    check_host(server.host);
    check_id(server.id);
    auto record = records_.hold(server.id, call.operation());
    if (record.body() && has_disks(*record.body()) && disks_.there(server.id)) return;
    record.write(record_of(server, false)); // so that a crash from here on leaves something to remove
    trim_cache();
    auto const base = images_.get(call, server.image, server.image_sha512, server.image_format);
    disks_.make(call, server, base);
    record.write(record_of(server, true));
}

// Images that no server needs go, the least recently used first, once all together are too large.
void Driver::trim_cache() {
    std::set<std::string> used;
    for (auto const& id : records_.present())
        if (auto const record = records_.read(id)) used.insert(json::text(record->at("image")));
    images_.trim(used, static_cast<std::uint64_t>(settings_.cache_gb) << 30);
}

void Driver::start(Call& call, Server const& server) {
    check_host(server.host);
    check_id(server.id);
    auto record = records_.hold(server.id, call.operation());
    if (!record.body() || !has_disks(*record.body()) || !disks_.there(server.id))
        throw Error(Code::conflict, fmt::format("the disks of server {} are not there; prepare it first", server.id));
    auto const connect = connection_.get();
    if (auto const there = find_domain(connect.get(), server.id); there && is_active(there.get())) {
        if (power_of(there.get()) != Power::paused || virDomainResume(there.get()) == 0) return;
        // A guest begins paused: a start whose caller died may have gone on meanwhile.
        auto const error = last_error("resuming server " + server.id);
        if (error.code() != Code::conflict || power_of(there.get()) != Power::running) throw error;
        return;
    }
    auto const base = images_.get(call, server.image, server.image_sha512, server.image_format);
    auto const xml =
        domain_xml(server, disks_.of(server.id), base, virtualisation(call, connect.get()), call.operation().epoch);
    Domain const domain(virDomainDefineXMLFlags(connect.get(), xml.c_str(), VIR_DOMAIN_DEFINE_VALIDATE));
    if (!domain) throw last_error("defining server " + server.id);
    power_on(call, domain.get(), server.id);
}

void Driver::power_on(Call& call, virDomainPtr domain, std::string const& id) {
    call.check();
    if (virDomainCreate(domain) != 0) throw last_error("starting server " + id);
}

// The guest is asked first. Whether it has gone is asked of libvirt again whenever an event says that something
// happened: an event may be lost with the connection.
void Driver::power_off(Call& call, std::string const& id, std::uint32_t patience_seconds) {
    auto connect = connection_.get();
    auto domain = find_domain(connect.get(), id);
    if (!domain || !is_active(domain.get())) return;
    Changes::Watch watch(changes_, id);
    auto const until = world::now() + std::chrono::seconds(patience_seconds);
    bool const asked = patience_seconds > 0 && power_of(domain.get()) == Power::running &&
                       virDomainShutdownFlags(domain.get(), VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) == 0;
    while (asked && watch.wait_for(Change::stopped, call, until)) {
        connect = connection_.get();
        domain = find_domain(connect.get(), id);
        if (!domain || !is_active(domain.get())) return;
    }
    if (virDomainDestroy(domain.get()) != 0) {
        auto const error = last_error("switching off server " + id);
        if (error.code() != Code::conflict && error.code() != Code::not_found) throw error; // else it is off already
        return;
    }
    watch.wait_for(Change::stopped, call, world::now() + news_delay); // our own doing, and so no news
}

void Driver::stop(Call& call, Stop const& wanted) {
    check_host(wanted.host);
    check_id(wanted.id);
    auto const record = records_.hold(wanted.id, call.operation());
    if (record.body()) power_off(call, wanted.id, wanted.patience_seconds);
}

void Driver::reboot(Call& call, Stop const& wanted) {
    check_host(wanted.host);
    check_id(wanted.id);
    auto const record = records_.hold(wanted.id, call.operation());
    if (!record.body()) throw Error(Code::not_found, fmt::format("there is no server {}", wanted.id));
    power_off(call, wanted.id, wanted.patience_seconds);
    auto const connect = connection_.get();
    auto const domain = find_domain(connect.get(), wanted.id);
    if (!domain) throw Error(Code::conflict, fmt::format("server {} was never started", wanted.id));
    power_on(call, domain.get(), wanted.id);
}

void Driver::remove(Call& call, ServerId const& server) {
    check_host(server.host);
    check_id(server.id);
    auto record = records_.hold(server.id, call.operation());
    if (!record.body()) return;
    power_off(call, server.id, 0);
    auto const connect = connection_.get();
    if (auto const domain = find_domain(connect.get(), server.id)) {
        auto const all = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                         VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM;
        if (virDomainUndefineFlags(domain.get(), static_cast<unsigned>(all)) != 0) {
            auto const error = last_error("removing server " + server.id);
            if (error.code() != Code::not_found) throw error;
        }
    }
    disks_.remove(server.id);
    record.remove();
}

std::optional<State> Driver::state_of(virConnectPtr connect, std::string const& id) {
    auto const record = records_.read(id);
    if (!record) return std::nullopt;
    State state{id, name_, Power::off, has_disks(*record) && disks_.there(id)};
    if (auto const domain = find_domain(connect, id)) state.power = power_of(domain.get());
    return state;
}

std::optional<State> Driver::show(Call&, ServerId const& server) {
    check_host(server.host);
    check_id(server.id);
    return state_of(connection_.get().get(), server.id);
}

States Driver::list(Call&, HostName const& host) {
    check_host(host.host);
    auto const connect = connection_.get();
    virDomainPtr* found = nullptr;
    int const count = virConnectListAllDomains(connect.get(), &found, 0);
    if (count < 0) throw last_error("listing guests");
    std::map<std::string, Domain> domains;
    for (int i = 0; i < count; ++i) domains.emplace(id_of(found[i]), Domain(found[i]));
    ::free(found);

    States all;
    for (auto const& id : records_.present()) {
        auto const record = records_.read(id);
        if (!record) continue;
        auto const domain = domains.find(id);
        all.servers.push_back({id, name_, domain == domains.end() ? Power::off : power_of(domain->second.get()),
                               has_disks(*record) && disks_.there(id)});
    }
    return all;
}

hypervisor::Text Driver::console_log(Call&, Log const& wanted) {
    check_host(wanted.host);
    check_id(wanted.id);
    if (!records_.read(wanted.id)) throw Error(Code::not_found, fmt::format("there is no server {}", wanted.id));
    auto const path = disks_.of(wanted.id).console_log();
    auto const most = std::min<std::size_t>(wanted.most_bytes, VLT_DOCUMENT_MAX);
    auto bytes = end_of_log(path, most);
    // virtlogd starts a new file when one is full; what is missing here is the end of the one before.
    if (bytes.size() < most) bytes.insert(0, end_of_log(path + ".0", most - bytes.size()));
    return {console_text(bytes)};
}

Domain Driver::running(virConnectPtr connect, std::string const& id) {
    if (!records_.read(id)) throw Error(Code::not_found, fmt::format("there is no server {}", id));
    auto domain = find_domain(connect, id);
    if (!domain || !is_active(domain.get())) throw Error(Code::conflict, fmt::format("server {} does not run", id));
    return domain;
}

void Driver::console(Call& call, ConsoleOf const& wanted) {
    check_host(wanted.host);
    check_id(wanted.id);
    auto const connect = connection_.get();
    auto const domain = running(connect.get(), wanted.id);
    Descriptor socket;
    if (wanted.type == "vnc") {
        socket = Descriptor(virDomainOpenGraphicsFD(domain.get(), 0, VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH));
        if (!socket) throw last_error("opening the display of server " + wanted.id);
    } else if (wanted.type == "serial") {
        socket = serial_consoles_.open(connect.get(), domain.get());
    } else {
        throw Error(Code::invalid,
                    fmt::format("'{}' is no console of this driver; it has vnc and serial", wanted.type));
    }
    call.output().give_descriptor({socket.release(), 0, 0}, true);
}

Events Driver::events(Call& call, Since const& since) {
    connection_.get(); // without it there is nothing to wait for
    auto const news = changes_.after(since.number, call);
    Events events{{}, news.next, news.missed};
    if (news.servers.empty()) return events;
    auto const connect = connection_.get();
    for (auto const& id : news.servers)
        if (auto const state = state_of(connect.get(), id)) events.changed.push_back(*state);
    return events;
}

void Driver::pause(Call& call, ServerId const& server) {
    check_host(server.host);
    check_id(server.id);
    auto const record = records_.hold(server.id, call.operation());
    auto const connect = connection_.get();
    auto const domain = running(connect.get(), server.id);
    if (power_of(domain.get()) == Power::paused) return;
    Changes::Watch watch(changes_, server.id);
    if (virDomainSuspend(domain.get()) != 0) throw last_error("pausing server " + server.id);
    watch.wait_for(Change::other, call, world::now() + news_delay);
}

void Driver::unpause(Call& call, ServerId const& server) {
    check_host(server.host);
    check_id(server.id);
    auto const record = records_.hold(server.id, call.operation());
    auto const connect = connection_.get();
    auto const domain = running(connect.get(), server.id);
    if (power_of(domain.get()) != Power::paused) return;
    Changes::Watch watch(changes_, server.id);
    if (virDomainResume(domain.get()) != 0) throw last_error("resuming server " + server.id);
    watch.wait_for(Change::other, call, world::now() + news_delay);
}

} // namespace volutus::compute::libvirt
