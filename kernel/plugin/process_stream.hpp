// The byte streams of a call whose caller is at the other end of a process link. Each operation is asked of the other
// end, within the call's chain: the thread that waits there for the call serves it.
#pragma once

#include "kernel/plugin/process_peer.hpp"

namespace volutus::kernel::plugin {

class RemoteStream : public vlt_stream {
public:
    // The input or output of the other end's call `call`.
    RemoteStream(Peer& peer, std::shared_ptr<Chain> chain, std::uint64_t call, bool output, Patience const& patience);
    RemoteStream(RemoteStream const&) = delete;
    RemoteStream& operator=(RemoteStream const&) = delete;

private:
    static RemoteStream& of(vlt_stream* stream) { return *static_cast<RemoteStream*>(stream); }
    vlt_status ask(FrameType type, std::uint32_t count, std::string body, Descriptor descriptor, Frame& reply);

    Peer& peer_;
    std::shared_ptr<Chain> chain_;
    std::uint64_t call_;
    bool output_;
    Patience patience_;
};

// Does what a request asks of a stream of this end, and replies. Throws Malformed.
void reply_of_stream(Peer& peer, Frame& request, vlt_stream& stream);

} // namespace volutus::kernel::plugin
