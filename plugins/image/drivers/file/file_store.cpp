#include "file_store.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fcntl.h>
#include <system_error>
#include <vector>

namespace volutus::image::file {

using namespace image_store;

namespace {

constexpr std::string_view passing = ".part";
constexpr std::size_t piece = 1024 * 1024;

bool is_passing(std::string_view name) {
    return name.size() > passing.size() && name.substr(name.size() - passing.size()) == passing;
}

[[noreturn]] void missing(std::string const& id) {
    throw Error(Code::not_found, fmt::format("there is no data of image {}", id));
}

[[noreturn]] void rethrow_as_error(std::system_error const& failure) {
    auto const full = failure.code() == std::errc::no_space_on_device || failure.code().value() == EDQUOT;
    throw Error(full ? Code::exhausted : Code::unavailable,
                fmt::format("the data of an image could not be written: {}", failure.what()));
}

void copy(world::File const& file, std::uint64_t from, std::uint64_t to, Stream output) {
    std::vector<char> buffer(piece);
    while (from < to) {
        auto const count = file.read_at(from, buffer.data(), std::min<std::uint64_t>(buffer.size(), to - from));
        if (count == 0) throw Error(Code::internal, "the data of an image ends before its size");
        output.write(buffer.data(), count);
        from += count;
    }
}

} // namespace

FileStore::FileStore(Settings const& settings) : directory_(settings.directory) {
    world::make_directory(directory_);
    for (auto const& name : world::list_directory(directory_))
        if (is_passing(name)) world::remove_file(directory_ + "/" + name);
}

std::string FileStore::path_of(std::string const& id) const {
    if (!is_uuid(id)) throw Error(Code::invalid, fmt::format("the id of an image is a UUID, not '{:.80}'", id));
    return directory_ + "/" + id;
}

std::string FileStore::passing_path(std::string const& id) {
    world::Lock lock(mutex_);
    return fmt::format("{}.{}{}", path_of(id), ++passing_, passing);
}

std::uint64_t FileStore::write(Call& call, std::string const& path) const {
    world::File file(path, world::File::Mode::create);
    std::vector<char> buffer(piece);
    auto input = call.input();
    std::uint64_t size = 0;
    while (auto const count = input.read(buffer.data(), buffer.size())) {
        file.write_at(size, buffer.data(), count);
        size += count;
        call.check();
    }
    file.sync();
    return size;
}

// The data is in place by now, for as long as the machine runs at least: nobody may take this for a refusal.
void FileStore::keep_name(std::string const& id) const {
    try {
        world::sync_directory(directory_);
    } catch (std::system_error const& failure) {
        throw Error(Code::unknown_outcome,
                    fmt::format("the data of image {} is there, but may not last: {}", id, failure.what()));
    }
}

Object FileStore::save(Call& call, Key const& key) {
    auto const path = path_of(key.id), part = passing_path(key.id);
    try {
        auto const size = write(call, part);
        world::rename_file(part, path);
        keep_name(key.id);
        return {key.id, size};
    } catch (std::system_error const& failure) {
        world::remove_file(part);
        rethrow_as_error(failure);
    } catch (...) {
        world::remove_file(part);
        throw;
    }
}

void FileStore::load(Call& call, Range const& range) {
    auto const path = path_of(range.id);
    if (!world::file_exists(path)) missing(range.id);
    world::File const file(path, world::File::Mode::read);
    auto const size = file.size();
    if (range.offset > size || range.length > size - range.offset)
        throw Error(Code::invalid, fmt::format("the image has {} bytes; {} from {} on are not among them", size,
                                               range.length, range.offset));
    auto output = call.output();
    auto const length = range.length ? range.length : size - range.offset;
    if (length == 0) return; // length 0 of a descriptor would mean: to the end
    if (output.raw() && VLT_HAS(output.raw(), give_fd)) {
        int const descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) missing(range.id); // removed since
        output.give_descriptor({descriptor, range.offset, length}, true);
        return;
    }
    copy(file, range.offset, range.offset + length, output);
}

void FileStore::remove(Call&, Key const& key) {
    world::remove_file(path_of(key.id));
    world::sync_directory(directory_);
}

std::optional<Object> FileStore::show(Call&, Key const& key) {
    auto const path = path_of(key.id);
    if (!world::file_exists(path)) return std::nullopt;
    return Object{key.id, world::File(path, world::File::Mode::read).size()};
}

Objects FileStore::list(Call& call, List const& wanted) {
    if (wanted.limit < 1 || wanted.limit > 1000)
        throw Error(Code::invalid, fmt::format("a page has 1 to 1000 objects, not {}", wanted.limit));
    Objects page;
    for (auto const& name : world::list_directory(directory_)) { // sorted
        if (!is_uuid(name) || (wanted.after && name <= *wanted.after)) continue;
        if (page.objects.size() == wanted.limit) {
            page.more = true;
            break;
        }
        if (auto object = show(call, {name})) page.objects.push_back(std::move(*object));
    }
    return page;
}

} // namespace volutus::image::file
