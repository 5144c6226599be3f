#pragma once

#include "consoles.hpp"

#include <volutus/resource.hpp>

namespace volutus::compute {

inline constexpr char console_action[] = "/servers/{server_id}/action";

inline constexpr auto consoles = resource<Console>(
    "console", "consoles", kind("compute.console"), unscoped, field<&Console::id>("id"),
    field<&Console::server_id>("server_id"), field<&Console::type>("type"),
    field<&Console::expires>("expires", indexed),
    route<&Consoles::create>("POST", "/servers/{server_id}/remote-consoles", "os_compute_api:os-remote-consoles",
                             since("2.6"), envelope("remote_console")),
    action<&Consoles::vnc>(console_action, "os-getVNCConsole", "os_compute_api:os-remote-consoles", until("2.5"),
                           status(200)),
    action<&Consoles::serial>(console_action, "os-getSerialConsole", "os_compute_api:os-remote-consoles", until("2.5"),
                              status(200)),
    route<&Consoles::connect>("GET", "//console", {}, websocket));

} // namespace volutus::compute
