// The REST API of widgets.
#pragma once

#include "widgets.hpp"

#include <volutus/resource.hpp>

namespace volutus::toy_service {

inline constexpr auto widgets = resource<Widget>(
    "widget", "widgets", kind("toy.widget"), unique_in("toy.widget.name", "project_id", "name"),
    field<&Widget::id>("id"), field<&Widget::project_id>("project_id"),
    field<&Widget::name>("name", required_on_create, min_length(1), max_length(255)),
    field<&Widget::colour>("colour", writable, max_length(32), fallback("\"plain\"")),
    field<&Widget::size>("size", on_create, at_least(1), at_most(1000), fallback("1")),
    field<&Widget::status>("status", transient("building", "painting", "deleting")), field<&Widget::serial>("serial"),
    field<&Widget::fault>("fault"), field<&Widget::created_at>("created_at"), field<&Widget::updated_at>("updated_at"),
    list("/widgets", "toy:widget:list", filters("name", "status", "colour"), sorts("name", "created_at")),
    show("/widgets/{widget_id}", "toy:widget:show"),
    create<&Widgets::create>("/widgets", "toy:widget:create", status(202), quota("widgets")),
    update<&Widgets::update>("/widgets/{widget_id}", "toy:widget:update"),
    remove<&Widgets::remove>("/widgets/{widget_id}", "toy:widget:delete"));

} // namespace volutus::toy_service
