// A websocket on which a live feed is told, a message each. Of its io thread.
#pragma once

#include "kernel/gateway/live_feed.hpp"
#include "kernel/gateway/tunnel.hpp"

namespace volutus::kernel::gateway {

struct LivePlan {
    std::unique_ptr<LiveFeed> feed;
    Request const& request; // read before open_live returns
    std::string server_name;
    std::chrono::milliseconds linger; // for the client to answer a goodbye
    std::chrono::milliseconds pulse;
    std::function<void(std::function<void()>)> elsewhere; // runs a job on a thread that may block
    std::function<void(std::uint64_t sent)> ended;        // once; bytes of messages to the client
};

std::shared_ptr<TunnelSession> open_live(Socket socket, LivePlan plan);
std::shared_ptr<TunnelSession> open_live(asio::ssl::stream<Socket> stream, LivePlan plan);

} // namespace volutus::kernel::gateway
