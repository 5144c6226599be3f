// Images on this host, each once, kept by their content: <directory>/<sha512>.raw, below the disks of servers.
//
// What comes is not trusted. Its hash must be right, it must be of the format that it is said to have (no program ever
// guesses), it must name no other file, and its disk is of bounded size.
#pragma once

#include <volutus/call.hpp>

#include <cstdint>
#include <set>
#include <string>

namespace volutus::compute::libvirt {

struct BaseImage {
    std::string path;       // raw
    std::uint64_t size = 0; // bytes of the disk
};

class ImageCache {
public:
    // Drops what a former life left half done.
    ImageCache(Host host, std::string directory, std::uint64_t image_limit);

    // Fetches it through volutus.images/1 unless it is here. Calls for the same content wait for the first of them.
    // Code::invalid for what cannot be used.
    BaseImage get(Call& call, std::string const& image, std::string const& sha512, std::string const& format);

    // Removes the least recently used images that are not in `used` (hashes) until at most `limit` bytes are taken.
    void trim(std::set<std::string> const& used, std::uint64_t limit);

private:
    void download(Call& call, std::string const& image, std::string const& path);
    BaseImage make(Call& call, std::string const& image, std::string const& sha512, std::string const& format);
    void remember(std::string const& sha512, BaseImage const& base);
    bool find(std::string const& sha512, BaseImage& base) const;

    Host host_;
    std::string const directory_;
    std::uint64_t const image_limit_;
    world::Mutex mutex_;
    world::Condition fetched_;
    std::set<std::string> fetching_;
};

} // namespace volutus::compute::libvirt
