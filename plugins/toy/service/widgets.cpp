#include "widgets.hpp"

#include <volutus/formats.hpp>

namespace volutus::toy_service {

namespace {
constexpr std::string_view slot = "TOY_SLOT";
constexpr std::string_view quota_resource = "widgets";
constexpr std::string_view serials = "toy.serials";   // the pool of serial numbers
constexpr std::int64_t last_serial = 99999;
} // namespace

void Widgets::prepare(Call& call) {
    store::SetAccount capacity;
    capacity.account = maker_account;
    capacity.resource = slot;
    capacity.total = settings_.slots;
    Store(host_, call).apply(set_account(capacity));
}

// Claims one widget of the project's quota. Its account is made with the default when the project has none yet.
Writes Widgets::quota_claim(Store& store, std::string const& project, std::string const& widget) const {
    Writes writes = claim(project, quota_resource, widget, 1);
    store::AccountQuery query;
    query.account = project;
    query.resource = std::string(quota_resource);
    if (!store.accounts(query).accounts.empty()) return writes;
    store::SetAccount limit;
    limit.account = project;
    limit.resource = quota_resource;
    limit.total = settings_.quota;
    limit.quota = true;
    return set_account(limit) + std::move(writes);
}

Reply Widgets::create(Request& request, Widget const& wanted) {
    auto widget = wanted;
    widget.id = new_uuid();
    widget.project_id = request.project();
    widget.created_at = widget.updated_at = timestamp(world::wall_now());
    widget.status = "building";
    request.apply(put(widget) + quota_claim(request.store(), widget.project_id, widget.id) + start(make_widget, widget));
    return request.shown(widget);
}

Reply Widgets::remove(Request& request) {
    retry_on_conflict([&] {
        auto widget = request.require<Widget>();
        if (widget.status == "deleting") return;
        widget.status = "deleting";
        request.apply(put(widget) + replacing(start(remove_widget, widget)));
    });
    return request.reply();
}

store::Apply Widgets::place(Step& step) {
    Store store(host_, step.call);
    auto widget = store.require<Widget>(step.resource);
    return (claim(maker_account, slot, widget.id, widget.size) + take(serials, widget.id, 1, last_serial)).apply;
}

store::Apply Widgets::unplace(Step& step) {
    return (release(step.resource, maker_account) + give_back(serials, step.resource)).apply;
}

store::Apply Widgets::make(Step& step) {
    Store store(host_, step.call);
    auto const widget = store.require<Widget>(step.resource);
    makers_.call<&toy::Maker::make>(step.call, toy::MakeWidget{widget.id, static_cast<std::uint32_t>(widget.size)});
    return {};
}

store::Apply Widgets::demolish(Step& step) {
    makers_.call<&toy::Maker::remove>(step.call, toy::WidgetId{step.resource});
    return {};
}

store::Apply Widgets::paint(Step& step) {
    Store store(host_, step.call);
    auto const widget = store.require<Widget>(step.resource);
    makers_.call<&toy::Maker::paint>(step.call, toy::PaintWidget{widget.id, widget.colour});
    return {};
}

store::Apply Widgets::activate(Step& step) {
    Store store(host_, step.call);
    auto widget = store.require<Widget>(step.resource);
    widget.status = "active";
    return put(widget).apply;
}

store::Apply Widgets::forget(Step& step) {
    Store store(host_, step.call);
    auto const widget = store.get<Widget>(step.resource);
    Writes writes = release(step.resource) + give_back(serials, step.resource);
    if (widget) writes += volutus::remove(*widget);
    return writes.apply;
}

store::Apply Widgets::failed(Step& step) {
    Store store(host_, step.call);
    auto widget = store.get<Widget>(step.resource);
    if (!widget) return {};
    widget->status = "error";
    widget->fault = step.error;
    return put(*widget).apply;
}

} // namespace volutus::toy_service
