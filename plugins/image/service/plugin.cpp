#include "image_service.hpp"

#include "image_table.hpp"

namespace volutus::image_service {

Resource const& resource_of(Image const*) { return erased<images>(); }
Resource const& resource_of(Attempt const*) { return erased<attempts>(); }
Resource const& resource_of(Erasure const*) { return erased<erasures>(); }
Resource const& resource_of(ShownMember const*) { return erased<members>(); }
Resource const& resource_of(Document const*) { return erased<documents>(); }

constexpr auto settings_rows =
    rows(field<&Settings::size_limit>("size_limit", at_least(1), fallback("1099511627776"), help("bytes of one image")),
         field<&Settings::quota_count>("quota_count", at_least(-1), fallback("100"),
                                       help("images of a project; -1 = unlimited")),
         field<&Settings::quota_mib>("quota_mib", at_least(-1), fallback("102400"),
                                     help("MiB of all images of a project; -1 = unlimited")));

constexpr ServiceTraits image_traits{.name = "image",
                                     .type = "image",
                                     .prefixes = {"/v2"},
                                     .errors = errors::html,
                                     .missing = "No {noun} found with ID {id}",
                                     .refused = "You are not authorized to complete {rule} action.",
                                     .pages = Pages::next,
                                     .bare = true,
                                     .selects_fields = false};

constexpr auto plugin_manifest = volutus::manifest(
    "image_service", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
    description("images: the image API, on a store of their data"), profile("pure"),
    provides(service::contract, tasks::contract, volutus::images::contract, prover::contract),
    needs("volutus.store/1", "volutus.image_store/1"), settings(settings_rows), runs(watch_upload, erase_data),
    serves(image_traits, images, attempts, erasures, files, members, documents), links("in-process", "process"));

ImageService::ImageService(Host host)
    : ServicePlugin(host, image_traits), data_(host, settings_, uploads_), tasks_(host, uploads_), steps_(tasks_),
      for_others_(host), prover_(host) {
    serve<images>(images_);
    serve<files>(data_);
    serve<members>(members_);
    serve<documents>(*this);
    steps_.add(watch_upload);
    steps_.add(erase_data);
    provide<tasks::contract>(steps_);
    provide<volutus::images::contract>(for_others_);
    provide<prover::contract>(prover_);
}

void ImageService::configure(Call&, json::object const& config) {
    decode(fields_of(settings_rows), config, &settings_, {});
}

} // namespace volutus::image_service

VOLUTUS_PLUGIN(volutus::image_service::plugin_manifest, volutus::image_service::ImageService)
