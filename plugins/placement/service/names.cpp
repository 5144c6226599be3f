#include "names.hpp"

#include "standard_traits_table.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace volutus::placement_service {

namespace {

constexpr std::string_view standard_classes[] = {"VCPU",
                                                 "MEMORY_MB",
                                                 "DISK_GB",
                                                 "PCI_DEVICE",
                                                 "SRIOV_NET_VF",
                                                 "NUMA_SOCKET",
                                                 "NUMA_CORE",
                                                 "NUMA_THREAD",
                                                 "NUMA_MEMORY_MB",
                                                 "IPV4_ADDRESS",
                                                 "VGPU",
                                                 "VGPU_DISPLAY_HEAD",
                                                 "NET_BW_EGR_KILOBIT_PER_SEC",
                                                 "NET_BW_IGR_KILOBIT_PER_SEC",
                                                 "PCPU",
                                                 "MEM_ENCRYPTION_CONTEXT",
                                                 "FPGA",
                                                 "PGPU",
                                                 "NET_PACKET_RATE_KILOPACKET_PER_SEC",
                                                 "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
                                                 "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC"};

template <class Kind> Writes registered(Store& store, std::vector<std::string> const& names) {
    Writes writes;
    for (auto& name : custom_among(names)) {
        if (store.get<Kind>(name)) continue;
        Kind made;
        made.id = std::move(name);
        made.created_at = timestamp_now();
        writes += put(made);
    }
    return writes;
}

} // namespace

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 255 &&
           text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == text.npos;
}

bool is_custom(std::string_view text) {
    constexpr std::string_view prefix = "CUSTOM_";
    return is_name(text) && text.size() > prefix.size() && text.substr(0, prefix.size()) == prefix;
}

bool is_standard_class(std::string_view name) {
    return std::find(std::begin(standard_classes), std::end(standard_classes), name) != std::end(standard_classes);
}

bool is_standard_trait(std::string_view name) {
    return std::binary_search(std::begin(standard_traits), std::end(standard_traits), name);
}

std::vector<std::string> standard_class_names() { return {std::begin(standard_classes), std::end(standard_classes)}; }

bool is_class(Store& store, std::string const& name) {
    return is_standard_class(name) || (is_custom(name) && store.get<ResourceClass>(name));
}

bool is_trait(Store& store, std::string const& name) {
    return is_standard_trait(name) || (is_custom(name) && store.get<Trait>(name));
}

void check_traits(Store& store, std::vector<std::string> const& names) {
    std::vector<std::string> unknown;
    for (auto const& name : names)
        if (!is_trait(store, name)) unknown.push_back(name);
    if (!unknown.empty()) throw Error(Code::invalid, fmt::format("No such trait(s): {}.", fmt::join(unknown, ", ")));
}

void check_class(Store& store, std::string const& name) {
    if (!is_class(store, name)) throw Error(Code::invalid, fmt::format("No such resource class {}.", name));
}

std::vector<std::string> custom_among(std::vector<std::string> const& names) {
    std::vector<std::string> custom;
    std::copy_if(names.begin(), names.end(), std::back_inserter(custom), is_custom);
    return custom;
}

Writes register_classes(Store& store, std::vector<std::string> const& names) {
    return registered<ResourceClass>(store, names);
}

Writes register_traits(Store& store, std::vector<std::string> const& names) { return registered<Trait>(store, names); }

} // namespace volutus::placement_service
