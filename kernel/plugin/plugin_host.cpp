// volutus-plugin-host: runs one plugin in a process of its own, for the process link.
//
//     volutus-plugin-host [--threads N] [--keep-capabilities net_admin,...] <plugin.so>
//
// The kernel starts it, with the socket as descriptor 3. It ends when the kernel lets the socket go.
#include "kernel/plugin/library.hpp"
#include "kernel/plugin/plugin_host_confine.hpp"
#include "kernel/plugin/plugin_host_side.hpp"
#include "kernel/plugin/process_child.hpp"

#include <fmt/format.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace volutus;
using namespace volutus::kernel::plugin;

struct Arguments {
    std::size_t threads = 16;
    std::vector<std::string> keep_capabilities;
    std::string library;
};

std::vector<std::string> split(std::string_view names) {
    std::vector<std::string> out;
    while (!names.empty()) {
        auto const comma = names.find(',');
        out.emplace_back(names.substr(0, comma));
        names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
    }
    return out;
}

Arguments parse(std::vector<std::string_view> const& words) {
    Arguments arguments;
    std::size_t at = 0;
    for (; at + 1 < words.size() && words[at].substr(0, 2) == "--"; at += 2) {
        auto const value = words[at + 1];
        if (words[at] == "--threads") {
            auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), arguments.threads);
            if (error != std::errc() || end != value.data() + value.size() || arguments.threads < 1 ||
                arguments.threads > 256)
                throw Error(Code::invalid, fmt::format("--threads {}: 1 to 256 are possible", value));
        } else if (words[at] == "--keep-capabilities") {
            arguments.keep_capabilities = split(value);
        } else {
            throw Error(Code::invalid, fmt::format("the unknown option {}", words[at]));
        }
    }
    if (at + 1 != words.size()) throw Error(Code::invalid, "one plugin is expected");
    arguments.library = words[at];
    return arguments;
}

// By hand there is no socket to speak to.
bool started_by_kernel() {
    int type = 0;
    socklen_t size = sizeof type;
    return ::getsockopt(plugin_socket, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

} // namespace

int main(int count, char** words) {
    Arguments arguments;
    try {
        arguments = parse({words + 1, words + count});
    } catch (Error const& error) {
        fmt::print(
            stderr,
            "volutus-plugin-host: {}\nusage: volutus-plugin-host [--threads N] [--keep-capabilities NAME,...] PLUGIN\n",
            error.what());
        return 2;
    }
    if (!started_by_kernel()) {
        fmt::print(stderr, "volutus-plugin-host: descriptor {} is no socket; volutusd starts this program\n",
                   plugin_socket);
        return 2;
    }
    // A program that a plugin starts must not hold the socket, nor read from it.
    ::fcntl(plugin_socket, F_SETFD, FD_CLOEXEC);
    ::signal(SIGPIPE, SIG_IGN);
    Library library;
    std::optional<Error> refusal;
    try {
        confine(arguments.keep_capabilities);
        library =
            open_library(arguments.library, [&](std::string const& file) { check_owner(file, arguments.library); });
    } catch (Error const& error) {
        refusal = error;
    }
    auto const side = std::make_shared<PluginHostSide>(Descriptor(plugin_socket), arguments.threads);
    if (refusal)
        side->refuse(*refusal);
    else
        side->greet(library.manifest.id, library.entry);
    side->run();
    // At once: a thread of the plugin that hangs must not keep the process, and nobody is left to hear of its end.
    ::_exit(0);
}
