#include "guests.hpp"

#include <fmt/format.h>

namespace volutus::compute::simulator {

Guests::Guests(std::string const& directory) {
    if (!directory.empty()) files_.emplace(directory);
}

void Guests::change(std::string const& id, Operation const& operation,
                    std::function<void(std::optional<Guest>&)> const& change) {
    if (files_) {
        auto record = files_->hold(id, operation);
        std::optional<Guest> guest;
        if (record.body()) guest = json::decode<Guest>(*record.body());
        change(guest);
        if (guest)
            record.write(json::encode_struct(*guest));
        else if (record.body())
            record.remove();
        return;
    }
    world::Lock lock(mutex_);
    auto& record = memory_[id];
    if (operation.epoch != 0) {
        if (operation.epoch < record.epoch)
            throw Error(Code::stale, fmt::format("guest {} has obeyed epoch {}; this call is of epoch {}", id,
                                                 record.epoch, operation.epoch));
        record.epoch = operation.epoch;
    }
    auto guest = record.guest;
    change(guest);
    record.guest = std::move(guest);
}

std::optional<Guest> Guests::find(std::string const& id) const {
    if (files_) {
        auto const body = files_->read(id);
        if (!body) return std::nullopt;
        return json::decode<Guest>(*body);
    }
    world::Lock lock(mutex_);
    auto const found = memory_.find(id);
    return found == memory_.end() ? std::nullopt : found->second.guest;
}

std::vector<Guest> Guests::all() const {
    std::vector<Guest> out;
    if (files_) {
        for (auto const& id : files_->present())
            if (auto guest = find(id)) out.push_back(std::move(*guest));
        return out;
    }
    world::Lock lock(mutex_);
    for (auto const& [id, record] : memory_)
        if (record.guest) out.push_back(*record.guest);
    return out;
}

} // namespace volutus::compute::simulator
