// The child's end of a process link: serves the kernel's calls with the plugin's table, and is the plugin's host.
#pragma once

#include "kernel/plugin/link.hpp"
#include "kernel/plugin/process_call.hpp"
#include "kernel/plugin/process_peer.hpp"

namespace volutus::kernel::plugin {

class PluginHostSide : public PeerSide, private vlt_host {
public:
    PluginHostSide(Descriptor socket, std::size_t threads);

    void greet(std::string_view id, EntryPoint entry); // the plugin is open
    void refuse(Error const& error);                   // it cannot be
    void run() { peer_.run(); }                        // until the kernel lets go of it

private:
    void serve(Frame const& request, std::shared_ptr<Chain> const& chain, CallFrame* within) override;
    void told(Frame const& frame) override;

    vlt_status answer(Verb verb, CallFrame& frame, CallText const& text, vlt_str* reply);
    vlt_status enter(CallFrame& frame);
    vlt_status call_kernel(CallFrame& within, CallText const& text, vlt_stream* input, vlt_stream* output,
                           vlt_str* reply);
    void fill_host();
    static PluginHostSide& of(vlt_host const* host) {
        return const_cast<PluginHostSide&>(*static_cast<PluginHostSide const*>(host));
    }

    Pool pool_;
    Peer peer_;
    EntryPoint entry_ = nullptr;
    vlt_plugin* plugin_ = nullptr; // set by enter, which ends before other calls come
};

} // namespace volutus::kernel::plugin
