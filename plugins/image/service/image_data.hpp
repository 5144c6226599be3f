// The data of images: upload and download.
#pragma once

#include "image_tasks.hpp"
#include "images.hpp"
#include "upload.hpp"

namespace volutus::image_service {

class ImageData {
public:
    ImageData(Host host, Settings const& settings, LiveUploads& uploads)
        : stores_(host), settings_(settings), uploads_(uploads) {}

    Reply upload(Request& request);
    Reply download(Request& request);

private:
    Upload::Bounds bounds_of(Request& request, Image const& image) const;
    void begin(Request& request) const;
    Reply complete(Request& request, std::string const& id, Upload const& upload) const;
    void activate(Request& request, std::string const& id, Upload const& upload) const;
    void set_back(Request& request, std::string const& id) const;

    Client<image_store::contract> stores_;
    Settings const& settings_;
    LiveUploads& uploads_;
};

} // namespace volutus::image_service
