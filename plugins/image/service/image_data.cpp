#include "image_data.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace volutus::image_service {

namespace {

constexpr std::uint64_t mib = 1024 * 1024;

std::optional<std::uint64_t> number_in(Request const& request, std::string_view header) {
    auto const text = request.header(header);
    if (!text) return std::nullopt;
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || end != text->data() + text->size())
        throw Error(Code::invalid, fmt::format("The header {} holds no number of bytes: '{}'.", header, *text));
    return number;
}

// MiB that the project may still use; -1 = any number.
std::int64_t quota_left(Request& request, std::string const& project, std::int64_t otherwise) {
    store::AccountQuery query;
    query.account = project;
    query.resource = std::string(size_quota);
    auto const found = request.store().accounts(query).accounts;
    if (found.empty()) return otherwise;
    auto const& account = found.front();
    return account.total < 0 ? -1 : std::max<std::int64_t>(account.total - account.used, 0);
}

// Did the driver itself say no? It keeps nothing then. Otherwise it may still be at work.
bool is_outcome(Code code) {
    switch (code) {
    case Code::unknown_outcome:
    case Code::deadline:
    case Code::cancelled:
    case Code::internal: return false;
    default: return true;
    }
}

} // namespace

Upload::Bounds ImageData::bounds_of(Request& request, Image const& image) const {
    Upload::Bounds bounds;
    bounds.disk_format = image.disk_format.value_or("");
    bounds.container_format = image.container_format.value_or("");
    bounds.most = static_cast<std::uint64_t>(settings_.size_limit);
    bounds.beyond = Error(Code::too_large, fmt::format("An image is at most {} bytes here.", bounds.most));
    auto const left = quota_left(request, image.owner, settings_.quota_mib);
    if (left >= 0 && static_cast<std::uint64_t>(left) <= bounds.most / mib) {
        bounds.most = static_cast<std::uint64_t>(left) * mib;
        bounds.beyond =
            Error(Code::over_quota, fmt::format("The project has {} MiB left of its quota {}.", left, size_quota));
    }
    bounds.promised = number_in(request, "x-openstack-image-size");
    for (auto const& announced : {bounds.promised, number_in(request, "content-length")})
        if (announced && *announced > bounds.most) throw bounds.beyond;
    return bounds;
}

// The image is saving from here on, with a task behind it.
void ImageData::begin(Request& request) const {
    retry_on_conflict([&] {
        auto image = find(request);
        if (image.status != state::queued)
            throw Error(Code::conflict,
                        fmt::format("Image status transition from {} to saving is not allowed", image.status));
        if (!image.disk_format || !image.container_format)
            throw Error(Code::invalid, "Properties disk_format, container_format must be set prior to saving data.");
        Attempt attempt;
        attempt.id = new_uuid();
        attempt.image_id = image.id;
        image.status = state::saving;
        image.attempt = attempt.id;
        image.updated_at = timestamp_now();
        request.apply(stored(image) + put(attempt) + start(watch_upload, attempt));
    });
}

Reply ImageData::upload(Request& request) {
    if (request.header("content-type").value_or("") != "application/octet-stream")
        return refusal(request, 415, "The data of an image is sent as application/octet-stream.");
    auto const bounds = bounds_of(request, find(request));
    auto const& id = request.parameter("image_id");
    LiveUploads::Held const held(uploads_, id); // before the task can look
    begin(request);
    Upload upload(request.input(), bounds);
    try {
        upload.during([&] {
            stores_.with(upload.raw(), nullptr)
                .call<&image_store::ImageStore::save>(request.call(), image_store::Key{id});
        });
    } catch (Error const& error) {
        if (upload.failed() || is_outcome(error.code())) set_back(request, id);
        throw;
    }
    return complete(request, id, upload);
}

// The data is in place: the image is active now, or the data goes. Where nobody knows, as after a failure of the disk,
// the task finds out.
Reply ImageData::complete(Request& request, std::string const& id, Upload const& upload) const {
    try {
        retry_on_conflict([&] { activate(request, id, upload); });
        return request.reply();
    } catch (Error const& error) {
        if (error.code() != Code::over_quota && error.code() != Code::not_found) throw;
        stores_.call<&image_store::ImageStore::remove>(request.call(), image_store::Key{id});
        set_back(request, id);
        if (error.code() == Code::over_quota) throw;
        return refusal(request, 410, fmt::format("Image {} was deleted during its upload.", id));
    }
}

void ImageData::activate(Request& request, std::string const& id, Upload const& upload) const {
    auto image = request.store().require<Image>(id);
    if (image.status != state::saving)
        throw Error(Code::conflict, fmt::format("Image {} is {}, not saving.", id, image.status));
    image.status = state::active;
    image.size = static_cast<std::int64_t>(upload.size());
    if (upload.virtual_size() > 0) image.virtual_size = static_cast<std::int64_t>(upload.virtual_size());
    image.checksum = upload.md5();
    image.os_hash_algo = "sha512";
    image.os_hash_value = upload.sha512();
    image.updated_at = timestamp_now();
    request.apply(stored(image) + claim_size(image, settings_));
}

void ImageData::set_back(Request& request, std::string const& id) const {
    retry_on_conflict([&] {
        auto image = request.store().get<Image>(id);
        if (!image || image->status != state::saving) return;
        image->status = state::queued;
        image->updated_at = timestamp_now();
        request.apply(stored(*image));
    });
}

Reply ImageData::download(Request& request) {
    auto const image = find(request);
    if (image.status == state::deactivated) request.enforce("download_deactivated_image", target_of(request, image));
    if (!has_data(image)) return Reply(204);
    stores_.with(nullptr, request.output().raw())
        .call<&image_store::ImageStore::load>(request.call(), image_store::Range{image.id, 0, 0});
    return Reply::in_stream()
        .header("Content-Type", "application/octet-stream")
        .header("Content-MD5", image.checksum.value_or(""));
}

} // namespace volutus::image_service
