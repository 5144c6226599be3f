// volutus.toy.maker/1: the smallest contract that has everything a real one has: something that is made, changed and
// removed on a backend which outlives crashes. The toy service and its drivers are the examples of the SDK, and what
// the simulator proves the kernel with.
#pragma once

#include <volutus/contract.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace volutus::toy {

struct MakeWidget {
    std::string id;         // UUID
    std::uint32_t size = 1; // slots that it takes, 1 to 1,000
};
BOOST_DESCRIBE_STRUCT(MakeWidget, (), (id, size))

struct PaintWidget {
    std::string id, colour;
};
BOOST_DESCRIBE_STRUCT(PaintWidget, (), (id, colour))

struct WidgetId {
    std::string id;
};
BOOST_DESCRIBE_STRUCT(WidgetId, (), (id))

struct Widget {
    std::string id;
    std::uint32_t size = 1;
    std::optional<std::string> colour;
};
BOOST_DESCRIBE_STRUCT(Widget, (), (id, size, colour))

struct Widgets {
    std::vector<Widget> widgets;
};
BOOST_DESCRIBE_STRUCT(Widgets, (), (widgets))

// All calls are repeatable, and refuse an epoch lower than the highest seen for the widget (Code::stale), also after the
// widget is gone.
struct Maker {
    virtual ~Maker() = default;
    virtual Widget
    make(Call&, MakeWidget const&) = 0; // the same id again gives the same widget; conflict when its size differs
    virtual Widget paint(Call&, PaintWidget const&) = 0; // not_found; invalid for a colour it does not have
    virtual void remove(Call&, WidgetId const&) = 0;     // removing what is gone succeeds
    virtual std::optional<Widget> show(Call&, WidgetId const&) = 0;
    virtual Widgets list(Call&) = 0;                                 // in the order of their ids
    virtual Widget polish(Call&, WidgetId const&) { unsupported(); } // optional
};
inline constexpr auto contract =
    volutus::contract<Maker>("volutus.toy.maker/1", required<&Maker::make>("make"), required<&Maker::paint>("paint"),
                             required<&Maker::remove>("remove"), required<&Maker::show>("show"),
                             required<&Maker::list>("list"), optional<&Maker::polish>("polish"));

} // namespace volutus::toy
