// The shortest link: the plugin's table is called on the caller's thread.
#pragma once

#include "kernel/plugin/link.hpp"
#include "kernel/plugin/registry.hpp"

#include <memory>

namespace volutus::kernel::plugin {

class InProcessLink : public Link {
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

private:
    void run(char const* what, std::function<vlt_status(vlt_call*)> body);

    std::shared_ptr<void> keep_;
    std::shared_ptr<HostSide> host_;
    world::Duration patience_; // how long configure, start and quiesce may take
    vlt_plugin* plugin_ = nullptr;
    bool hangs_ = false;
};

} // namespace volutus::kernel::plugin
