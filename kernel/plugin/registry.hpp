// Who provides which contract, and the one way from any plugin to any other: vlt_host.call.
#pragma once

#include "kernel/plugin/endpoint.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace volutus::kernel::plugin {

class Registry;

// The kernel as one plugin sees it: the implementation of vlt_host. Lives as long as the plugin is loaded.
class HostSide : public vlt_host {
public:
    HostSide(Registry& registry, std::string plugin);
    std::string const& plugin() const { return plugin_; }
    // Calls under way that the plugin asked to be kept loaded for.
    int retained() const { return retained_; }

private:
    static HostSide const& of(vlt_host const* host) { return *static_cast<HostSide const*>(host); }

    Registry& registry_;
    std::string plugin_;
    mutable std::atomic<int> retained_ = 0;
};

// Throws too_large for a request that is no document.
void check_request(std::string_view contract, std::string_view request);

class Registry {
public:
    // Makes the kernel's own endpoint of a contract for one plugin, which it acts for. What it throws refuses the call.
    using BuiltInMaker = std::function<std::shared_ptr<Endpoint>(std::string const& plugin)>;
    void add_built_in(std::string contract, BuiltInMaker make);

    // A plugin's endpoint. `target` is the name by which calls choose between several providers of a contract.
    // Two providers of one contract and target are refused (Code::conflict).
    void add(std::string const& plugin, std::string const& contract, std::string const& target,
             std::shared_ptr<Endpoint> endpoint);
    void remove(std::string const& plugin);

    bool provides(std::string const& contract) const;
    std::vector<std::string> targets(std::string const& contract) const;

    // The provider for a call of `plugin` ("" = the kernel). Throws unsupported where nobody provides the contract, and
    // conflict where several do and no target was named.
    std::shared_ptr<Endpoint> find(std::string const& plugin, std::string_view contract, std::string_view target) const;

    // Calls within `frame`; the reply, or the error document, lives until the next call within it.
    vlt_status call(std::string const& plugin, CallFrame& frame, std::string_view contract, std::string_view name,
                    std::string_view target, std::string_view request, vlt_stream* input, vlt_stream* output,
                    vlt_str* reply) noexcept;

    // The host side for the kernel's own callers, so that they use the SDK's clients too.
    Host host() const { return Host(&own_); }

private:
    struct Provider {
        std::string plugin, target;
        std::shared_ptr<Endpoint> endpoint;
    };
    mutable world::SharedMutex mutex_;
    std::map<std::string, std::vector<Provider>, std::less<>> providers_;
    std::map<std::string, BuiltInMaker, std::less<>> built_in_;
    // Made when a plugin first calls; a built-in keeps no state of its own.
    mutable std::map<std::pair<std::string, std::string>, std::shared_ptr<Endpoint>> facets_;
    HostSide own_{*this, ""};
};

} // namespace volutus::kernel::plugin
