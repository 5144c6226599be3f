#include "image_cache.hpp"

#include "descriptor.hpp"
#include "program.hpp"

#include <volutus/contract/images.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace volutus::compute::libvirt {

namespace {

// Takes what an image's download gives, bytes or a descriptor, into a file.
struct Download : vlt_stream {
    Download(int file, std::string const& path) : vlt_stream{}, file(file), path(path) {
        head = {sizeof(vlt_stream), VLT_ABI_MAJOR, VLT_ABI_MINOR};
        write = [](vlt_stream* raw, vlt_str bytes, std::uint64_t* count) {
            return guarded(raw, [&](Download& self) {
                write_all(self.file, {bytes.data, bytes.size}, self.path);
                *count = bytes.size;
            });
        };
        close = [](vlt_stream*) -> vlt_status { return VLT_OK; };
        give_fd = [](vlt_stream* raw, std::int32_t fd, std::uint64_t offset, std::uint64_t length, std::int32_t owned) {
            Descriptor const keep(owned ? fd : -1);
            return guarded(raw, [&](Download& self) { copy_bytes(fd, offset, length, self.file, self.path); });
        };
    }
    void rethrow() const {
        if (failure) std::rethrow_exception(failure);
    }

private:
    // No exception crosses the border: it waits here until the call has returned.
    template <class Body> static vlt_status guarded(vlt_stream* raw, Body body) {
        auto& self = *static_cast<Download*>(raw);
        try {
            body(self);
            return VLT_OK;
        } catch (Error const& error) {
            self.failure = std::current_exception();
            return static_cast<vlt_status>(error.code());
        } catch (std::exception const&) {
            self.failure = std::current_exception();
            return VLT_INTERNAL;
        }
    }
    int file;
    std::string const& path;
    std::exception_ptr failure;
};

std::string sha512_of(Call& call, std::string const& path) {
    auto const file = open_file(path, O_RDONLY);
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> hash(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_DigestInit_ex(hash.get(), EVP_sha512(), nullptr);
    std::vector<char> buffer(1 << 20);
    for (;;) {
        call.check();
        auto const count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0) throw_errno("read", path);
        if (count == 0) break;
        EVP_DigestUpdate(hash.get(), buffer.data(), static_cast<std::size_t>(count));
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(hash.get(), digest, &size);
    return fmt::format("{:02x}", fmt::join(digest, digest + size, ""));
}

// Bytes of the disk in an image; refuses one that leads to other files.
std::uint64_t inspect(Call& call, std::string const& image, std::string const& path, std::string const& format) {
    std::string said;
    try {
        // A crafted header must not cost the host its memory or its time.
        said = run_program(
            call, {"prlimit", "--as=4294967296", "--cpu=30", "qemu-img", "info", "--output=json", "-f", format, path});
    } catch (Error const& error) {
        if (error.code() != Code::internal) throw;
        throw Error(Code::invalid, fmt::format("image {} is not of the format {}: {}", image, format, error.what()));
    }
    auto const info = json::parse_object(said);
    for (auto const* key : {"backing-filename", "full-backing-filename", "format-specific.data.data-file"})
        if (json::find(info, key))
            throw Error(Code::invalid, fmt::format("image {} names another file; make one that stands alone, with "
                                                   "qemu-img convert",
                                                   image));
    auto const* encrypted = info.if_contains("encrypted");
    if (encrypted && *encrypted == true) throw Error(Code::invalid, fmt::format("image {} is encrypted", image));
    return info.at("virtual-size").to_number<std::uint64_t>();
}

bool is_sha512(std::string const& text) {
    return text.size() == 128 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

} // namespace

ImageCache::ImageCache(Host host, std::string directory, std::uint64_t image_limit)
    : host_(host), directory_(std::move(directory)), image_limit_(image_limit) {
    world::make_directory(directory_);
    if (::chmod(directory_.c_str(), 0711) != 0) throw_errno("open the way through", directory_);
    for (auto const& name : world::list_directory(directory_))
        if (name.find(".new") != std::string::npos) world::remove_file(directory_ + "/" + name);
}

BaseImage ImageCache::get(Call& call, std::string const& image, std::string const& sha512, std::string const& format) {
    if (!is_sha512(sha512)) throw Error(Code::invalid, fmt::format("image {} comes without its SHA-512", image));
    if (format != "raw" && format != "qcow2")
        throw Error(Code::invalid,
                    fmt::format("image {} has the format '{}'; this host runs raw and qcow2", image, format));

    world::Lock lock(mutex_);
    while (fetching_.count(sha512)) {
        call.check();
        fetched_.wait_until(lock, std::min(call.deadline(), world::now() + std::chrono::seconds(1)));
    }
    BaseImage base;
    if (find(sha512, base)) {
        ::utimensat(AT_FDCWD, (directory_ + "/" + sha512 + ".json").c_str(), nullptr, 0); // used just now, for trim()
        return base;
    }
    fetching_.insert(sha512);
    lock.unlock();
    std::exception_ptr failure;
    try {
        base = make(call, image, sha512, format);
    } catch (...) {
        failure = std::current_exception();
    }
    lock.lock();
    fetching_.erase(sha512);
    fetched_.notify_all();
    if (failure) std::rethrow_exception(failure);
    return base;
}

BaseImage ImageCache::make(Call& call, std::string const& image, std::string const& sha512, std::string const& format) {
    auto const path = directory_ + "/" + sha512 + ".raw";
    auto const fetched = directory_ + "/" + sha512 + ".new", converted = path + ".new";
    world::remove_file(fetched);
    world::remove_file(converted);
    download(call, image, fetched);
    if (sha512_of(call, fetched) != sha512) {
        world::remove_file(fetched);
        throw Error(Code::invalid, fmt::format("the data of image {} does not have its SHA-512", image));
    }
    BaseImage const base{path, inspect(call, image, fetched, format)};
    if (base.size == 0 || base.size > image_limit_) {
        world::remove_file(fetched);
        throw Error(Code::invalid, fmt::format("the disk of image {} has {} bytes; this host takes 1 to {}", image,
                                               base.size, image_limit_));
    }
    if (format == "raw") {
        world::rename_file(fetched, converted);
    } else {
        run_program(call, {"qemu-img", "convert", "-q", "-f", format, "-O", "raw", fetched, converted});
        world::remove_file(fetched);
    }
    sync_file(converted);
    world::rename_file(converted, path);
    world::sync_directory(directory_);
    remember(sha512, base);
    return base;
}

void ImageCache::download(Call& call, std::string const& image, std::string const& path) {
    auto const file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    Download into(file.get(), path);
    auto const request = json::print(images::ImageId{image});
    try {
        host_.call(&call, images::contract.name, images::contract.name_of<&images::Images::download>(), "", request,
                   nullptr, &into);
    } catch (Error const&) {
        into.rethrow(); // what went wrong here is the better story
        throw;
    }
    into.rethrow();
}

// The size is remembered beside the image, because libvirt gives a disk's files to QEMU's user while a guest runs. That
// this file is there also says that the image is whole.
void ImageCache::remember(std::string const& sha512, BaseImage const& base) {
    auto const path = directory_ + "/" + sha512 + ".json", half = path + ".new";
    auto const text = json::print(json::object{{"size", base.size}});
    {
        world::File file(half, world::File::Mode::create);
        file.truncate(0);
        file.write_at(0, text.data(), text.size());
        file.sync();
    }
    world::rename_file(half, path);
    world::sync_directory(directory_);
}

bool ImageCache::find(std::string const& sha512, BaseImage& base) const {
    auto const path = directory_ + "/" + sha512;
    if (!world::file_exists(path + ".json") || !world::file_exists(path + ".raw")) return false;
    world::File file(path + ".json", world::File::Mode::read);
    std::string text(file.size(), '\0');
    text.resize(file.read_at(0, text.data(), text.size()));
    base = {path + ".raw", json::parse_object(text).at("size").to_number<std::uint64_t>()};
    return true;
}

void ImageCache::trim(std::set<std::string> const& used, std::uint64_t limit) {
    struct Kept {
        std::int64_t last_use;
        std::uint64_t bytes;
        std::string sha512;
    };
    world::Lock lock(mutex_);
    std::uint64_t total = 0;
    std::vector<Kept> kept;
    for (auto const& name : world::list_directory(directory_)) {
        if (name.size() < 6 || name.substr(name.size() - 5) != ".json") continue;
        auto const sha512 = name.substr(0, name.size() - 5);
        struct stat disk{}, mark{};
        if (::stat((directory_ + "/" + sha512 + ".raw").c_str(), &disk) != 0) continue;
        if (::stat((directory_ + "/" + name).c_str(), &mark) != 0) continue;
        auto const bytes = static_cast<std::uint64_t>(disk.st_blocks) * 512;
        total += bytes;
        if (!used.count(sha512) && !fetching_.count(sha512)) kept.push_back({mark.st_mtim.tv_sec, bytes, sha512});
    }
    std::sort(kept.begin(), kept.end(), [](auto const& a, auto const& b) { return a.last_use < b.last_use; });
    for (auto const& image : kept) {
        if (total <= limit) break;
        world::remove_file(directory_ + "/" + image.sha512 + ".json"); // first: without it the rest is nothing
        world::remove_file(directory_ + "/" + image.sha512 + ".raw");
        total -= image.bytes;
    }
}

} // namespace volutus::compute::libvirt
