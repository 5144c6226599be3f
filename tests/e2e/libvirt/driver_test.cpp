// What only the libvirt driver does: images, disks, real guests.
#include "e2e/libvirt/libvirt_rig.hpp"

#include "kernel/plugin/call_frame.hpp"

#include <testkit/refusal.hpp>
#include <volutus/formats.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <thread>

namespace volutus::test {
namespace {

using hypervisor::Driver;
using hypervisor::Power;
using testing::HasSubstr;

class LibvirtDriver : public testing::Test {
protected:
    template <auto Method, class... Request> auto call(Request const&... request) {
        kernel::plugin::CallContext context;
        context.deadline = world::now() + std::chrono::seconds(180);
        kernel::plugin::CallFrame frame{context};
        Call call{&frame};
        return Client<hypervisor::contract>(rig_.host()).call<Method>(call, request...);
    }
    template <auto Method, class... Request> Error error_of(Request const&... request) {
        return testkit::refusal([&] { call<Method>(request...); });
    }
    void TearDown() override { call<&Driver::remove>(id()); }
    hypervisor::ServerId id() const { return {server_.id, server_.host}; }
    std::string console() { return call<&Driver::console_log>(hypervisor::Log{server_.id, server_.host, 102400}).text; }
    bool console_shows(std::string const& text) {
        // Without KVM, on a host that does other things too.
        auto const until = world::now() + std::chrono::seconds(400);
        while (world::now() < until) {
            if (console().find(text) != std::string::npos) return true;
            world::sleep_for(std::chrono::milliseconds(200));
        }
        return false;
    }
    std::string folder() const { return rig_.folder() + "/guests"; }
    std::string made(std::string const& arguments) {
        auto const file = rig_.folder() + "/" + new_uuid();
        shell(fmt::format("cd {} && qemu-img create -q {}", rig_.folder(), fmt::format(fmt::runtime(arguments), file)));
        return file;
    }

    LibvirtRig rig_{"in_process"};
    hypervisor::Server server_ = rig_.server();
};

TEST_F(LibvirtDriver, TheProjectsGuestBootsReadsItsConfigDriveAndObeysThePowerButton) {
    rig_.use_image(server_, GUEST_IMAGE, "qcow2");
    server_.memory_mb = 128;
    server_.disk_gb = 1;
    server_.ephemeral_gb = 1;
    server_.swap_mb = 64;
    // {"uuid": "6f1e8b7e-0001", "hostname": "web-1.example.org", "name": "web-1"}
    server_.config_drive = {
        {"openstack/latest/meta_data.json",
         "eyJ1dWlkIjogIjZmMWU4YjdlLTAwMDEiLCAiaG9zdG5hbWUiOiAid2ViLTEuZXhhbXBsZS5vcmciLCAibmFtZSI6ICJ3"
         "ZWItMSJ9"},
        // blkid | grep -E "swap0|ephemeral0"; cat /sys/block/vda/size
        {"openstack/latest/user_data", "IyEvYmluL3NoCmJsa2lkIHwgZ3JlcCAtRSAic3dhcDB8ZXBoZW1lcmFsMCIK"
                                       "Y2F0IC9zeXMvYmxvY2svdmRhL3NpemUK"}};
    call<&Driver::prepare>(server_);
    call<&Driver::start>(server_);
    ASSERT_TRUE(console_shows("volutus guest ready")) << console();
    auto const text = console();
    EXPECT_THAT(text, HasSubstr("hostname:  web-1.example.org"));
    EXPECT_THAT(text, HasSubstr("metadata:  config drive /dev/sr"));
    EXPECT_THAT(text, HasSubstr("LABEL=\"ephemeral0\""));
    EXPECT_THAT(text, HasSubstr("LABEL=\"swap0\""));
    EXPECT_THAT(text, HasSubstr("2097152")) << "the disk has 1 GiB";

    call<&Driver::reboot>(hypervisor::Stop{server_.id, server_.host, 60});
    EXPECT_TRUE(console_shows("volutus guest stopping"));
    EXPECT_EQ(call<&Driver::show>(id())->power, Power::running);
    call<&Driver::stop>(hypervisor::Stop{server_.id, server_.host, 0});
    EXPECT_EQ(call<&Driver::show>(id())->power, Power::off);
}

TEST_F(LibvirtDriver, OneImageIsFetchedOnceForServersThatComeAtTheSameTime) {
    std::vector<hypervisor::Server> servers;
    for (int i = 0; i < 4; ++i) servers.push_back(rig_.server());
    std::vector<std::thread> threads;
    for (auto const& server : servers) threads.emplace_back([&] { call<&Driver::prepare>(server); });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(rig_.downloads, 1);
    for (auto const& server : servers) call<&Driver::remove>(hypervisor::ServerId{server.id, server.host});
    EXPECT_TRUE(std::filesystem::is_empty(folder() + "/servers"));
}

TEST_F(LibvirtDriver, AnImageMayComeAsBytes) {
    rig_.by_descriptor = false;
    call<&Driver::prepare>(server_);
    EXPECT_TRUE(call<&Driver::show>(id())->disks);
}

TEST_F(LibvirtDriver, AnImageThatIsNotWhatItsHashSaysIsRefused) {
    server_.image_sha512 = std::string(128, '0');
    auto const error = error_of<&Driver::prepare>(server_);
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_THAT(error.what(), HasSubstr("SHA-512"));
    EXPECT_FALSE(call<&Driver::show>(id())->disks);
    EXPECT_TRUE(std::filesystem::is_empty(folder() + "/images"));
}

TEST_F(LibvirtDriver, AnImageWithABackingFileIsRefused) {
    rig_.use_image(server_, made("-f qcow2 -F raw -b /etc/passwd {} 1M"), "qcow2");
    auto const error = error_of<&Driver::prepare>(server_);
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_THAT(error.what(), HasSubstr("names another file"));
}

TEST_F(LibvirtDriver, AnImageWithADataFileIsRefused) {
    rig_.use_image(server_, made("-f qcow2 -o data_file=secret.raw {} 1M"), "qcow2");
    auto const error = error_of<&Driver::prepare>(server_);
    EXPECT_EQ(error.code(), Code::invalid);
    EXPECT_THAT(error.what(), HasSubstr("names another file"));
}

TEST_F(LibvirtDriver, AnImageOfAnotherFormatThanItSaysIsRefused) {
    rig_.use_image(server_, made("-f raw {} 1M"), "qcow2");
    EXPECT_EQ(error_of<&Driver::prepare>(server_).code(), Code::invalid);
    rig_.use_image(server_, made("-f raw {} 1M"), "vmdk");
    EXPECT_EQ(error_of<&Driver::prepare>(server_).code(), Code::invalid);
}

TEST_F(LibvirtDriver, AnImageLargerThanItsDiskOrThanTheHostTakesIsRefused) {
    rig_.use_image(server_, made("-f qcow2 {} 2G"), "qcow2");
    server_.disk_gb = 1;
    EXPECT_THAT(error_of<&Driver::prepare>(server_).what(), HasSubstr("does not fit into 1 GB"));
    rig_.use_image(server_, made("-f qcow2 {} 11G"), "qcow2");
    EXPECT_EQ(error_of<&Driver::prepare>(server_).code(), Code::invalid);
}

TEST_F(LibvirtDriver, AConfigDriveStaysInItsTree) {
    for (auto const* path : {"../outside", "/etc/passwd", "a//b/../../c", "", "a/./b"}) {
        server_.config_drive = {{path, "AAAA"}};
        EXPECT_EQ(error_of<&Driver::prepare>(server_).code(), Code::invalid) << path;
    }
    server_.config_drive = {{"openstack/file", "no base64!"}};
    EXPECT_EQ(error_of<&Driver::prepare>(server_).code(), Code::invalid);
}

TEST_F(LibvirtDriver, AServerThatCannotBeIsRefusedBeforeLibvirtSeesIt) {
    server_.id = "not-a-uuid";
    EXPECT_EQ(error_of<&Driver::prepare>(server_).code(), Code::invalid);
    server_ = rig_.server();
    call<&Driver::prepare>(server_);
    auto wrong = server_;
    wrong.nics = {{"port-1", "no mac", "br0", "tap0", 1500, ""}};
    EXPECT_EQ(error_of<&Driver::start>(wrong).code(), Code::invalid);
    wrong.nics = {{"port-1", "fa:16:3e:00:00:01", "br0", "tap0", 1500, "warp-drive"}};
    EXPECT_EQ(error_of<&Driver::start>(wrong).code(), Code::invalid);
    wrong = server_;
    wrong.memory_mb = 0;
    EXPECT_EQ(error_of<&Driver::start>(wrong).code(), Code::invalid);
    wrong = server_;
    wrong.host = "another-host";
    EXPECT_EQ(error_of<&Driver::start>(wrong).code(), Code::not_found);
}

TEST_F(LibvirtDriver, ATapOfTheGivenNameIsOnTheGivenBridge) {
    shell("ip link del volt0 2>/dev/null; ip link add volt0 type bridge");
    server_.nics = {{"port-1", "fa:16:3e:00:00:01", "volt0", "tapvolt1", 1400, ""}};
    call<&Driver::prepare>(server_);
    call<&Driver::start>(server_);
    EXPECT_TRUE(std::filesystem::exists("/sys/class/net/volt0/brif/tapvolt1"));
    call<&Driver::remove>(id());
    EXPECT_FALSE(std::filesystem::exists("/sys/class/net/tapvolt1"));
    shell("ip link del volt0");
}

TEST_F(LibvirtDriver, ASerialConsoleGoesBothWays) {
    rig_.use_image(server_, GUEST_IMAGE, "qcow2");
    server_.memory_mb = 128;
    call<&Driver::prepare>(server_);
    call<&Driver::start>(server_);
    kernel::plugin::CallContext context;
    kernel::plugin::CallFrame frame{context};
    Call call{&frame};
    SocketSink serial;
    rig_.host().call(&call, hypervisor::contract.name, "console", "",
                     json::print(hypervisor::ConsoleOf{server_.id, server_.host, "serial"}), nullptr, &serial);
    EXPECT_EQ(::write(serial.fd, "\n", 1), 1);
    EXPECT_GE(serial.read(1000).size(), 1000u);
}

TEST_F(LibvirtDriver, ADaemonThatWentAndCameBackIsFoundAgainAndGuestsRanOn) {
    call<&Driver::prepare>(server_);
    call<&Driver::start>(server_);
    auto const before = call<&Driver::hosts>();
    std::string const pid = std::string(LIBVIRT_FOLDER) + "/libvirtd.pid";
    shell("pid=$(cat " + pid + "); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done");
    EXPECT_EQ(error_of<&Driver::show>(id()).code(), Code::unavailable);
    shell("libvirtd --daemon --pid-file " + pid);
    EXPECT_EQ(call<&Driver::show>(id())->power, Power::running);
    EXPECT_TRUE(call<&Driver::events>(hypervisor::Since{1}).missed);
    EXPECT_EQ(call<&Driver::hosts>().hosts[0].name, before.hosts[0].name);
}

TEST_F(LibvirtDriver, NewsOfAnotherLifeAreMissed) { EXPECT_TRUE(call<&Driver::events>(hypervisor::Since{1}).missed); }

} // namespace
} // namespace volutus::test
