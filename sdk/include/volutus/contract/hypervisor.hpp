// volutus.hypervisor/1: servers on hosts. A driver's contract; the compute service calls it.
//
// A driver may have several hosts. All calls that name a server are repeatable, refuse an epoch lower than the highest
// seen for that server (stale), also after it is gone, and those that remove or stop succeed when that is so already.
// Servers go on running while the daemon is down.
#pragma once

#include <volutus/contract.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace volutus::hypervisor {

struct Host {
    std::string name;         // unique in the cloud
    std::string type;         // "QEMU"
    std::int64_t version = 0; // 7002000 = 7.2.0
    std::int64_t vcpus = 0, memory_mb = 0, disk_gb = 0;
    std::string address; // of the host, for people
    json::object cpu;    // {"arch", "model", "vendor", "features", "topology": {"cores", "sockets", "threads"}}
    std::vector<std::string> traits;
};
BOOST_DESCRIBE_STRUCT(Host, (), (name, type, version, vcpus, memory_mb, disk_gb, address, cpu, traits))

struct Hosts {
    std::vector<Host> hosts;
};
BOOST_DESCRIBE_STRUCT(Hosts, (), (hosts))

struct Nic {
    std::string port, mac, bridge, device; // as the network service has plugged it
    std::uint32_t mtu = 1500;
    std::string model; // "" = virtio
};
BOOST_DESCRIBE_STRUCT(Nic, (), (port, mac, bridge, device, mtu, model))

struct File {
    std::string path, content; // "openstack/latest/meta_data.json"; content in base64
};
BOOST_DESCRIBE_STRUCT(File, (), (path, content))

// How a server is to be. Its image is fetched through volutus.images/1 and kept by its content.
struct Server {
    std::string id, name, host;
    std::int64_t vcpus = 1, memory_mb = 64, disk_gb = 0; // disk_gb 0: as large as the image
    std::int64_t ephemeral_gb = 0, swap_mb = 0;
    std::string image;                                   // id
    std::string image_sha512, image_format;              // "qcow2" or "raw"
    std::map<std::string, std::string> image_properties; // "hw_vif_model", "kernel_id", ...
    std::vector<Nic> nics;
    std::vector<File> config_drive; // empty = none; the drive carries the label config-2
};
BOOST_DESCRIBE_STRUCT(Server, (),
                      (id, name, host, vcpus, memory_mb, disk_gb, ephemeral_gb, swap_mb, image, image_sha512,
                       image_format, image_properties, nics, config_drive))

struct ServerId {
    std::string id, host;
};
BOOST_DESCRIBE_STRUCT(ServerId, (), (id, host))

struct Stop {
    std::string id, host;
    std::uint32_t patience_seconds = 60; // asks the guest, then pulls the plug; 0 = at once
};
BOOST_DESCRIBE_STRUCT(Stop, (), (id, host, patience_seconds))

enum class Power { running, paused, off, crashed };
BOOST_DESCRIBE_ENUM(Power, running, paused, off, crashed)

struct State {
    std::string id, host;
    Power power = Power::off;
    bool disks = false; // its disks are there
};
BOOST_DESCRIBE_STRUCT(State, (), (id, host, power, disks))

struct States {
    std::vector<State> servers; // by id
};
BOOST_DESCRIBE_STRUCT(States, (), (servers))

struct HostName {
    std::string host;
};
BOOST_DESCRIBE_STRUCT(HostName, (), (host))

struct Log {
    std::string id, host;
    std::uint32_t most_bytes = 102400; // its end
};
BOOST_DESCRIBE_STRUCT(Log, (), (id, host, most_bytes))

struct Text {
    std::string text; // UTF-8; what is not is replaced
};
BOOST_DESCRIBE_STRUCT(Text, (), (text))

struct ConsoleOf {
    std::string id, host;
    std::string type; // "vnc" or "serial"
};
BOOST_DESCRIBE_STRUCT(ConsoleOf, (), (id, host, type))

struct Since {
    std::uint64_t number = 0; // 0 = from now on
};
BOOST_DESCRIBE_STRUCT(Since, (), (number))

struct Events {
    std::vector<State> changed; // servers whose power changed by themselves: a guest that shut down, a crash
    std::uint64_t next = 0;     // for the next call
    bool missed = false;        // more happened than was kept: look at list()
};
BOOST_DESCRIBE_STRUCT(Events, (), (changed, next, missed))

struct Driver {
    virtual ~Driver() = default;
    virtual Hosts hosts(Call&) = 0;
    virtual void prepare(Call&, Server const&) = 0; // its disks. invalid: an image that cannot be used
    virtual void start(Call&, Server const&) = 0;   // defines it as it is to be, and runs it
    virtual void stop(Call&, Stop const&) = 0;
    virtual void reboot(Call&, Stop const&) = 0;     // patience 0: a hard one
    virtual void remove(Call&, ServerId const&) = 0; // the guest, its disks, everything
    virtual std::optional<State> show(Call&, ServerId const&) = 0;
    virtual States list(Call&, HostName const&) = 0;
    virtual Text console_log(Call&, Log const&) = 0;   // not_found: no such server
    virtual void console(Call&, ConsoleOf const&) = 0; // a connected socket into the call's output, as a descriptor
    virtual Events events(Call&, Since const&) = 0;    // waits for one, until the call's deadline
    virtual void pause(Call&, ServerId const&) { unsupported(); }
    virtual void unpause(Call&, ServerId const&) { unsupported(); }
};
inline constexpr auto contract = volutus::contract<Driver>(
    "volutus.hypervisor/1", required<&Driver::hosts>("hosts"), required<&Driver::prepare>("prepare"),
    required<&Driver::start>("start"), required<&Driver::stop>("stop"), required<&Driver::reboot>("reboot"),
    required<&Driver::remove>("remove"), required<&Driver::show>("show"), required<&Driver::list>("list"),
    required<&Driver::console_log>("console_log"), required<&Driver::console>("console"),
    required<&Driver::events>("events"), optional<&Driver::pause>("pause"), optional<&Driver::unpause>("unpause"));

} // namespace volutus::hypervisor
