// The shortest link: the plugin's table is called on the caller's thread. So a plugin that hangs keeps that thread. Once
// somebody gives such a call up, the plugin is quarantined: all calls are refused (unavailable) until the call comes back.
#pragma once

#include "kernel/plugin/link.hpp"
#include "kernel/plugin/registry.hpp"

#include <atomic>
#include <memory>

namespace volutus::kernel::plugin {

class InProcessLink : public Link, private Suspect {
public:
    // Enters the plugin. `keep` holds the library open as long as the link lives; null for static plugins.
    InProcessLink(std::shared_ptr<HostSide> host, EntryPoint entry, std::shared_ptr<void> keep,
                  world::Duration patience);
    ~InProcessLink() override;

    void configure(std::string const& config) override;
    void start() override;
    void quiesce() override;
    vlt_status call(CallFrame& frame, std::string_view contract, std::string_view name, std::string_view request,
                    vlt_str* reply) noexcept override;

    // Calls that were given up and have not come back.
    int hanging() const { return hanging_; }

private:
    void blamed() override;
    void returned() override;
    void run(char const* what, std::function<vlt_status(vlt_call*)> body);

    std::shared_ptr<void> keep_;
    std::shared_ptr<HostSide> host_;
    world::Duration patience_; // how long configure, start and quiesce may take
    vlt_plugin* plugin_ = nullptr;
    bool hangs_ = false; // in a step of its life: it must not be touched again
    std::atomic<int> hanging_ = 0;
};

} // namespace volutus::kernel::plugin
