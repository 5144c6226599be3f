#include "kernel/plugin/loader.hpp"

#include "kernel/log/log.hpp"
#include "kernel/plugin/in_process_link.hpp"
#include "kernel/plugin/library.hpp"
#include "kernel/plugin/process_link.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::plugin {

namespace {

// The file may have been replaced since the plan was made; what was checked must be what runs.
void check_same(Planned const& plan, Manifest const& opened) {
    if (opened.id != plan.manifest.id || opened.version != plan.manifest.version)
        throw Error(Code::conflict,
                    fmt::format("{} was {} {} when the plan was made and is {} {} now; start again", plan.path,
                                plan.manifest.id, plan.manifest.version, opened.id, opened.version));
}

// What a profile's process keeps of the capabilities that volutus-plugin-host has: interfaces and filters, raw sockets,
// ports below 1024, and network namespaces, which are mounts.
std::vector<std::string> capabilities_of(Manifest const& manifest) {
    if (manifest.profile != "netadmin") return {};
    return {"net_admin", "net_raw", "net_bind_service", "sys_admin"};
}

} // namespace

std::shared_ptr<Link> Loader::open(Planned const& plan) {
    auto host = std::make_shared<HostSide>(registry_, plan.name);
    if (plan.link == LinkKind::process) {
        ProcessOptions options;
        options.program = options_.host_program;
        options.library = plan.path;
        options.id = plan.name;
        options.keep_capabilities = capabilities_of(plan.manifest);
        options.patience = options_.patience;
        return std::make_shared<ProcessLink>(std::move(host), std::move(options));
    }
    auto library = open_library(plan.path);
    check_same(plan, library.manifest);
    return std::make_shared<InProcessLink>(std::move(host), library.entry, std::move(library.keep), options_.patience);
}

void Loader::load(std::vector<Planned> ordered, std::function<void(Manifest const&)> const& declare) {
    try {
        for (auto& plan : ordered) {
            auto link = open(plan);
            link->configure(plan.config);
            loaded_.push_back({std::move(plan), std::move(link)});
            declare(loaded_.back().plan.manifest);
        }
        for (auto const& [plan, link] : loaded_)
            for (auto const& provided : plan.manifest.provides)
                registry_.add(plan.name, provided.contract, target_of(plan.manifest, provided.contract), link);
        for (auto const& [plan, link] : loaded_) {
            link->start();
            ++started_;
            log::write(Level::info, "plugin", "started",
                       {{"plugin", plan.name}, {"version", plan.manifest.version}, {"link", to_string(plan.link)}});
        }
    } catch (...) {
        stop();
        throw;
    }
}

void Loader::stop() {
    for (; !loaded_.empty(); loaded_.pop_back()) {
        auto const& [plan, link] = loaded_.back();
        bool const was_started = loaded_.size() <= started_;
        started_ = std::min(started_, loaded_.size() - 1);
        try {
            if (was_started) link->quiesce();
        } catch (std::exception const& error) {
            log::write(Level::warning, "plugin", "did not come to rest",
                       {{"plugin", plan.name}, {"error", error.what()}});
        }
        registry_.remove(plan.name);
    }
}

} // namespace volutus::kernel::plugin
