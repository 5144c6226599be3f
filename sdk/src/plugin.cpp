#include <volutus/plugin.hpp>

#include <cstring>
#include <new>

namespace volutus {

namespace {

vlt_str borrow(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(vlt_str text) { return {text.data, text.size}; }

// Copies text into the call's arena, where the caller reads it.
vlt_status answer_with(vlt_call* call, std::string const& text, vlt_str* out) {
    if (text.size() > VLT_DOCUMENT_MAX)
        return call->fail(call, VLT_TOO_LARGE, borrow("the reply is larger than a document may be; use a stream"),
                          {nullptr, 0});
    auto* copy = static_cast<char*>(call->allocate(call, text.size(), 1));
    if (!copy && !text.empty()) return call->fail(call, VLT_INTERNAL, borrow("no memory for the reply"), {nullptr, 0});
    std::memcpy(copy, text.data(), text.size());
    *out = {copy, text.size()};
    return VLT_OK;
}

// Runs a body and turns whatever it throws into a status of the call.
template <class Body> vlt_status guarded(vlt_call* call, Body body) noexcept {
    try {
        return body();
    } catch (Error const& error) {
        return call->fail(call, static_cast<vlt_status>(error.code()), borrow(error.what()), borrow(error.details()));
    } catch (std::bad_alloc const&) {
        return call->fail(call, VLT_INTERNAL, borrow("out of memory"), {nullptr, 0});
    } catch (std::exception const& error) {
        return call->fail(call, VLT_INTERNAL, borrow(error.what()), {nullptr, 0});
    } catch (...) {
        return call->fail(call, VLT_INTERNAL, borrow("the plugin threw something that is not an exception"),
                          {nullptr, 0});
    }
}

struct Opened {
    vlt_plugin table{};
    std::unique_ptr<Plugin> plugin;
};

Plugin& plugin_of(vlt_plugin* table) { return *reinterpret_cast<Opened*>(table)->plugin; }

vlt_status configure(vlt_plugin* self, vlt_call* raw, vlt_str config) {
    return guarded(raw, [&] {
        Call call(raw);
        plugin_of(self).configure(call, json::parse_object(view(config)));
        return VLT_OK;
    });
}

vlt_status start(vlt_plugin* self, vlt_call* raw) {
    return guarded(raw, [&] {
        Call call(raw);
        plugin_of(self).start(call);
        return VLT_OK;
    });
}

vlt_status answer(vlt_plugin* self, vlt_call* raw, vlt_str contract, vlt_str name, vlt_str request, vlt_str* reply) {
    return guarded(raw, [&] {
        Call call(raw);
        return answer_with(raw, plugin_of(self).answer(call, view(contract), view(name), view(request)), reply);
    });
}

vlt_status quiesce(vlt_plugin* self, vlt_call* raw) {
    return guarded(raw, [&] {
        Call call(raw);
        plugin_of(self).quiesce(call);
        return VLT_OK;
    });
}

vlt_status snapshot(vlt_plugin* self, vlt_call* raw, vlt_str* state) {
    return guarded(raw, [&] {
        Call call(raw);
        return answer_with(raw, json::print(plugin_of(self).snapshot(call)), state);
    });
}

vlt_status restore(vlt_plugin* self, vlt_call* raw, vlt_str state) {
    return guarded(raw, [&] {
        Call call(raw);
        plugin_of(self).restore(call, json::parse_object(view(state)));
        return VLT_OK;
    });
}

void release(vlt_plugin* self) { delete reinterpret_cast<Opened*>(self); }

} // namespace

void Plugin::configure(Call&, json::object const& config) {
    if (!config.empty()) throw Error(Code::invalid, "this plugin has no configuration");
}

std::string Plugin::answer(Call& call, std::string_view contract, std::string_view name, std::string_view request) {
    auto const found = contracts_.find(contract);
    if (found == contracts_.end())
        throw Error(Code::unsupported, "this plugin does not provide the contract " + std::string(contract));
    return found->second(call, name, request);
}

void unsupported() { throw Error(Code::unsupported, "this provider does not support the call"); }

vlt_status open_plugin(vlt_host const* host, vlt_call* call, vlt_plugin_ref* out, PluginMaker make) {
    return guarded(call, [&] {
        if (host->head.major != VLT_ABI_MAJOR)
            throw Error(Code::unsupported, "the host speaks border version " + std::to_string(host->head.major) +
                                               ", this plugin " + std::to_string(VLT_ABI_MAJOR));
        auto opened = std::make_unique<Opened>();
        opened->table = {{sizeof(vlt_plugin), VLT_ABI_MAJOR, VLT_ABI_MINOR},
                         configure,
                         start,
                         answer,
                         quiesce,
                         snapshot,
                         restore,
                         release};
        opened->plugin = make(Host(host));
        out->plugin = &opened.release()->table;
        return VLT_OK;
    });
}

} // namespace volutus
