// What a plugin says of itself, in an ELF section that the kernel reads before any code of the plugin runs.
//
//     constexpr auto manifest = volutus::manifest("toy_file", "0.1.0", vendor("Acme"), licence("Apache-2.0"),
//         provides(toy::contract), needs("volutus.store/1"), settings(config_rows), links("in-process", "process"));
#pragma once

#include <volutus/contract.hpp>
#include <volutus/field.hpp>
#include <volutus/manifest_writer.hpp>

#include <array>
#include <string_view>
#include <tuple>

namespace volutus {

inline constexpr std::string_view sdk_version = "0.1.0";

struct TextPart {
    std::string_view key, value;
    constexpr void write(ManifestWriter& out) const { out.member(key, value); }
};
constexpr TextPart vendor(std::string_view name) { return {"vendor", name}; }
constexpr TextPart licence(std::string_view spdx) { return {"licence", spdx}; }
constexpr TextPart description(std::string_view text) { return {"description", text}; }
// The sandbox of the process link: pure, net-client, spawn or netadmin.
constexpr TextPart profile(std::string_view name) { return {"profile", name}; }
// Other than the kernel's own choice between several providers of a contract: the name calls may give as target.
constexpr TextPart target(std::string_view name) { return {"target", name}; }

template <std::size_t N> struct TextsPart {
    std::string_view key;
    std::array<std::string_view, N> values;
    constexpr void write(ManifestWriter& out) const { out.texts(key, values); }
};
// Contracts that must have a provider before this plugin starts.
template <class... Names> constexpr auto needs(Names... names) {
    return TextsPart<sizeof...(Names)>{"requires", {std::string_view(names)...}};
}
// Contracts that are used where they are there.
template <class... Names> constexpr auto wants(Names... names) {
    return TextsPart<sizeof...(Names)>{"wants", {std::string_view(names)...}};
}
template <class... Names> constexpr auto links(Names... names) {
    return TextsPart<sizeof...(Names)>{"links", {std::string_view(names)...}};
}

struct HostsPart {
    std::string_view kind, traits, aggregates;
    constexpr void write(ManifestWriter& out) const {
        out.key("hosts");
        out.open('{');
        out.member("kind", kind);
        out.member("traits", traits);
        out.member("aggregates", aggregates);
        out.close('}');
    }
};
// Documents of this kind, one of the plugin's own, are what volutus.scheduler/1 chooses from. The fields, with dots,
// hold arrays of strings; "" where there are none. What a host has is in the ledger, under the document's id.
constexpr HostsPart hosts(std::string_view kind, std::string_view traits_field, std::string_view aggregates_field) {
    return {kind, traits_field, aggregates_field};
}

template <class... Contracts> struct ProvidesPart {
    std::tuple<Contracts const*...> contracts;
    constexpr void write(ManifestWriter& out) const {
        out.key("provides");
        out.open('[');
        std::apply([&](auto const*... contract) { (write_one(out, *contract), ...); }, contracts);
        out.close(']');
    }

private:
    template <class C> constexpr void write_one(ManifestWriter& out, C const& contract) const {
        out.open('{');
        out.member("contract", contract.name);
        out.key("calls");
        out.open('[');
        std::apply([&](auto const&... entry) { (out.text(entry.name), ...); }, contract.entries);
        out.close(']');
        out.close('}');
    }
};
template <class... Contracts> constexpr ProvidesPart<Contracts...> provides(Contracts const&... contracts) {
    return {std::tuple<Contracts const*...>(&contracts...)};
}

// The schema of [plugin.<name>.config], from the rows of the struct that configure() reads.
template <class Row, std::size_t N> struct SettingsPart {
    std::array<Row, N> const* rows;
    constexpr void write(ManifestWriter& out) const {
        out.key("config");
        out.open('{');
        out.member("type", "object");
        out.member("additionalProperties", false);
        out.key("required");
        out.open('[');
        for (auto const& row : *rows)
            if (row.required) out.text(row.name);
        out.close(']');
        out.key("properties");
        out.open('{');
        for (auto const& row : *rows) {
            out.key(row.name);
            row.write_schema(out);
        }
        out.close('}');
        out.close('}');
    }
};
template <class Row, std::size_t N> constexpr SettingsPart<Row, N> settings(std::array<Row, N> const& rows) {
    return {&rows};
}

template <class... Parts> struct Manifest {
    std::string_view id, version;
    std::tuple<Parts...> parts;

    constexpr void write(ManifestWriter& out) const {
        out.open('{');
        out.key("abi");
        out.open('{');
        out.member("major", std::int64_t{VLT_ABI_MAJOR});
        out.member("minor", std::int64_t{VLT_ABI_MINOR});
        out.close('}');
        out.member("id", id);
        out.member("version", version);
        out.member("sdk", sdk_version);
        std::apply([&](auto const&... part) { (part.write(out), ...); }, parts);
        out.close('}');
    }
};
template <class... Parts>
constexpr Manifest<Parts...> manifest(std::string_view id, std::string_view version, Parts... parts) {
    return {id, version, std::tuple<Parts...>(parts...)};
}

template <auto const& TheManifest> constexpr auto manifest_bytes() {
    constexpr std::size_t size = [] {
        ManifestWriter measure;
        TheManifest.write(measure);
        return measure.size();
    }();
    std::array<char, size> bytes{};
    ManifestWriter out(bytes.data());
    TheManifest.write(out);
    return bytes;
}

} // namespace volutus
