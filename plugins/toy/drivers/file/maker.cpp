#include "maker.hpp"

#include <fmt/format.h>

namespace volutus::toy::file {

Widget Maker::make(Call& call, MakeWidget const& wanted) {
    if (wanted.size < 1 || wanted.size > 1000)
        throw Error(Code::invalid, fmt::format("a widget takes 1 to 1000 slots, not {}", wanted.size));
    auto record = records_.hold(wanted.id, call.operation());
    if (record.body()) {
        auto const there = json::decode<Widget>(*record.body());
        if (there.size != wanted.size)
            throw Error(Code::conflict, fmt::format("widget {} is there already, of size {}", wanted.id, there.size));
        return there;
    }
    Widget const made{wanted.id, wanted.size, {}};
    record.write(json::encode_struct(made));
    return made;
}

Widget Maker::paint(Call& call, PaintWidget const& wanted) {
    auto record = records_.hold(wanted.id, call.operation());
    if (!record.body()) throw Error(Code::not_found, fmt::format("there is no widget {} to paint", wanted.id));
    auto widget = json::decode<Widget>(*record.body());
    if (wanted.colour == "clear")
        throw Error(Code::invalid, "a file cannot be painted clear; choose a colour that can be seen");
    widget.colour = wanted.colour;
    record.write(json::encode_struct(widget));
    return widget;
}

void Maker::remove(Call& call, WidgetId const& widget) {
    auto record = records_.hold(widget.id, call.operation());
    if (record.body()) record.remove();
}

std::optional<Widget> Maker::show(Call&, WidgetId const& widget) {
    auto const body = records_.read(widget.id);
    if (!body) return std::nullopt;
    return json::decode<Widget>(*body);
}

Widgets Maker::list(Call&) {
    Widgets all;
    for (auto const& id : records_.present())
        if (auto const body = records_.read(id)) all.widgets.push_back(json::decode<Widget>(*body));
    return all;
}

} // namespace volutus::toy::file
