// How the kernel reaches a plugin. Every link has the same lifecycle, gives the same answers and tells errors in the
// same words, so that which one is used is a line of configuration.
#pragma once

#include "kernel/plugin/endpoint.hpp"

#include <string>
#include <string_view>

namespace volutus::kernel::plugin {

using EntryPoint = vlt_status (*)(vlt_host const*, vlt_call*, vlt_plugin_ref*);

// The loader drives the lifecycle. All but call() are made one at a time. They throw Error. A link is ended by its
// owner, not within a call of its plugin.
class Link : public Endpoint {
public:
    virtual void configure(std::string const& config) = 0; // JSON, valid by the manifest's schema
    virtual void start() = 0;
    virtual void quiesce() = 0; // no new calls come; those under way are finished
};

// A step of a plugin's life (its entry, configure, ...) that failed or did not return within the loader's patience.
Error step_failed(std::string_view plugin, std::string_view step, Error const& why);
Error step_hangs(std::string_view plugin, std::string_view step, world::Duration patience);
// The entry answered without a table that this kernel can call.
Error no_table();

// A reply that is larger than a document may be is an error of the plugin.
vlt_status check_reply(CallFrame& frame, vlt_status status, vlt_str* reply);

} // namespace volutus::kernel::plugin
