#include "kernel/plugin/plugin_host_confine.hpp"

#include "kernel/plugin/process_child.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <sys/auxv.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace volutus::kernel::plugin {

namespace {
struct Free {
    void operator()(cap_t set) const { ::cap_free(set); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, Free>;

Error failed(char const* what) {
    return Error(Code::internal,
                 fmt::format("cannot confine the plugin's process: {}: {}", what, std::strerror(errno)));
}

std::vector<cap_value_t> values_of(std::vector<std::string> const& names) {
    std::vector<cap_value_t> values;
    for (auto const& name : names) {
        cap_value_t value = 0;
        if (::cap_from_name(("cap_" + name).c_str(), &value) != 0)
            throw Error(Code::invalid, fmt::format("'{}' is no capability; such as net_admin is expected", name));
        values.push_back(value);
    }
    return values;
}

bool holds(cap_t set, cap_value_t value, cap_flag_t kind) {
    cap_flag_value_t answer = CAP_CLEAR;
    return ::cap_get_flag(set, value, kind, &answer) == 0 && answer == CAP_SET;
}

void keep_only(std::vector<std::string> const& names) {
    auto const values = values_of(names);
    Capabilities const have(::cap_get_proc());
    Capabilities const keep(::cap_init());
    if (!have || !keep) throw failed("capabilities");
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!holds(have.get(), values[i], CAP_PERMITTED))
            throw Error(Code::forbidden, fmt::format("the plugin's process does not have the capability {}; give it to "
                                                     "volutus-plugin-host with setcap, or run the daemon as root",
                                                     names[i]));

    // The bounding set first: that takes a capability which is then given up.
    if (holds(have.get(), CAP_SETPCAP, CAP_EFFECTIVE))
        for (cap_value_t value = 0; value < ::cap_max_bits(); ++value)
            if (std::find(values.begin(), values.end(), value) == values.end()) ::cap_drop_bound(value);
    if (::cap_reset_ambient() != 0) throw failed("ambient capabilities");
    auto const count = static_cast<int>(values.size());
    for (auto const kind : {CAP_PERMITTED, CAP_EFFECTIVE, CAP_INHERITABLE})
        if (count > 0 && ::cap_set_flag(keep.get(), kind, count, values.data(), CAP_SET) != 0)
            throw failed("capabilities");
    if (::cap_set_proc(keep.get()) != 0) throw failed("capabilities");
    for (auto const value : values)
        if (::cap_set_ambient(value, CAP_SET) != 0) throw failed("ambient capabilities");
}
} // namespace

void check_owner(std::string const& file, std::string const& path) {
    if (::getauxval(AT_SECURE) == 0) return;
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0) throw failed("stat");
    if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)))
        throw Error(Code::forbidden,
                    fmt::format("{}: a process with capabilities of its own runs only plugins that belong to "
                                "root and that nobody else may write",
                                path));
}

void confine(std::vector<std::string> const& keep_capabilities) {
    if (::close_range(plugin_socket + 1, ~0u, 0) != 0) throw failed("close_range");
    ::umask(077);
    keep_only(keep_capabilities);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw failed("no_new_privs");
    // Last, because a change of capabilities takes it back. Should the daemon have ended before, the socket says so.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) throw failed("parent death signal");
}

} // namespace volutus::kernel::plugin
