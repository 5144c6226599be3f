#include "provided.hpp"

#include "access.hpp"

#include <fmt/format.h>

#include <map>

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

prover::Verdict Prover::verify(Call& call) {
    std::map<std::string, std::uint64_t> kept;
    image_store::List asked;
    for (bool more = true; more;) {
        auto const page = stores_.call<&image_store::ImageStore::list>(call, asked);
        for (auto const& object : page.objects) kept[object.id] = object.size;
        more = page.more && !page.objects.empty();
        if (more) asked.after = page.objects.back().id;
    }
    prover::Verdict verdict;
    auto differ = [&](std::string const& id, std::string what) {
        if (verdict.differences.size() < most_differences)
            verdict.differences.push_back({"image.image " + id, std::move(what)});
    };
    for (auto const& image : Store(host_, call).all<Image>()) {
        auto const there = kept.extract(image.id);
        if (image.status == state::saving) continue; // a task is at it
        if (has_data(image) == there.empty())
            differ(image.id,
                   fmt::format("is {}, and the store {} its data", image.status, has_data(image) ? "lacks" : "has"));
        else if (has_data(image) && there.mapped() != static_cast<std::uint64_t>(image.size.value_or(0)))
            differ(image.id, fmt::format("has {} bytes, and the store has {}", image.size.value_or(0), there.mapped()));
    }
    for (auto const& erasure : Store(host_, call).all<Erasure>()) kept.erase(erasure.id); // a task is at it
    for (auto const& [id, size] : kept)
        differ(id, fmt::format("has {} bytes at the store, and no document knows it", size));
    return verdict;
}

} // namespace volutus::image_service
