// The simulator's side of the seam: files, on the disk of the machine whose fiber asks.
#include <kernel/world/simulation.hpp>

#include <cerrno>
#include <system_error>

namespace volutus::world {

namespace {
Disk& disk() { return Simulation::current().here().disk(); }

Inode& opened(InodeRef const& inode, std::string const& path) {
    if (!inode) throw std::system_error(EBADF, std::generic_category(), "use " + path);
    return *inode;
}
} // namespace

File::File(std::string const& path, Mode mode)
    : inode_(disk().open(path, mode)), writable_(mode != Mode::read), path_(path) {}

File::File(File&& other) noexcept = default;
File& File::operator=(File&& other) noexcept = default;
File::~File() = default;

Inode& File::writable() const { return opened(writable_ ? inode_ : nullptr, path_); }

std::size_t File::read_at(std::uint64_t offset, void* into, std::size_t size) const {
    return disk().read(opened(inode_, path_), offset, into, size);
}

void File::write_at(std::uint64_t offset, void const* from, std::size_t size) {
    disk().write(writable(), offset, from, size);
}

void File::truncate(std::uint64_t size) { disk().truncate(writable(), size); }

void File::sync() { disk().sync(opened(inode_, path_)); }

std::uint64_t File::size() const { return opened(inode_, path_).seen.size(); }

bool file_exists(std::string const& path) { return disk().find(path) != nullptr; }

void rename_file(std::string const& from, std::string const& to) { disk().rename(from, to); }

void remove_file(std::string const& path) { disk().remove(path); }

void make_directory(std::string const& path) { disk().make_directory(path); }

std::vector<std::string> list_directory(std::string const& path) { return disk().list(path); }

void sync_directory(std::string const& path) { disk().sync_directory(path); }

} // namespace volutus::world
