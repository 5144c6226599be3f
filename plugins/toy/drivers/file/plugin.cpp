#include "maker.hpp"

#include <volutus/plugin.hpp>

#include <optional>

namespace volutus::toy::file {

constexpr auto settings_rows =
    rows(field<&Settings::directory>("directory", required_field, min_length(1), help("where the widgets are kept")));

constexpr auto plugin_manifest = manifest(
    "toy_file", "0.1.0", vendor("Volutus"), licence("Apache-2.0"), description("makes toy widgets as files"),
    target("file"), profile("pure"), provides(toy::contract), settings(settings_rows), links("in-process", "process"));

class ToyFile : public Plugin {
public:
    explicit ToyFile(Host host) : Plugin(host) {}

    void configure(Call&, json::object const& config) override {
        Settings settings;
        decode(fields_of(settings_rows), config, &settings, {});
        maker_.emplace(settings);
        provide<toy::contract>(*maker_);
    }

private:
    std::optional<Maker> maker_;
};

} // namespace volutus::toy::file

VOLUTUS_PLUGIN(volutus::toy::file::plugin_manifest, volutus::toy::file::ToyFile)
