#include "kernel/daemon/node.hpp"

namespace volutus::kernel::daemon {

NodeDescription describe(bus::Bus& bus, std::string const& node) {
    plugin::BusLink link(bus, node, "", std::chrono::seconds(3));
    plugin::CallContext context;
    plugin::CallFrame frame(context);
    vlt_str reply{nullptr, 0};
    auto const status = link.call(frame, node_contract.name, "describe", "{}", &reply);
    if (status != VLT_OK) throw frame.error(status);
    return json::decode<NodeDescription>(json::parse({reply.data, reply.size}));
}

} // namespace volutus::kernel::daemon
