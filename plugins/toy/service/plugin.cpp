#include "prover.hpp"
#include "widgets_table.hpp"

#include <volutus/service.hpp>

namespace volutus::toy_service {

Resource const& resource_of(Widget const*) { return erased<widgets>(); }

constexpr auto settings_rows =
    rows(field<&Settings::slots>("slots", at_least(0), fallback("1000"), help("capacity of the maker")),
         field<&Settings::quota>("quota", at_least(-1), fallback("10"), help("widgets of a project; -1 = unlimited")));

constexpr ServiceTraits toy_traits{
    .name = "toy", .type = "toy", .prefixes = {"/v1"}, .pages = Pages::key_links, .asks_policy = false};

constexpr auto plugin_manifest = volutus::manifest(
    "toy_service", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
    description("widgets: the smallest service with a resource and a task"), profile("pure"),
    provides(service::contract, tasks::contract, prover::contract), needs("volutus.store/1", "volutus.toy.maker/1"),
    settings(settings_rows), runs(make_widget, paint_widget, remove_widget), serves(toy_traits, widgets),
    links("in-process", "process"));

class ToyService : public ServicePlugin {
public:
    explicit ToyService(Host host) : ServicePlugin(host, toy_traits), widgets_(host), steps_(widgets_), prover_(host) {
        serve<widgets>(widgets_);
        steps_.add(make_widget);
        steps_.add(paint_widget);
        steps_.add(remove_widget);
        provide<tasks::contract>(steps_);
        provide<prover::contract>(prover_);
    }

    void configure(Call&, json::object const& config) override {
        Settings settings;
        decode(fields_of(settings_rows), config, &settings, {});
        widgets_.configure(settings);
    }

    void start(Call& call) override { widgets_.prepare(call); }

private:
    Widgets widgets_;
    TaskSteps<Widgets> steps_;
    Prover prover_;
};

} // namespace volutus::toy_service

VOLUTUS_PLUGIN(volutus::toy_service::plugin_manifest, volutus::toy_service::ToyService)
