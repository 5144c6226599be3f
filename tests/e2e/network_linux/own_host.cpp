#include "own_host.hpp"

#include "plugins/network/drivers/linux/namespaces.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace volutus::network::on_linux::test {

namespace {

void must(bool done, char const* what) {
    if (!done)
        throw std::runtime_error(
            fmt::format("{}: {}; this test needs root and a kernel with namespaces", what, std::strerror(errno)));
}

sockaddr_in place(std::string const& address, std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_port = htons(port);
    inet_pton(AF_INET, address.c_str(), &made.sin_addr);
    return made;
}

void in_place(std::string const& name_space, std::function<void()> const& work) {
    if (name_space.empty())
        work();
    else
        in_namespace(name_space, work);
}

bool ready(int fd, short what) {
    pollfd watched{fd, what, 0};
    return poll(&watched, 1, 1000) == 1 && (watched.revents & what);
}

} // namespace

OwnHost::OwnHost() {
    must(unshare(CLONE_NEWNET | CLONE_NEWNS) == 0, "no namespaces of the test's own");
    must(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "mounts are not private");
    must(mount("sysfs", "/sys", "sysfs", 0, nullptr) == 0, "no sysfs");
    std::filesystem::create_directories("/run/netns");
    must(mount("tmpfs", "/run/netns", "tmpfs", 0, nullptr) == 0, "no tmpfs");
    run_well({"/sbin/ip", "link", "set", "lo", "up"});
}

OwnHost::~OwnHost() {
    for (auto const& name : namespaces()) run({"/sbin/ip", "netns", "delete", name});
}

void Guest::address(std::string const& cidr, std::string const& gateway) const {
    std::vector<std::string> lines{fmt::format("addr replace {} dev eth0", cidr)};
    if (!gateway.empty()) lines.push_back(fmt::format("route replace default via {}", gateway));
    ip_batch(name, lines);
}

Finished Guest::run(std::vector<std::string> command) const {
    command.insert(command.begin(), {"/sbin/ip", "netns", "exec", name});
    return on_linux::run(command);
}

bool Guest::pings(std::string const& address, std::string const& from) const {
    std::vector<std::string> ping{"/usr/bin/ping", "-c", "1", "-W", "1", address};
    if (!from.empty()) ping.insert(ping.end() - 1, {"-I", from});
    for (int tries = 0; tries < 2; ++tries) {
        // While the kernel still asks for an address that nobody told it in the try before, a new packet waits for the
        // next question, which may take longer than the try.
        run({"/sbin/ip", "neigh", "flush", "dev", "eth0", "nud", "incomplete"});
        if (run(ping).status == 0) return true;
    }
    return false;
}

bool Guest::reaches(std::string const& address, std::uint16_t port) const {
    return connect_in(name, address, port).has_value();
}

Connection::~Connection() {
    if (fd_ >= 0) close(fd_);
}
bool Connection::send(std::string const& text) const {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}
std::string Connection::receive() const {
    char text[4096];
    if (!ready(fd_, POLLIN)) return {};
    auto const count = recv(fd_, text, sizeof(text), 0);
    return count > 0 ? std::string(text, static_cast<std::size_t>(count)) : std::string();
}

Connection listen_in(std::string const& name_space, std::string const& address, std::uint16_t port) {
    Connection made(-1);
    in_place(name_space, [&] {
        new (&made) Connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        int const on = 1;
        setsockopt(made.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        auto const at = place(address, port);
        must(bind(made.fd(), reinterpret_cast<sockaddr const*>(&at), sizeof(at)) == 0, "cannot bind");
        must(listen(made.fd(), 16) == 0, "cannot listen");
    });
    return made;
}

std::optional<Connection> connect_in(std::string const& name_space, std::string const& address, std::uint16_t port) {
    std::optional<Connection> made;
    in_place(name_space, [&] {
        Connection one(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        auto const at = place(address, port);
        if (connect(one.fd(), reinterpret_cast<sockaddr const*>(&at), sizeof(at)) != 0 && errno != EINPROGRESS) return;
        if (!ready(one.fd(), POLLOUT)) return;
        int error = 0;
        socklen_t size = sizeof(error);
        getsockopt(one.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error == 0) made.emplace(std::move(one));
    });
    return made;
}

std::optional<Connection> accept_one(Connection const& listener) {
    if (!ready(listener.fd(), POLLIN)) return std::nullopt;
    return Connection(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

std::string http_get(std::string const& name_space, std::string const& address, std::string const& path) {
    auto const connection = connect_in(name_space, address, 80);
    if (!connection || !connection->send(fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
                                                     path, address)))
        return {};
    std::string all;
    for (auto part = connection->receive(); !part.empty(); part = connection->receive()) all += part;
    return all;
}

bool eventually(std::function<bool()> const& condition) {
    for (auto const until = world::now() + std::chrono::seconds(10); !condition();)
        if (world::now() > until) return false;
    return true;
}

LinuxNetworkTest::LinuxNetworkTest() { start_driver(); }

LinuxNetworkTest::~LinuxNetworkTest() {
    auto const all = driver_->list(call_);
    for (auto const& id : all.routers) driver_->remove_router(call_, {id});
    for (auto const& id : all.ports) driver_->remove_port(call_, {id});
    for (auto const& id : all.groups) driver_->remove_group(call_, {id});
    for (auto const& id : all.networks) driver_->remove_network(call_, {id});
}

void LinuxNetworkTest::start_driver() {
    driver_.reset(); // one after the other, as processes are
    Settings settings;
    settings.state_directory = host_.directory() + "/state";
    settings.prefix = "vtt";
    settings.physical = {{"public", "vtt-public", "", true}};
    driver_ = std::make_unique<LinuxNetwork>(settings, [this](metadata::Request const& request) {
        world::Lock lock(asked_mutex_);
        asked_.push_back(request);
        return metadata::Reply{200, "text/plain", "hello from " + request.network};
    });
    driver_->resume();
}

Network LinuxNetworkTest::network(std::string const& id, std::string const& prefix) {
    Network made;
    made.id = id;
    made.mtu = 1400;
    made.subnets = {{"subnet-of-" + id, prefix + ".0/24", prefix + ".1", true, {"9.9.9.9"}, {}, "", ""}};
    made.dhcp_mac = "fa:16:3e:00:00:02";
    made.dhcp_addresses = {prefix + ".2/24"};
    return made;
}

Port LinuxNetworkTest::port(std::string const& id, Network const& network, std::string const& address) {
    Port made;
    made.id = id;
    made.network = network.id;
    made.mac = fmt::format("fa:16:3e:01:{:02x}:{:02x}", std::hash<std::string>()(id) >> 8 & 0xff,
                           std::hash<std::string>()(id) & 0xff);
    made.device = "tap" + id.substr(0, 11);
    made.addresses = {address};
    return made;
}

Guest LinuxNetworkTest::plug(Port const& port) {
    auto const bridge = driver_->ensure_port(call_, port).bridge;
    Guest guest{"guest-" + port.id, port.device, port.mac};
    ensure_namespace(guest.name);
    ip_batch("", {fmt::format("link add name {} mtu 1400 type veth peer name eth0 address {} mtu 1400 netns {}",
                              port.device, port.mac, guest.name),
                  fmt::format("link set dev {} master {} up", port.device, bridge)});
    ip_batch(guest.name, {"link set dev eth0 up"});
    return guest;
}

Guest LinuxNetworkTest::plug_with_address(Port const& port, std::string const& gateway) {
    auto guest = plug(port);
    guest.address(port.addresses.front() + "/24", gateway);
    return guest;
}

} // namespace volutus::network::on_linux::test
