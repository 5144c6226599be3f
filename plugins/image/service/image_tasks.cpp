#include "image_tasks.hpp"

#include "access.hpp"
#include "images.hpp"

#include <volutus/formats.hpp>

namespace volutus::image_service {

namespace {
constexpr auto look_again = std::chrono::seconds(5);
constexpr auto upload_ends = std::chrono::milliseconds(200); // one whose image is gone stops at its next write

Writes killed(Image& image) {
    image.status = state::killed;
    image.updated_at = timestamp_now();
    return stored(image);
}
} // namespace

bool LiveUploads::has(std::string const& id) const {
    world::Lock lock(mutex_);
    return ids_.count(id) > 0;
}

LiveUploads::Held::Held(LiveUploads& owner, std::string id) : owner_(owner), id_(std::move(id)) {
    world::Lock lock(owner_.mutex_);
    owner_.ids_.insert(id_);
}

LiveUploads::Held::~Held() {
    world::Lock lock(owner_.mutex_);
    owner_.ids_.erase(owner_.ids_.find(id_));
}

store::Apply ImageTasks::watch(Step& step) {
    Store store(host_, step.call);
    auto const attempt = store.get<Attempt>(step.resource);
    if (!attempt) return {};
    if (uploads_.has(attempt->image_id)) {
        step.again(look_again);
        return {};
    }
    auto image = store.get<Image>(attempt->image_id);
    if (!image || (image->status != state::saving && image->status != state::killed))
        return volutus::remove(*attempt).apply;
    stores_.call<&image_store::ImageStore::remove>(step.call, image_store::Key{image->id});
    return (volutus::remove(*attempt) + killed(*image)).apply;
}

store::Apply ImageTasks::erase(Step& step) {
    if (uploads_.has(step.resource)) { // it may be about to put its data in place
        step.again(upload_ends);
        return {};
    }
    auto const erasure = Store(host_, step.call).get<Erasure>(step.resource);
    if (!erasure) return {};
    stores_.call<&image_store::ImageStore::remove>(step.call, image_store::Key{erasure->id});
    return volutus::remove(*erasure).apply;
}

// An image whose data the driver will not let go of must not stay in between either.
store::Apply ImageTasks::failed(Step& step) {
    Store store(host_, step.call);
    auto const attempt = store.get<Attempt>(step.resource);
    if (!attempt) return {};
    auto image = store.get<Image>(attempt->image_id);
    if (!image || image->status != state::saving || uploads_.has(image->id)) return {};
    return killed(*image).apply;
}

} // namespace volutus::image_service
