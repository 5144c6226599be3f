// The handlers of servers.
#pragma once

#include "backends.hpp"
#include "flavor.hpp"
#include "server_requests.hpp"
#include "settings.hpp"

#include <volutus/request.hpp>

namespace volutus::compute {

class Servers {
public:
    explicit Servers(Host host) : backends_(host) {}
    void configure(Settings const& settings) { settings_ = settings; }

    Reply list(Request& request);
    Reply show(Request& request);
    Reply create(Request& request, NewServer const& wanted);
    Reply update(Request& request);
    Reply remove(Request& request);

    // Actions.
    Reply start(Request& request);
    Reply stop(Request& request);
    Reply reboot(Request& request, Reboot const& how);
    Reply pause(Request& request);
    Reply unpause(Request& request);
    Reply lock(Request& request, LockReason const& why);
    Reply unlock(Request& request);
    Reply reset_state(Request& request, ResetState const& wanted);
    Reply console_output(Request& request, ConsoleOutput const& wanted);
    Reply add_group(Request& request, GroupName const& group);
    Reply remove_group(Request& request, GroupName const& group);

    // What belongs to one server.
    Reply list_metadata(Request& request);
    Reply add_metadata(Request& request);
    Reply replace_metadata(Request& request);
    Reply show_metadata_key(Request& request);
    Reply set_metadata_key(Request& request);
    Reply remove_metadata_key(Request& request);
    Reply list_addresses(Request& request);
    Reply list_addresses_of_network(Request& request);
    Reply list_interfaces(Request& request);
    Reply show_interface(Request& request);
    Reply list_groups_of_server(Request& request);
    Reply show_password(Request& request);
    Reply remove_password(Request& request);
    Reply list_events(Request& request);
    Reply show_event(Request& request);

    Reply list_tags(Request& request);
    Reply replace_tags(Request& request, ServerTags const& wanted);
    Reply remove_tags(Request& request);
    Reply show_tag(Request& request);
    Reply add_tag(Request& request);
    Reply remove_tag(Request& request);
    Reply list_volumes(Request& request);

    // The security groups of the network service, as old clients ask the compute service for them.
    Reply list_groups(Request& request);
    Reply show_group(Request& request);

private:
    struct Action; // server_actions.cpp

    Server server_from(Request& request, NewServer const& wanted);
    void choose_flavor(Request& request, NewServer const& wanted, Server& server) const;
    void choose_image(Request& request, NewServer const& wanted, Server& server) const;
    void choose_key(Request& request, NewServer const& wanted, Server& server) const;
    void choose_place(Request& request, NewServer const& wanted, Server& server) const;
    void check_metadata(std::map<std::string, std::string> const& metadata) const;
    Writes writes_for(Request& request, Server const& server) const;
    std::vector<Server> copies_of(Server const& first, NewServer const& wanted, std::int64_t count) const;
    Reply answer_create(Request& request, NewServer const& wanted, Server const& server) const;

    template <class StartTask> Reply act(Request& request, Action const& action, StartTask start);
    template <class Change> Server changed(Request& request, Change change);
    template <class Change> Reply change_metadata(Request& request, Change change);
    // Tells the interfaces of many servers with one question.
    void fill_nics(Call& call, std::vector<Server*> const& servers) const;
    void name_groups(Call& call, std::vector<ports::Nic>& nics) const;

    Backends backends_;
    Settings settings_;
};

// The server that the path names, as the route's policy lets the caller see it.
Server require_server(Request& request);
// Notes who asked for what; the last ones are kept.
void remember(Request& request, Server& server, std::string_view action);

// Numbers are taken for text elsewhere, as older clients send them; a name is what its user wrote.
void refuse_numeric_name(Request& request);

// Of server_tags.cpp. Throws invalid for what is no tag; leaves each once, in order.
void check_tags(std::vector<std::string>& tags);
using KeepServer = std::function<bool(Server const&)>;
std::vector<KeepServer> keeps_by_tags(Request const& request); // what tags, tags-any, not-tags, not-tags-any ask for

template <class Change> Server Servers::changed(Request& request, Change change) {
    return retry_on_conflict([&] {
        auto server = require_server(request);
        change(server);
        touch(server);
        request.store().save(server);
        return server;
    });
}

} // namespace volutus::compute
