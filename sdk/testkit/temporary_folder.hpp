// A fresh folder for a test, which goes with its owner and takes along what is in it.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace volutus::testkit {

class TemporaryFolder {
public:
    explicit TemporaryFolder(std::filesystem::path const& within = std::filesystem::temp_directory_path())
        : path_(within / "volutus-XXXXXX") {
        if (!::mkdtemp(path_.data())) throw std::system_error(errno, std::generic_category(), path_);
    }
    TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    TemporaryFolder& operator=(TemporaryFolder&& other) noexcept {
        std::swap(path_, other.path_);
        return *this;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }

    std::string const& path() const { return path_; }
    std::string operator/(std::string const& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

} // namespace volutus::testkit
