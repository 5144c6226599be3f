// The plugin's side of the border: a class to derive from, and the one macro that makes a shared library of it.
//
//     class ToyFile : public volutus::Plugin {
//     public:
//         explicit ToyFile(Host host) : Plugin(host) { provide<toy::contract>(driver_); }
//         void configure(Call&, json::object const& config) override { ... }
//     };
//     VOLUTUS_PLUGIN(manifest, ToyFile)
#pragma once

#include <volutus/manifest.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace volutus {

// A guest of the kernel: starts no thread that outlives quiesce, installs no signal handler, keeps no global state
// with a destructor. All but answer() are called one at a time.
class Plugin {
public:
    explicit Plugin(Host host) : host_(host) {}
    virtual ~Plugin() = default;
    Plugin(Plugin const&) = delete;
    Plugin& operator=(Plugin const&) = delete;

    virtual void configure(Call&, json::object const& config); // valid by the manifest's schema
    virtual void start(Call&) {}
    virtual void quiesce(Call&) {}
    virtual json::object snapshot(Call&) { return {}; }
    virtual void restore(Call&, json::object const&) {}

    // Any number of calls at once. Throws Code::unsupported for a contract that was not provided.
    std::string answer(Call& call, std::string_view contract, std::string_view name, std::string_view request);

protected:
    Host const& host() const { return host_; }

    template <auto const& TheContract> void provide(typename std::decay_t<decltype(TheContract)>::Driver& driver) {
        contracts_[std::string(TheContract.name)] = [&driver](Call& call, std::string_view name,
                                                              std::string_view request) {
            return dispatch(TheContract, driver, call, name, request);
        };
    }

private:
    using Answer = std::function<std::string(Call&, std::string_view name, std::string_view request)>;
    Host host_;
    std::map<std::string, Answer, std::less<>> contracts_;
};

using PluginMaker = std::unique_ptr<Plugin> (*)(Host);

// What volutus_plugin_1 does; catches everything and turns it into a status.
vlt_status open_plugin(vlt_host const* host, vlt_call* call, vlt_plugin_ref* out, PluginMaker make);

} // namespace volutus

// volutus_manifest_1 serves plugins that are linked into a test or a simulation; a shared library does not export it.
#define VOLUTUS_PLUGIN(MANIFEST, CLASS)                                                                                \
    __attribute__((section(VLT_MANIFEST_SECTION), used, retain)) static constexpr auto volutus_manifest_bytes =        \
        ::volutus::manifest_bytes<MANIFEST>();                                                                         \
    extern "C" __attribute__((visibility("hidden"))) vlt_str volutus_manifest_1() {                                    \
        return {volutus_manifest_bytes.data(), volutus_manifest_bytes.size()};                                         \
    }                                                                                                                  \
    extern "C" vlt_status volutus_plugin_1(vlt_host const* host, vlt_call* call, vlt_plugin_ref* out) {                \
        return ::volutus::open_plugin(                                                                                 \
            host, call, out,                                                                                           \
            [](::volutus::Host from) -> std::unique_ptr<::volutus::Plugin> { return std::make_unique<CLASS>(from); }); \
    }
