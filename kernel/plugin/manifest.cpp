#include "kernel/plugin/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::plugin {

namespace {
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}
} // namespace

Manifest parse_manifest(std::string_view text, std::string_view source) {
    auto const refuse = [&](std::string const& why) -> Error {
        return Error(Code::invalid, fmt::format("{}: the manifest {}", source, why));
    };
    Manifest manifest;
    try {
        auto const document = json::parse_object(text);
        // The major first: the rest of a manifest of another major may look different.
        auto const* major = json::find(document, "abi.major");
        if (!major || !major->is_int64())
            throw refuse("names no abi.major; build the plugin with the SDK's VOLUTUS_PLUGIN");
        if (major->get_int64() != VLT_ABI_MAJOR)
            throw refuse(fmt::format(
                "is for border version {}, this kernel speaks {}; rebuild the plugin with an SDK of that version",
                major->get_int64(), VLT_ABI_MAJOR));
        manifest = json::decode<Manifest>(document);
    } catch (Error const& error) {
        if (std::string_view(error.what()).substr(0, source.size()) == source) throw;
        throw refuse(fmt::format("cannot be read: {}", error.what()));
    }
    if (!is_name(manifest.id))
        throw refuse(fmt::format("has the id '{}'; an id is 1 to 64 of a-z, 0-9 and _", manifest.id));
    for (auto const& link : manifest.links)
        if (link != "in-process" && link != "process" && link != "remote")
            throw refuse(fmt::format("permits the link '{}'; there are in-process, process and remote", link));
    for (auto const& kind : manifest.kinds)
        if (kind.name.substr(0, 7) == "kernel.")
            throw refuse(fmt::format("owns '{}'; kinds of kernel.* are the kernel's", kind.name));
    auto const owned = [&](volutus::store::Kind const& kind) { return kind.name == manifest.hosts->kind; };
    if (manifest.hosts && std::ranges::none_of(manifest.kinds, owned))
        throw refuse(fmt::format("calls '{}' hosts, which is none of its kinds", manifest.hosts->kind));
    return manifest;
}

} // namespace volutus::kernel::plugin
