#include "images.hpp"

#include "image_filters.hpp"
#include "image_tasks.hpp"
#include "limits.hpp"
#include "patch.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::image_service {

namespace {

void check_sizes(Image const& image) {
    if (image.properties.size() > most_properties)
        throw Error(Code::too_large, fmt::format("An image has at most {} properties.", most_properties));
    for (auto const& [name, value] : image.properties) {
        if (name.empty() || name.size() > longest_name)
            throw Error(Code::invalid, fmt::format("The name of a property has 1 to {} bytes.", longest_name));
        if (!value.is_string())
            throw Error(Code::invalid, fmt::format("The property {} must be a string.", std::string_view(name)));
    }
    if (image.tags.size() > most_tags)
        throw Error(Code::too_large, fmt::format("An image has at most {} tags.", most_tags));
    for (auto const& tag : image.tags)
        if (tag.empty() || tag.size() > longest_name)
            throw Error(Code::invalid, fmt::format("A tag has 1 to {} bytes.", longest_name));
}

// Tags are a set; the first of equal ones stays.
void drop_doubles(std::vector<std::string>& tags) {
    auto end = tags.begin();
    for (auto& tag : tags)
        if (std::find(tags.begin(), end, tag) == end) {
            if (&*end != &tag) *end = std::move(tag);
            ++end;
        }
    tags.erase(end, tags.end());
}

// Read, change, write; again where another was faster.
template <class Change> Reply changing(Request& request, Change change) {
    return retry_on_conflict([&] {
        auto image = find(request);
        auto writes = [&]() -> Writes {
            if constexpr (std::is_void_v<decltype(change(image))>) {
                change(image);
                return {};
            } else {
                return change(image);
            }
        }();
        image.updated_at = timestamp_now();
        request.apply(stored(image) + std::move(writes));
        return request.route().status_code == 204 ? request.reply() : request.shown(image);
    });
}

} // namespace

Reply refusal(Request const& request, unsigned status, std::string_view message) {
    Failure failure;
    failure.status = status;
    failure.message = message;
    failure.request_id = request.request_id();
    return request.traits().errors(failure, request.traits());
}

void check_visibility(Request& request, Image const& image, std::string_view wanted) {
    if (wanted == "public") request.enforce("publicize_image", target_of(request, image));
    if (wanted == "community") request.enforce("communitize_image", target_of(request, image));
}

Writes claim_size(Image const& image, Settings const& settings) {
    constexpr std::int64_t mib = 1024 * 1024;
    auto const size = image.size.value_or(0);
    if (!has_data(image) || size == 0) return {};
    return claim_quota(image.owner, size_quota, image.id, (size + mib - 1) / mib, settings.quota_mib);
}

Reply Images::create(Request& request) {
    refuse_fixed(request.body());
    Image image;
    request.change(image);
    if (image.id.empty()) image.id = new_uuid();
    if (image.owner.empty()) image.owner = request.project();
    request.enforce(request.route().policy, target_of(request, image));
    check_visibility(request, image, image.visibility);
    drop_doubles(image.tags);
    check_sizes(image);
    image.created_at = image.updated_at = timestamp_now();
    try {
        request.apply(stored(image) + claim_quota(image.owner, count_quota, image.id, 1, settings_.quota_count));
    } catch (Error const& error) {
        if (error.code() != Code::precondition) throw;
        throw Error(Code::conflict, fmt::format("Image ID {} already exists!", image.id));
    }
    return request.shown(image).header("Location", request.link("/images/" + image.id));
}

Reply Images::list(Request& request) {
    // A marker that the caller does not see must not tell that it is there.
    if (auto const marker = request.query("marker"); marker && !marker->empty()) {
        auto const image = request.store().get<Image>(*marker);
        if (!image || !sees(viewer_of(request), *image))
            throw Error(request.traits().unknown_marker, fmt::format("marker [{}] not found", *marker));
    }
    return request.list(filters_of(request));
}

Reply Images::show(Request& request) { return request.shown(find(request)); }

Reply Images::update(Request& request) {
    auto const type = request.header("content-type").value_or("");
    if (type != patch_type && type != older_patch_type)
        return refusal(request, 415, fmt::format("Unsupported Content-Type {}; send {}", type, patch_type))
            .header("Accept-Patch", fmt::format("{}, {}", patch_type, older_patch_type));
    find(request); // whose image it is comes before what is wrong with the patch
    auto const changes = read_patch(request.document(), type == older_patch_type);
    return changing(request, [&](Image& image) {
        auto const before = image;
        for (auto const& change : changes) apply_change(change, image);
        if (image.visibility != before.visibility) check_visibility(request, before, image.visibility);
        drop_doubles(image.tags);
        check_sizes(image);
        if (image.owner == before.owner) return Writes{};
        request.enforce("add_image", target_of(request, image)); // as if made for the new owner
        return release(image.id) + claim_quota(image.owner, count_quota, image.id, 1, settings_.quota_count) +
               claim_size(image, settings_);
    });
}

Reply Images::remove(Request& request) {
    return retry_on_conflict([&] {
        auto const image = find(request);
        if (image.is_protected)
            throw Error(Code::forbidden, fmt::format("Image {} is protected and cannot be deleted.", image.id));
        auto writes = volutus::remove(image) + release(image.id);
        // A queued image never had data: what broke off was set back only when nothing of it was left.
        if (image.status != state::queued) {
            Erasure erasure;
            erasure.id = image.id;
            writes += put(erasure) + start(erase_data, erasure);
        }
        request.apply(std::move(writes));
        return request.reply();
    });
}

Reply Images::deactivate(Request& request) {
    return changing(request, [](Image& image) {
        if (!has_data(image))
            throw Error(Code::forbidden, fmt::format("Not allowed to deactivate image in status '{}'", image.status));
        image.status = state::deactivated;
    });
}

Reply Images::reactivate(Request& request) {
    return changing(request, [](Image& image) {
        if (!has_data(image))
            throw Error(Code::forbidden, fmt::format("Not allowed to reactivate image in status '{}'", image.status));
        image.status = state::active;
    });
}

Reply Images::add_tag(Request& request) {
    return changing(request, [&](Image& image) {
        image.tags.push_back(request.parameter("tag"));
        drop_doubles(image.tags);
        check_sizes(image);
    });
}

Reply Images::remove_tag(Request& request) {
    return changing(request, [&](Image& image) {
        auto const found = std::find(image.tags.begin(), image.tags.end(), request.parameter("tag"));
        if (found == image.tags.end()) request.missing("tag", request.parameter("tag"));
        image.tags.erase(found);
    });
}

} // namespace volutus::image_service
