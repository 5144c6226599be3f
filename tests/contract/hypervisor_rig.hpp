// A driver of volutus.hypervisor/1 under test, and what tests of it need besides.
#pragma once

#include <volutus/contract/hypervisor.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <poll.h>
#include <string>
#include <unistd.h>

namespace volutus::test {

// A driver behind some link, fresh for each test.
class HypervisorRig {
public:
    virtual ~HypervisorRig() = default;
    virtual Host host() = 0; // that calls reach the driver through
    // One that the driver can run; its id is new.
    virtual hypervisor::Server server() = 0;
    // The guest ends as if by itself, seen from the driver. False where the rig has no way to make that happen.
    virtual bool end_guest(std::string const&) { return false; }
};

struct HypervisorUnderTest {
    std::string name;
    std::function<std::unique_ptr<HypervisorRig>()> make;
};
inline std::string name_of_hypervisor(testing::TestParamInfo<HypervisorUnderTest> const& info) {
    return info.param.name;
}

// Takes the descriptor that a console gives.
struct SocketSink : vlt_stream {
    SocketSink() : vlt_stream{} {
        head = {sizeof(vlt_stream), VLT_ABI_MAJOR, VLT_ABI_MINOR};
        give_fd = [](vlt_stream* raw, std::int32_t fd, std::uint64_t, std::uint64_t, std::int32_t owned) -> vlt_status {
            static_cast<SocketSink*>(raw)->fd = owned ? fd : ::dup(fd);
            return VLT_OK;
        };
        close = [](vlt_stream*) -> vlt_status { return VLT_OK; };
    }
    SocketSink(SocketSink const&) = delete;
    ~SocketSink() {
        if (fd >= 0) ::close(fd);
    }
    // What the other end says within 10 s, at least `size` bytes if it does not hang up.
    std::string read(std::size_t size) const {
        std::string said;
        pollfd end{fd, POLLIN, 0};
        char byte = 0;
        while (said.size() < size && ::poll(&end, 1, 60'000) == 1 && ::read(fd, &byte, 1) == 1) said += byte;
        return said;
    }
    int fd = -1;
};

} // namespace volutus::test
