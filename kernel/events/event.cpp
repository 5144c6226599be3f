#include <kernel/events/event.hpp>

namespace volutus::kernel::events {

namespace {
std::string_view operation_of(volutus::store::FeedEntry const& entry) {
    using volutus::store::Change;
    switch (entry.change) {
    case Change::put: return entry.created ? "create" : "update";
    case Change::remove: return "delete";
    case Change::note: return "note";
    case Change::account: return "account";
    }
    return "update";
}
} // namespace

std::string print_event(volutus::store::FeedEntry const& entry, bool for_operator) {
    json::object out{{"revision", entry.revision}, {"operation", operation_of(entry)}, {"kind", entry.kind}};
    if (!entry.id.empty()) out["id"] = entry.id;
    if (!entry.fields.empty()) out["fields"] = json::encode(entry.fields);
    if (!entry.project_id.empty()) out["project_id"] = entry.project_id;
    if (!entry.by.empty()) {
        auto by = entry.by;
        if (!for_operator) by.erase("client_address");
        out["by"] = std::move(by);
    }
    return json::print(out);
}

} // namespace volutus::kernel::events
