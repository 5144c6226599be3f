// What is done to widgets: the handlers of the REST routes, and the steps of the tasks.
#pragma once

#include "widget.hpp"

#include <volutus/contract/toy.hpp>
#include <volutus/request.hpp>
#include <volutus/task.hpp>

namespace volutus::toy_service {

inline constexpr std::string_view maker_account = "toy.maker"; // the maker's capacity in the ledger

struct Settings {
    std::int64_t slots = 1000; // capacity of the maker
    std::int64_t quota = 10;   // widgets that a project may have, unless its account says otherwise
};

class Widgets {
public:
    explicit Widgets(Host host) : host_(host), makers_(host) {}

    void configure(Settings const& settings) { settings_ = settings; }
    void prepare(Call& call); // the maker's capacity in the ledger

    Reply create(Request& request, Widget const& wanted);
    Reply update(Request& request);
    Reply remove(Request& request);

    // widget.make
    store::Apply place(Step& step);
    store::Apply unplace(Step& step);
    store::Apply make(Step& step);
    store::Apply demolish(Step& step);
    store::Apply paint(Step& step);
    store::Apply activate(Step& step);
    store::Apply failed(Step& step);
    // widget.remove
    store::Apply forget(Step& step);
    store::Apply held_up(Step& step);
    // widget.paint
    store::Apply not_painted(Step& step);

private:
    Host host_;
    Client<toy::contract> makers_;
    Settings settings_;
};

inline constexpr auto make_widget =
    task<&Widgets::failed>("widget.make", 1, step<&Widgets::place, &Widgets::unplace>("place"),
                           step<&Widgets::make, &Widgets::demolish>("make"), step<&Widgets::paint>("paint"),
                           step<&Widgets::activate>("activate"));

inline constexpr auto paint_widget = task<&Widgets::not_painted>(
    "widget.paint", 1, step<&Widgets::paint, &Widgets::paint>("paint"), step<&Widgets::activate>("activate"));

inline constexpr auto remove_widget = until_done(task<&Widgets::held_up>(
    "widget.remove", 1, step<&Widgets::demolish>("demolish"), step<&Widgets::forget>("forget")));

} // namespace volutus::toy_service
