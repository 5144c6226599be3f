// The image service: its parts put together.
#pragma once

#include "image_data.hpp"
#include "image_tasks.hpp"
#include "images.hpp"
#include "members.hpp"
#include "provided.hpp"

#include <volutus/service.hpp>

namespace volutus::image_service {

class ImageService : public ServicePlugin {
public:
    explicit ImageService(Host host);
    void configure(Call&, json::object const& config) override;

private:
    Settings settings_;
    LiveUploads uploads_;
    Images images_{settings_};
    ImageData data_;
    Members members_;
    ImageTasks tasks_;
    TaskSteps<ImageTasks> steps_;
    ImagesForOthers for_others_;
    Prover prover_;
};

} // namespace volutus::image_service
