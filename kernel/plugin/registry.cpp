#include "kernel/plugin/registry.hpp"

#include "kernel/log/log.hpp"

#include <fmt/format.h>

#include <limits>
#include <shared_mutex>

namespace volutus::kernel::plugin {

namespace {
std::string_view view(vlt_str text) { return {text.data, text.size}; }

// Far beyond what plugins need, far within what a stack holds.
constexpr unsigned deepest_call = 64;

// A call that begin() made, with the context that nobody else owns.
struct OwnContext {
    CallContext own;
};
struct OwnFrame : OwnContext, CallFrame {
    OwnFrame() : CallFrame(own) {}
};

void describe(trace::Span& span, CallFrame& frame, CallFrame& nested, std::string_view contract, std::string_view name,
              std::string_view target) noexcept {
    span.name = fmt::format("{} {}", contract, name);
    span.state = frame.context().tracestate;
    if (!target.empty()) span.attributes.emplace_back("volutus.target", target);
    nested.set_traceparent(span.traceparent);
}
} // namespace

void check_request(std::string_view contract, std::string_view request) {
    if (request.size() > VLT_DOCUMENT_MAX)
        throw Error(Code::too_large, fmt::format("the request of {} bytes to {} is larger than a document may be",
                                                 request.size(), contract));
}

HostSide::HostSide(Registry& registry, std::string plugin)
    : vlt_host{}, registry_(registry), plugin_(std::move(plugin)) {
    head = {sizeof(vlt_host), VLT_ABI_MAJOR, VLT_ABI_MINOR};
    call = [](vlt_host const* self, vlt_call* within, vlt_str contract, vlt_str name, vlt_str target, vlt_str request,
              vlt_stream* input, vlt_stream* output, vlt_str* reply) -> vlt_status {
        auto const& side = of(self);
        return side.registry_.call(side.plugin_, *static_cast<CallFrame*>(within), view(contract), view(name),
                                   view(target), view(request), input, output, reply);
    };
    begin = [](vlt_host const*, std::int64_t deadline, vlt_str trace) -> vlt_call* {
        auto* own = new OwnFrame;
        if (deadline != std::numeric_limits<std::int64_t>::max())
            own->own.deadline = world::Instant(world::Duration(deadline));
        own->own.trace = view(trace);
        return own;
    };
    end = [](vlt_host const*, vlt_call* call) { delete static_cast<OwnFrame*>(call); };
    vlt_host::log = [](vlt_host const* self, std::int32_t level, vlt_str message, vlt_str fields) {
        json::object parsed;
        try {
            parsed = json::parse_object(view(fields));
        } catch (Error const&) {
            parsed.emplace("fields", view(fields));
        }
        log::write(static_cast<Level>(level), of(self).plugin_, view(message), parsed);
    };
    retain = [](vlt_host const* self) { ++of(self).retained_; };
    release = [](vlt_host const* self) { --of(self).retained_; };
}

void Registry::add_built_in(std::string contract, BuiltInMaker make) {
    std::unique_lock lock(mutex_);
    built_in_[std::move(contract)] = std::move(make);
}

void Registry::add(std::string const& plugin, std::string const& contract, std::string const& target,
                   std::shared_ptr<Endpoint> endpoint) {
    std::unique_lock lock(mutex_);
    if (built_in_.count(contract))
        throw Error(Code::conflict, fmt::format("plugin {} provides {}, which is the kernel's own", plugin, contract));
    auto& providers = providers_[contract];
    for (auto const& other : providers)
        if (other.target == target)
            throw Error(Code::conflict,
                        fmt::format("plugins {} and {} both provide {} as '{}'; disable one of them in conf.d",
                                    other.plugin, plugin, contract, target));
    providers.push_back({plugin, target, std::move(endpoint)});
}

void Registry::remove(std::string const& plugin) {
    std::unique_lock lock(mutex_);
    for (auto at = providers_.begin(); at != providers_.end();) {
        auto& list = at->second;
        std::erase_if(list, [&](Provider const& provider) { return provider.plugin == plugin; });
        at = list.empty() ? providers_.erase(at) : std::next(at);
    }
    std::erase_if(facets_, [&](auto const& facet) { return facet.first.first == plugin; });
}

bool Registry::provides(std::string const& contract) const {
    std::shared_lock lock(mutex_);
    return built_in_.count(contract) || providers_.count(contract);
}

std::vector<std::string> Registry::targets(std::string const& contract) const {
    std::shared_lock lock(mutex_);
    std::vector<std::string> names;
    if (auto const found = providers_.find(contract); found != providers_.end())
        for (auto const& provider : found->second) names.push_back(provider.target);
    return names;
}

std::shared_ptr<Endpoint> Registry::find(std::string const& plugin, std::string_view contract,
                                         std::string_view target) const {
    {
        std::shared_lock lock(mutex_);
        if (auto const found = providers_.find(contract); found != providers_.end()) {
            auto const& providers = found->second;
            if (target.empty() && providers.size() == 1) return providers.front().endpoint;
            for (auto const& provider : providers)
                if (provider.target == target) return provider.endpoint;
            if (target.empty())
                throw Error(Code::conflict, fmt::format("{} has {} providers; name one as target, such as '{}'",
                                                        contract, providers.size(), providers.front().target));
            throw Error(Code::unsupported, fmt::format("nobody provides {} as '{}'", contract, target));
        }
        if (auto const found = facets_.find({plugin, std::string(contract)}); found != facets_.end())
            return found->second;
    }
    std::unique_lock lock(mutex_);
    auto const found = built_in_.find(contract);
    if (found == built_in_.end())
        throw Error(Code::unsupported, fmt::format("nobody provides {}; is its plugin enabled in conf.d?", contract));
    auto const key = std::pair(plugin, std::string(contract));
    if (auto const made = facets_.find(key); made != facets_.end()) return made->second;
    return facets_.emplace(key, found->second(plugin)).first->second;
}

vlt_status Registry::call(std::string const& plugin, CallFrame& frame, std::string_view contract, std::string_view name,
                          std::string_view target, std::string_view request, vlt_stream* input, vlt_stream* output,
                          vlt_str* reply) noexcept {
    auto& nested = frame.nested();
    nested.set_streams(input, output);
    vlt_status status = VLT_INTERNAL;
    trace::Started span(frame.context().tracer, frame.traceparent());
    if (span) describe(*span, frame, nested, contract, name, target);
    try {
        check_request(contract, request);
        if (frame.depth() >= deepest_call)
            throw Error(Code::invalid,
                        fmt::format("the call to {} is within {} others; do plugins call each other in a circle?",
                                    contract, frame.depth()));
        auto const endpoint = find(plugin, contract, target);
        if (frame.context().cancelled) throw Error(Code::cancelled, "the call was cancelled");
        if (world::now() >= frame.context().deadline) throw Error(Code::deadline, "the call's deadline has passed");
        status = endpoint->call(nested, contract, name, request, reply);
    } catch (Error const& error) {
        status = nested.fail(error.code(), error.what(), error.details());
    } catch (std::exception const& error) {
        status = nested.fail(Code::internal, error.what());
    }
    span.end(status == VLT_OK ? std::string_view() : nested.message());
    if (status != VLT_OK) *reply = nested.error_document(status);
    return status;
}

} // namespace volutus::kernel::plugin
