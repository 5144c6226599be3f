#include "widgets.hpp"

#include <fmt/format.h>

namespace volutus::toy_service {

namespace {
constexpr std::string_view slot = "TOY_SLOT";
constexpr std::string_view quota_resource = "widgets";
constexpr std::string_view serials = "toy.serials"; // the pool of serial numbers
constexpr std::int64_t last_serial = 99999;
} // namespace

void Widgets::prepare(Call& call) {
    store::SetAccount capacity;
    capacity.account = maker_account;
    capacity.resource = slot;
    capacity.total = settings_.slots;
    Store(host_, call).apply(set_account(capacity));
}

Reply Widgets::create(Request& request, Widget const& wanted) {
    auto widget = wanted;
    stamp(request, widget);
    widget.status = "building";
    request.apply(put(widget) + claim_quota(widget.project_id, quota_resource, widget.id, 1, settings_.quota) +
                  start(make_widget, widget));
    return request.shown(widget);
}

Reply Widgets::update(Request& request) {
    return retry_on_conflict([&] {
        auto widget = request.require<Widget>();
        auto const before = widget.colour;
        request.change(widget);
        stamp_changed(request, widget);
        if (widget.colour == before || widget.status == "error") { // nothing to do at the maker
            request.apply(put(widget));
            return request.shown(widget);
        }
        if (widget.status != "active")
            throw Error(Code::conflict,
                        fmt::format("the widget {} is {}; paint it when it is active", widget.id, widget.status));
        widget.status = "painting";
        widget.fault.reset();
        request.apply(put(widget) + start(paint_widget, widget, {{"before", before}}));
        return request.shown(widget);
    });
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
    widget.serial = 0; // the taken value is written over it
    return (put(widget) + claim(maker_account, slot, widget.id, widget.size) +
            take_into(into(widget, "/serial"), serials, widget.id, 1, last_serial))
        .apply;
}

store::Apply Widgets::unplace(Step& step) {
    Store store(host_, step.call);
    auto widget = store.get<Widget>(step.resource);
    Writes writes = release(step.resource, maker_account) + give_back(serials, step.resource);
    if (!widget) return writes.apply;
    widget->serial.reset();
    return (put(*widget) + std::move(writes)).apply;
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

// The undo of the paint step comes after this, and paints what the document says again.
store::Apply Widgets::not_painted(Step& step) {
    Store store(host_, step.call);
    auto widget = store.require<Widget>(step.resource);
    widget.colour = json::text(step.input.at("before"));
    widget.status = "active";
    widget.fault = step.error;
    return put(widget).apply;
}

store::Apply Widgets::failed(Step& step) {
    Store store(host_, step.call);
    auto widget = store.get<Widget>(step.resource);
    if (!widget) return {};
    widget->status = "error";
    widget->fault = step.error;
    return put(*widget).apply;
}

// It stays `deleting`, and says what that waits for.
store::Apply Widgets::held_up(Step& step) {
    Store store(host_, step.call);
    auto widget = store.get<Widget>(step.resource);
    if (!widget || widget->fault == step.error) return {};
    widget->fault = step.error;
    return put(*widget).apply;
}

} // namespace volutus::toy_service
