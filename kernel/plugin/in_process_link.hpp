// The shortest link: the plugin's table is called on the caller's thread.
#pragma once

#include "kernel/plugin/endpoint.hpp"
#include "kernel/plugin/registry.hpp"

#include <memory>

namespace volutus::kernel::plugin {

using EntryPoint = vlt_status (*)(vlt_host const*, vlt_call*, vlt_plugin_ref*);

// Every link has this lifecycle; the loader drives it. All but call() are made one at a time. They throw Error.
class Link : public Endpoint {
public:
    virtual void configure(std::string const& config) = 0; // JSON, valid by the manifest's schema
    virtual void start() = 0;
    virtual void quiesce() = 0;                            // no new calls come; those under way are finished
};

class InProcessLink : public Link {
public:
    // Enters the plugin. `keep` holds the library open as long as the link lives; null for static plugins.
    InProcessLink(std::shared_ptr<HostSide> host, EntryPoint entry, std::shared_ptr<void> keep, world::Duration patience);
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
