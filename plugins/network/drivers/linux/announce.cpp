#include "announce.hpp"

#include <volutus/error.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace volutus::network::on_linux {

namespace {

struct Frame {
    ether_header ethernet;
    ether_arp arp;
} __attribute__((packed));

std::array<std::uint8_t, ETH_ALEN> bytes_of(std::string const& mac) {
    std::array<std::uint8_t, ETH_ALEN> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
        std::from_chars(mac.data() + 3 * i, mac.data() + 3 * i + 2, bytes[i], 16);
    return bytes;
}

// RFC 5227, 3: an announcement is a request in which sender and target are the same address.
Frame announcement(std::string const& mac, Cidr const& address) {
    auto const sender = bytes_of(mac);
    Frame frame{};
    std::fill_n(frame.ethernet.ether_dhost, ETH_ALEN, std::uint8_t{0xff});
    std::copy(sender.begin(), sender.end(), frame.ethernet.ether_shost);
    frame.ethernet.ether_type = htons(ETHERTYPE_ARP);
    frame.arp.arp_hrd = htons(ARPHRD_ETHER);
    frame.arp.arp_pro = htons(ETHERTYPE_IP);
    frame.arp.arp_hln = ETH_ALEN;
    frame.arp.arp_pln = 4;
    frame.arp.arp_op = htons(ARPOP_REQUEST);
    std::copy(sender.begin(), sender.end(), frame.arp.arp_sha);
    std::copy_n(address.bytes.begin(), 4, frame.arp.arp_spa);
    std::copy_n(address.bytes.begin(), 4, frame.arp.arp_tpa);
    return frame;
}

} // namespace

void announce(std::string const& link, std::string const& mac, std::vector<Cidr> const& addresses) {
    int const fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0)
        throw Error(Code::forbidden, fmt::format("no socket for ARP: {}; the driver needs the capability net_raw",
                                                 std::strerror(errno)));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(link.c_str()));
    for (auto const& address : addresses) {
        if (address.v6) continue; // the kernel advertises those itself (ndisc_notify)
        auto const frame = announcement(mac, address);
        // Lost frames cost a neighbour the time until its entry ages, no more.
        (void)sendto(fd, &frame, sizeof(frame), 0, reinterpret_cast<sockaddr const*>(&to), sizeof(to));
    }
    close(fd);
}

} // namespace volutus::network::on_linux
