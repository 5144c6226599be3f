#include "provided.hpp"

#include "access.hpp"
#include "image_tasks.hpp"

#include <fmt/format.h>

namespace volutus::image_service {

namespace {
constexpr std::size_t most_differences = 1000;
}

Image ImagesForOthers::seen(Call& call, std::string const& id) const {
    auto image = Store(host_, call).get<Image>(id);
    if (!image || !sees(viewer_of(call), *image))
        throw Error(Code::not_found, fmt::format("Image {} could not be found.", id));
    return std::move(*image);
}

images::Image ImagesForOthers::show(Call& call, images::ImageId const& wanted) {
    auto const image = seen(call, wanted.id);
    images::Image out;
    out.id = image.id;
    out.name = image.name.value_or("");
    out.owner = image.owner;
    out.status = image.status;
    out.visibility = image.visibility;
    out.disk_format = image.disk_format.value_or("");
    out.container_format = image.container_format.value_or("");
    out.sha512 = image.os_hash_value.value_or("");
    out.size = static_cast<std::uint64_t>(image.size.value_or(0));
    out.virtual_size = static_cast<std::uint64_t>(image.virtual_size.value_or(0));
    out.min_disk = image.min_disk;
    out.min_ram = image.min_ram;
    for (auto const& [name, value] : image.properties) out.properties[name] = json::text(value);
    return out;
}

void ImagesForOthers::download(Call& call, images::ImageId const& wanted) {
    auto const image = seen(call, wanted.id);
    if (image.status != state::active)
        throw Error(Code::conflict,
                    fmt::format("Image {} is {}; only an active one has data to give.", image.id, image.status));
    stores_.with(nullptr, call.output().raw())
        .call<&image_store::ImageStore::load>(call, image_store::Range{image.id, 0, 0});
}

std::map<std::string, std::uint64_t> Prover::kept(Call& call) const {
    std::map<std::string, std::uint64_t> sizes;
    image_store::List asked;
    for (bool more = true; more;) {
        auto const page = stores_.call<&image_store::ImageStore::list>(call, asked);
        for (auto const& object : page.objects) sizes[object.id] = object.size;
        more = page.more && !page.objects.empty();
        if (more) asked.after = page.objects.back().id;
    }
    return sizes;
}

prover::Verdict Prover::compare(Call& call, bool repair) const {
    Store store(host_, call);
    auto sizes = kept(call);
    prover::Verdict verdict;
    auto differ = [&](std::string const& id, std::string what, bool is_waste) {
        if (verdict.differences.size() == most_differences) return;
        auto& told = verdict.differences.emplace_back();
        told.where = "image.image " + id;
        told.what = std::move(what);
        if (!repair || !is_waste) return;
        Erasure erasure;
        erasure.id = id;
        try {
            store.apply(put(erasure) + start(erase_data, erasure));
            told.mended = "the data is being removed";
        } catch (Error const& error) {
            told.what += fmt::format("; mending it failed: {}", error.what());
        }
    };
    for (auto const& image : store.all<Image>()) {
        auto const there = sizes.extract(image.id);
        if (image.status == state::saving) continue; // a task is at it
        if (has_data(image) == there.empty())
            differ(image.id,
                   fmt::format("is {}, and the store {} its data", image.status, has_data(image) ? "lacks" : "has"),
                   image.status == state::killed); // a queued one may get new data while the old is removed
        else if (has_data(image) && there.mapped() != static_cast<std::uint64_t>(image.size.value_or(0)))
            differ(image.id, fmt::format("has {} bytes, and the store has {}", image.size.value_or(0), there.mapped()),
                   false);
    }
    for (auto const& erasure : store.all<Erasure>()) sizes.erase(erasure.id); // a task is at it
    for (auto const& [id, size] : sizes)
        differ(id, fmt::format("has {} bytes at the store, and no document knows it", size), true);
    return verdict;
}

} // namespace volutus::image_service
