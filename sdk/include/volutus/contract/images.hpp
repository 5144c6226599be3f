// volutus.images/1: images for other services. Provided by the image service.
//
// A user's call sees what that user may see; a call of the cloud itself sees every image.
#pragma once

#include <volutus/contract.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace volutus::images {

struct ImageId {
    std::string id;
};
BOOST_DESCRIBE_STRUCT(ImageId, (), (id))

struct Image {
    std::string id, name, owner, status, visibility; // as in the REST API
    std::string disk_format, container_format;
    std::string sha512;             // of the data, in hex; "" while it is queued
    std::uint64_t size = 0;         // bytes of the data
    std::uint64_t virtual_size = 0; // bytes of the disk that a guest sees; 0 = not known
    std::int64_t min_disk = 0;      // GiB
    std::int64_t min_ram = 0;       // MiB
    std::map<std::string, std::string> properties;
};
BOOST_DESCRIBE_STRUCT(Image, (),
                      (id, name, owner, status, visibility, disk_format, container_format, sha512, size, virtual_size,
                       min_disk, min_ram, properties))

struct Images {
    virtual ~Images() = default;
    virtual Image show(Call&, ImageId const&) = 0; // not_found: not there, or not for this caller
    // The data into the call's output, as a descriptor where the backend has one. conflict: not active.
    virtual void download(Call&, ImageId const&) = 0;
};
inline constexpr auto contract = volutus::contract<Images>("volutus.images/1", required<&Images::show>("show"),
                                                           required<&Images::download>("download"));

} // namespace volutus::images
