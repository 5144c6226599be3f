// Loads the plugins of a plan, drives their lives, and puts their contracts into the registry.
#pragma once

#include "kernel/plugin/link.hpp"
#include "kernel/plugin/plan.hpp"
#include "kernel/plugin/registry.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace volutus::kernel::plugin {

struct LoaderOptions {
    std::string host_program;                            // volutus-plugin-host, for the process link
    world::Duration patience = std::chrono::seconds(30); // for one step of a plugin's life
};

class Loader {
public:
    Loader(Registry& registry, LoaderOptions options) : registry_(registry), options_(std::move(options)) {}
    ~Loader() { stop(); }
    Loader(Loader const&) = delete;
    Loader& operator=(Loader const&) = delete;

    // Opens and configures all in order, then registers them, then starts all in order. `declare` is told each manifest
    // after its plugin was configured, so that its kinds are there before it starts. The first failure is thrown, and
    // what was loaded is let go.
    void load(std::vector<Planned> ordered, std::function<void(Manifest const&)> const& declare);

    // Quiesces and releases, in the opposite order. What fails is logged.
    void stop();

    struct Loaded {
        Planned plan;
        std::shared_ptr<Link> link;
    };
    std::vector<Loaded> const& loaded() const { return loaded_; }

private:
    std::shared_ptr<Link> open(Planned const& plan);

    Registry& registry_;
    LoaderOptions options_;
    std::vector<Loaded> loaded_;
    std::size_t started_ = 0; // of loaded_, from the first
};

} // namespace volutus::kernel::plugin
