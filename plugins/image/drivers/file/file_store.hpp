// The data of images as files of one directory, named by the image's id.
//
// A file is whole or not there: data goes into a file of a passing name, which gets its own name when all of it is on
// the disk. Ids of images are never given twice and an image is saved once, so a call that comes late finds nothing to
// harm: epochs are not kept here.
#pragma once

#include <volutus/contract/image_store.hpp>
#include <volutus/world.hpp>

#include <string>

namespace volutus::image::file {

struct Settings {
    std::string directory;
};

class FileStore : public image_store::ImageStore {
public:
    // Makes the directory; what an earlier life left half-written is dropped.
    explicit FileStore(Settings const& settings);

    image_store::Object save(Call& call, image_store::Key const& key) override;
    void load(Call& call, image_store::Range const& range) override;
    void remove(Call& call, image_store::Key const& key) override;
    std::optional<image_store::Object> show(Call& call, image_store::Key const& key) override;
    image_store::Objects list(Call& call, image_store::List const& wanted) override;

private:
    std::string path_of(std::string const& id) const; // invalid for what is no UUID
    std::string passing_path(std::string const& id);
    void keep_name(std::string const& id) const;
    std::uint64_t write(Call& call, std::string const& path) const;

    std::string directory_;
    world::Mutex mutex_;
    std::uint64_t passing_ = 0; // counts saves, so that two of one id do not meet
};

} // namespace volutus::image::file
