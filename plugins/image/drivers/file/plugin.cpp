#include "file_store.hpp"

#include <volutus/plugin.hpp>

#include <optional>

namespace volutus::image::file {

constexpr auto settings_rows = rows(
    field<&Settings::directory>("directory", required_field, min_length(1), help("where the data of images is kept")));

constexpr auto plugin_manifest =
    manifest("image_file", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
             description("keeps the data of images as files"), target("file"), profile("pure"),
             provides(image_store::contract), settings(settings_rows), links("in-process", "process"));

class ImageFile : public Plugin {
public:
    explicit ImageFile(Host host) : Plugin(host) {}

    void configure(Call&, json::object const& config) override {
        Settings settings;
        decode(fields_of(settings_rows), config, &settings, {});
        store_.emplace(settings);
        provide<image_store::contract>(*store_);
    }

private:
    std::optional<FileStore> store_;
};

} // namespace volutus::image::file

VOLUTUS_PLUGIN(volutus::image::file::plugin_manifest, volutus::image::file::ImageFile)
