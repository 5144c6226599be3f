// A host of the test's own: network and mount namespaces in which the driver may do what it likes, and guests that are
// namespaces with a link each, named as a hypervisor names taps. All of it ends with the test, the host outside never
// sees any of it. Needs root.
#pragma once

#include "plugins/network/drivers/linux/commands.hpp"
#include "plugins/network/drivers/linux/driver.hpp"

#include <testkit/fake_host.hpp>
#include <testkit/temporary_folder.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace volutus::network::on_linux::test {

class OwnHost {
public:
    OwnHost();
    ~OwnHost();
    std::string const& directory() const { return folder_.path(); }

private:
    testkit::TemporaryFolder folder_;
};

// A namespace with one link, which goes by `device` on the host.
struct Guest {
    std::string name, device, mac;

    void address(std::string const& cidr, std::string const& gateway = {}) const;
    Finished run(std::vector<std::string> command) const;
    // Two tries of a second, from any of its addresses unless one is named.
    bool pings(std::string const& address, std::string const& from = {}) const;
    bool reaches(std::string const& address, std::uint16_t port) const;
};

// Sockets in a namespace ("" = the host).
class Connection {
public:
    explicit Connection(int fd) : fd_(fd) {}
    Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    ~Connection();
    int fd() const { return fd_; }
    bool send(std::string const& text) const;
    std::string receive() const; // waits a second; "" when nothing came

private:
    int fd_;
};
Connection listen_in(std::string const& name_space, std::string const& address, std::uint16_t port);
std::optional<Connection> connect_in(std::string const& name_space, std::string const& address, std::uint16_t port);
std::optional<Connection> accept_one(Connection const& listener);
std::string http_get(std::string const& name_space, std::string const& address, std::string const& path);

bool eventually(std::function<bool()> const& condition); // within 10 s

class LinuxNetworkTest : public ::testing::Test {
protected:
    LinuxNetworkTest();
    ~LinuxNetworkTest() override;

    void start_driver();
    LinuxNetwork& driver() { return *driver_; }
    Call& call() { return call_; }

    // A network with one IPv4 subnet and its own port on .2.
    static Network network(std::string const& id, std::string const& subnet_prefix); // "10.1.0"
    static Port port(std::string const& id, Network const& network, std::string const& address);
    // Ensures the port and plugs a new guest into it.
    Guest plug(Port const& port);
    Guest plug_with_address(Port const& port, std::string const& gateway = {});

    OwnHost host_;
    testkit::FakeCall fake_call_;
    Call call_{&fake_call_.table};
    std::vector<metadata::Request> asked_;
    world::Mutex asked_mutex_;
    std::unique_ptr<LinuxNetwork> driver_;
};

inline Rule allow(std::string direction, std::string protocol = {}, std::optional<std::int64_t> number = {},
                  std::string group = {}) {
    return {std::move(direction), 4, std::move(protocol), number, number, {}, std::move(group)};
}

} // namespace volutus::network::on_linux::test
