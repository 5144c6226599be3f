#include "kernel/plugin/in_process_link.hpp"

#include "kernel/log/log.hpp"

#include <fmt/format.h>

namespace volutus::kernel::plugin {

namespace {
// A step of a plugin's life, on a thread of its own.
struct Attempt {
    CallContext context;
    CallFrame frame{context};
    world::Promised<vlt_status> outcome;
    world::Thread thread;
    std::shared_ptr<void> library;
    std::shared_ptr<HostSide> host;
};
} // namespace

// A plugin that hangs cannot be stopped. Its thread and all that it may still touch are left behind for the rest of the
// process, and the plugin is refused.
void InProcessLink::run(char const* what, std::function<vlt_status(vlt_call*)> body) {
    auto const& plugin = host_->plugin();
    auto attempt = std::make_unique<Attempt>();
    attempt->context.deadline = world::now() + patience_;
    attempt->context.trace = fmt::format("{}:{}", plugin, what);
    attempt->library = keep_;
    attempt->host = host_;
    auto* raw = attempt.get();
    attempt->thread = world::Thread(plugin, [raw, body = std::move(body)] {
        auto status = body(&raw->frame);
        vlt_str ignored{nullptr, 0};
        if (status == VLT_PENDING) status = raw->frame.wait(&ignored);
        raw->outcome.give(status);
    });
    auto const status = attempt->outcome.take_until(attempt->context.deadline);
    if (!status) {
        attempt->context.cancelled.tell();
        hangs_ = true;
        [[maybe_unused]] auto* left_behind = attempt.release();
        throw step_hangs(plugin, what, patience_);
    }
    attempt->thread.join();
    if (*status != VLT_OK) throw step_failed(plugin, what, attempt->frame.error(*status));
}

InProcessLink::InProcessLink(std::shared_ptr<HostSide> host, EntryPoint entry, std::shared_ptr<void> keep,
                             world::Duration patience)
    : keep_(std::move(keep)), host_(std::move(host)), patience_(patience) {
    auto const opened = std::make_shared<vlt_plugin_ref>();
    run(VLT_ENTRY_SYMBOL,
        [side = host_.get(), entry, opened](vlt_call* call) { return entry(side, call, opened.get()); });
    plugin_ = opened->plugin;
    if (!plugin_ || plugin_->head.major != VLT_ABI_MAJOR || !VLT_HAS(plugin_, call))
        throw step_failed(host_->plugin(), VLT_ENTRY_SYMBOL, no_table());
}

InProcessLink::~InProcessLink() {
    if (plugin_ && !hangs_ && VLT_HAS(plugin_, release)) plugin_->release(plugin_);
}

void InProcessLink::configure(std::string const& config) {
    if (VLT_HAS(plugin_, configure))
        run("configure", [plugin = plugin_, config](vlt_call* call) {
            return plugin->configure(plugin, call, {config.data(), config.size()});
        });
}

void InProcessLink::start() {
    if (VLT_HAS(plugin_, start))
        run("start", [plugin = plugin_](vlt_call* call) { return plugin->start(plugin, call); });
}

void InProcessLink::quiesce() {
    if (VLT_HAS(plugin_, quiesce))
        run("quiesce", [plugin = plugin_](vlt_call* call) { return plugin->quiesce(plugin, call); });
}

void InProcessLink::blamed() {
    if (++hanging_ > 0)
        log::write(Level::error, host_->plugin(),
                   "did not come back from a call by its deadline; no more calls go to it until it does", {});
}

void InProcessLink::returned() {
    if (--hanging_ == 0)
        log::write(Level::warning, host_->plugin(), "came back from a call that was given up; calls go to it again",
                   {});
}

vlt_status InProcessLink::call(CallFrame& frame, std::string_view contract, std::string_view name,
                               std::string_view request, vlt_str* reply) noexcept {
    if (hanging_ > 0)
        return frame.fail(Code::unavailable,
                          fmt::format("plugin {} is quarantined: it did not come back from a call; restart volutusd, "
                                      "or run the plugin with link = \"process\"",
                                      host_->plugin()));
    Inside const inside(frame.context(), *this);
    auto const status = plugin_->call(plugin_, &frame, {contract.data(), contract.size()}, {name.data(), name.size()},
                                      {request.data(), request.size()}, reply);
    return check_reply(frame, status == VLT_PENDING ? frame.wait(reply) : status, reply);
}

} // namespace volutus::kernel::plugin
