// Consoles of servers: a URL with a token, and the websocket that it leads to.
#pragma once

#include "backends.hpp"
#include "settings.hpp"

#include <volutus/field.hpp>
#include <volutus/request.hpp>

namespace volutus::compute {

struct Console : Stored {
    std::string id; // a hash of the token, which is known to its owner only
    std::string server_id, type;
    std::int64_t expires = 0; // microseconds since 1970, UTC
};
Resource const& resource_of(Console const*);

struct WantedConsole {
    std::string protocol, type;
};
constexpr auto wanted_console_rows =
    rows(field<&WantedConsole::protocol>("protocol", required_field, one_of("vnc", "spice", "rdp", "serial", "mks")),
         field<&WantedConsole::type>("type", required_field,
                                     one_of("novnc", "xvpvnc", "spice-html5", "rdp-html5", "serial", "webmks")));
constexpr Fields rows_of(WantedConsole const*) { return fields_of(wanted_console_rows); }

struct ConsoleType {
    std::string type;
};
constexpr auto console_type_rows =
    rows(field<&ConsoleType::type>("type", required_field, one_of("novnc", "xvpvnc", "serial")));
constexpr Fields rows_of(ConsoleType const*) { return fields_of(console_type_rows); }

class Consoles {
public:
    explicit Consoles(Host host) : backends_(host) {}
    void configure(Settings const& settings) { settings_ = settings; }

    Reply create(Request& request, WantedConsole const& wanted);
    Reply vnc(Request& request, ConsoleType const& wanted); // the forms before 2.6
    Reply serial(Request& request, ConsoleType const& wanted);
    Reply connect(Request& request); // the websocket

private:
    std::string url_for(Request& request, std::string_view protocol);

    Backends backends_;
    Settings settings_;
};

} // namespace volutus::compute
