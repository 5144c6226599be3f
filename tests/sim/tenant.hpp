// A tenant of the simulated cloud: makes, changes and deletes servers, ports, networks and floating IPs as the seed has
// it, and remembers what it was told.
#pragma once

#include "kernel/world/simulation.hpp"

#include <volutus/context.hpp>
#include <volutus/json.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace volutus::sim {

// One request of a REST service through the controller; nothing when no answer came, or not a good one.
class RestClient {
public:
    RestClient(world::Node& controller, Context caller);

    using Captures = std::map<std::string, std::string>;
    struct Answer {
        unsigned status = 0; // 0: none came
        json::value body;
        bool good() const { return status >= 200 && status < 300; }
    };
    Answer compute(std::string const& method, std::string const& route, Captures captures = {}, json::value body = {});
    Answer network(std::string const& method, std::string const& route, Captures captures = {}, json::value body = {});

private:
    Answer ask(std::string_view plugin, std::string const& method, std::string const& route, Captures captures,
               json::value const& body);

    world::Node& controller_;
    Context caller_;
};
Context tenant_context(std::string const& project);
Context operator_context();

// What was said of one thing: it was made; its delete was asked for, and answered.
struct Told {
    bool delete_asked = false, delete_told = false;
};
using Things = std::map<std::string, Told>; // by id

struct Memory {
    Things servers, ports, floating_ips;
    std::uint64_t requests = 0, answers = 0;
};

class Tenant {
public:
    Tenant(world::Node& controller, std::string project, std::string outside);

    // A network with a subnet, behind a router to the outside. Without faults.
    void settle();
    void work(int operations, Memory& memory);
    // Are all its servers at rest, and is what it was told so? Adds what is not.
    void compare(Memory const& memory, std::vector<std::string>& differences);

private:
    void create_server(Memory& memory);
    void delete_server(Memory& memory);
    void change_server(Memory& memory);
    void create_port(Memory& memory);
    void delete_port(Memory& memory);
    void create_floating_ip(Memory& memory);
    void change_floating_ip(Memory& memory);
    void delete_floating_ip(Memory& memory);
    void try_a_network(Memory& memory);
    void remove_what_is_used(Memory& memory);
    // One that was not deleted as far as is known; "" for none.
    static std::string any_of(Things const& things);
    RestClient::Answer counted(RestClient::Answer answer, Memory& memory);

    RestClient client_;
    std::string project_, outside_, network_, subnet_, router_;
    int number_ = 0;
};

} // namespace volutus::sim
