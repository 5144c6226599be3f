// One life of a plugin's process: from its start to its end.
#pragma once

#include "kernel/plugin/process_call.hpp"
#include "kernel/plugin/process_child.hpp"
#include "kernel/plugin/process_peer.hpp"
#include "kernel/plugin/registry.hpp"

#include <optional>

namespace volutus::kernel::plugin {

class Session : public PeerSide {
public:
    // Serves the plugin's calls as `host`; those of its own on `pool`.
    Session(std::shared_ptr<HostSide> host, Pool& pool, std::string const& program,
            std::vector<std::string> const& arguments);
    ~Session() override;

    // Begins to read; to be called once. Waits until the process has opened its plugin; throws what it says otherwise.
    void open(std::string const& expected_id, world::Duration patience);
    // Waits for the end of the link and of the process, which is killed after `patience`. Says how both ended.
    std::string bury(world::Duration patience);

    Answer ask(Verb verb, CallFrame& frame, CallText const& text, Patience const& patience);
    void end(std::string why) { peer_.end(std::move(why)); }
    bool ended() const { return peer_.ended(); }
    std::size_t late_calls() const { return peer_.late_calls(); }
    pid_t pid() const { return child_.pid(); }

private:
    void serve(Frame const& request, std::shared_ptr<Chain> const& chain, CallFrame* within) override;
    void told(Frame const& frame) override;
    void told_hello(Frame const& frame);
    void told_log(Frame const& frame);

    std::shared_ptr<HostSide> host_;
    Child child_;
    Peer peer_;
    std::string why_;
    int retained_ = 0; // of the reading thread, then of who joined it
    bool greeted_ = false;

    struct Greeting { // neither: it ended before it said anything
        std::optional<std::string> id;
        std::optional<Error> refusal;
    };
    world::Promised<Greeting> greeting_;
    world::Thread reader_;
};

} // namespace volutus::kernel::plugin
