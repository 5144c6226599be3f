#include <volutus/world.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <pthread.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace volutus::world {

namespace {
[[noreturn]] void fail(char const* what, std::string const& path) {
    throw std::system_error(errno, std::generic_category(), std::string(what) + " " + path);
}

// Syncs one file or folder by name.
void sync_path(std::string const& path, int flags) {
    int const handle = ::open(path.c_str(), flags | O_CLOEXEC);
    if (handle < 0) fail("open", path);
    int const outcome = ::fsync(handle);
    int const error = errno; // close may change it
    ::close(handle);
    errno = error;
    if (outcome != 0) fail("sync", path);
}
} // namespace

Instant now() { return std::chrono::steady_clock::now(); }

WallTime wall_now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

void sleep_until(Instant when) { std::this_thread::sleep_until(when); }

void random_bytes(void* into, std::size_t size) {
    auto* at = static_cast<unsigned char*>(into);
    while (size > 0) {
        auto const got = ::getrandom(at, size, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail("getrandom", "");
        at += got;
        size -= static_cast<std::size_t>(got);
    }
}

std::uint64_t random_u64() {
    std::uint64_t out = 0;
    random_bytes(&out, sizeof out);
    return out;
}

Thread::Thread(std::string_view name, std::function<void()> body) : thread_(std::move(body)) {
    // The kernel keeps 15 bytes of a thread's name.
    ::pthread_setname_np(thread_.native_handle(), std::string(name.substr(0, 15)).c_str());
}

File::File(std::string const& path, Mode mode) : path_(path) {
    int const flags = mode == Mode::read ? O_RDONLY : mode == Mode::write ? O_RDWR : O_RDWR | O_CREAT;
    handle_ = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (handle_ < 0) fail("open", path);
}

File::File(File&& other) noexcept : handle_(std::exchange(other.handle_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
    if (this != &other) {
        if (handle_ >= 0) ::close(handle_);
        handle_ = std::exchange(other.handle_, -1);
        path_ = std::move(other.path_);
    }
    return *this;
}

File::~File() {
    if (handle_ >= 0) ::close(handle_);
}

std::size_t File::read_at(std::uint64_t offset, void* into, std::size_t size) const {
    std::size_t done = 0;
    while (done < size) {
        auto const got =
            ::pread(handle_, static_cast<char*>(into) + done, size - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail("read", path_);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

void File::write_at(std::uint64_t offset, void const* from, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
        auto const put =
            ::pwrite(handle_, static_cast<char const*>(from) + done, size - done, static_cast<off_t>(offset + done));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) fail("write", path_);
        done += static_cast<std::size_t>(put);
    }
}

void File::truncate(std::uint64_t size) {
    if (::ftruncate(handle_, static_cast<off_t>(size)) != 0) fail("truncate", path_);
}

void File::sync() {
    if (::fdatasync(handle_) != 0) fail("sync", path_);
}

std::uint64_t File::size() const {
    struct stat status{};
    if (::fstat(handle_, &status) != 0) fail("stat", path_);
    return static_cast<std::uint64_t>(status.st_size);
}

bool file_exists(std::string const& path) {
    if (::access(path.c_str(), F_OK) == 0) return true;
    if (errno != ENOENT && errno != ENOTDIR) fail("look for", path);
    return false;
}

void rename_file(std::string const& from, std::string const& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) fail("rename", from + " to " + to);
}

void remove_file(std::string const& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("remove", path);
}

void make_directory(std::string const& path) {
    auto const wanted = std::filesystem::path(path).lexically_normal();
    std::filesystem::path folder;
    for (auto const& part : wanted) {
        auto const parent = folder;
        folder /= part;
        if (part.empty() || !std::filesystem::create_directory(folder)) continue;
        sync_path(parent.empty() ? "." : parent.string(), O_RDONLY | O_DIRECTORY);
    }
}

std::vector<std::string> list_directory(std::string const& path) {
    std::vector<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(path))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

void sync_directory(std::string const& path) { sync_path(path, O_RDONLY | O_DIRECTORY); }

} // namespace volutus::world
