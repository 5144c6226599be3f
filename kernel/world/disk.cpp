#include <kernel/world/disk.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace volutus::world {

namespace {
constexpr std::uint64_t sector_size = 512;

[[noreturn]] void fail(int error, char const* what, std::string const& path) {
    throw std::system_error(error, std::generic_category(), std::string(what) + " " + path);
}

bool always_there(std::string const& folder) { return folder.empty() || folder == "/"; }
} // namespace

std::string normalised(std::string const& path) {
    auto out = std::filesystem::path(path).lexically_normal().string();
    if (out.size() > 1 && out.back() == '/') out.pop_back();
    return out == "." ? "" : out;
}

std::string folder_of(std::string const& path) { return std::filesystem::path(path).parent_path().string(); }

// ---- content ----

InodeRef Disk::make(std::string path) {
    auto inode = std::make_shared<Inode>();
    inode->id = ++last_inode_;
    inode->path = std::move(path);
    return inode;
}

InodeRef Disk::open(std::string const& given, File::Mode mode) {
    scheduler_.point();
    auto const path = normalised(given);
    if (auto const found = find(path)) {
        if (found->folder) fail(EISDIR, "open", path);
        return found;
    }
    auto const folder = folder_of(path);
    auto const parent = find(folder);
    if (mode != File::Mode::create || path.empty()) fail(ENOENT, "open", path);
    if (!always_there(folder) && (!parent || !parent->folder)) fail(parent ? ENOTDIR : ENOENT, "open", path);
    auto inode = make(path);
    change_name(folder, {"", path, inode});
    return inode;
}

InodeRef Disk::open_unnamed() { return make(""); }

std::size_t Disk::read(Inode const& inode, std::uint64_t offset, void* into, std::size_t size) {
    scheduler_.point();
    fail_sometimes("read", inode);
    if (offset >= inode.seen.size()) return 0;
    auto const got = std::min<std::uint64_t>(size, inode.seen.size() - offset);
    std::memcpy(into, inode.seen.data() + offset, got);
    return got;
}

void Disk::write(Inode& inode, std::uint64_t offset, void const* from, std::size_t size) {
    scheduler_.point();
    fail_sometimes("write", inode);
    bool const full = scheduler_.random().one_in(faults_.enospc_one_in);
    if (full) size = scheduler_.random().below(size + 1);
    Inode::Change change{++inode.last_change, false, offset, std::string(static_cast<char const*>(from), size)};
    scheduler_.trace().note("write", inode.id << 32 ^ offset, change.bytes);
    apply(inode.seen, change);
    if (!inode.path.empty()) inode.unsynced.push_back(std::move(change));
    if (full) fail(ENOSPC, "write", inode.path);
}

void Disk::truncate(Inode& inode, std::uint64_t size) {
    scheduler_.point();
    fail_sometimes("truncate", inode);
    scheduler_.trace().note("truncate", inode.id, size);
    Inode::Change change{++inode.last_change, true, size, {}};
    apply(inode.seen, change);
    if (!inode.path.empty()) inode.unsynced.push_back(std::move(change));
}

void Disk::sync(Inode& inode) {
    auto const last = inode.last_change; // what comes while the disk works is not covered
    auto const took = scheduler_.random().between(faults_.sync_least, faults_.sync_most);
    if (scheduler_.current() != nullptr) scheduler_.sleep_until(scheduler_.now() + took);
    scheduler_.trace().note("sync", inode.id, last);
    if (faults_.drop_syncs) return;
    if (scheduler_.random().one_in(faults_.eio_one_in)) {
        // Linux gives up on the pages and calls them clean, so no later sync writes them.
        settle(inode);
        fail(EIO, "sync", inode.path);
    }
    auto const synced = std::find_if(inode.unsynced.begin(), inode.unsynced.end(),
                                     [last](Inode::Change const& change) { return change.number > last; });
    std::for_each(inode.unsynced.begin(), synced, [&](Inode::Change const& change) { apply(inode.durable, change); });
    inode.unsynced.erase(inode.unsynced.begin(), synced);
}

void Disk::fail_sometimes(char const* what, Inode const& inode) {
    if (scheduler_.random().one_in(faults_.eio_one_in)) fail(EIO, what, inode.path);
}

void Disk::apply(std::string& content, Inode::Change const& change) {
    if (change.truncates) return content.resize(change.offset);
    if (change.bytes.empty()) return;
    if (content.size() < change.offset + change.bytes.size()) content.resize(change.offset + change.bytes.size());
    std::memcpy(content.data() + change.offset, change.bytes.data(), change.bytes.size());
}

void Disk::apply_torn(std::string& content, Inode::Change const& change) {
    auto const end = change.offset + change.bytes.size();
    for (auto at = change.offset; at < end;) {
        auto const next = std::min(end, (at / sector_size + 1) * sector_size);
        if (scheduler_.random().one_in(2))
            apply(content, {0, false, at, change.bytes.substr(at - change.offset, next - at)});
        at = next;
    }
}

// Decides what became of each change that was not synced.
void Disk::settle(Inode& inode) {
    for (auto const& change : inode.unsynced) {
        auto const fate = scheduler_.random().below(3);
        if (fate == 0) apply(inode.durable, change);
        if (fate == 1 && !change.truncates) apply_torn(inode.durable, change);
    }
    inode.unsynced.clear();
}

// ---- names ----

InodeRef Disk::find(std::string const& path) const {
    auto const found = seen_.find(normalised(path));
    return found == seen_.end() ? nullptr : found->second;
}

void Disk::apply(Names& names, NameChange const& change) {
    if (!change.erased.empty()) names.erase(change.erased);
    if (!change.inserted.empty()) names[change.inserted] = change.inode;
}

void Disk::change_name(std::string const& folder, NameChange change) {
    scheduler_.trace().note("unname", 0, change.erased);
    scheduler_.trace().note("name", 0, change.inserted);
    apply(seen_, change);
    unsynced_[folder].push_back(std::move(change));
}

void Disk::rename(std::string const& given_from, std::string const& given_to) {
    scheduler_.point();
    auto const from = normalised(given_from);
    auto const to = normalised(given_to);
    auto const inode = find(from);
    auto const replaced = find(to);
    auto const folder = folder_of(to);
    auto const parent = find(folder);
    if (!inode || (!always_there(folder) && !parent)) fail(ENOENT, "rename", from + " to " + to);
    if (inode->folder || (replaced && replaced->folder)) fail(EISDIR, "rename", from + " to " + to);
    if (from != to) change_name(folder, {from, to, inode});
}

void Disk::remove(std::string const& given) {
    scheduler_.point();
    auto const path = normalised(given);
    auto const inode = find(path);
    if (!inode) return;
    if (inode->folder) fail(EISDIR, "remove", path);
    change_name(folder_of(path), {path, "", nullptr});
}

void Disk::make_directory(std::string const& given) {
    scheduler_.point();
    std::filesystem::path folder;
    for (auto const& part : std::filesystem::path(normalised(given))) {
        folder /= part;
        auto const name = folder.string();
        if (always_there(name)) continue;
        auto& inode = seen_[name];
        if (inode && !inode->folder) fail(EEXIST, "make directory", name);
        if (inode) continue;
        inode = make(name);
        inode->folder = true;
        durable_[name] = inode;
    }
}

std::vector<std::string> Disk::list(std::string const& given) const {
    auto const folder = normalised(given);
    auto const inode = find(folder);
    if (!always_there(folder) && (!inode || !inode->folder)) fail(inode ? ENOTDIR : ENOENT, "list", folder);
    std::vector<std::string> names;
    for (auto const& [path, file] : seen_)
        if (folder_of(path) == folder) names.push_back(std::filesystem::path(path).filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

void Disk::sync_directory(std::string const& given) {
    auto const folder = normalised(given);
    auto const inode = find(folder);
    if (!always_there(folder) && (!inode || !inode->folder)) fail(inode ? ENOTDIR : ENOENT, "sync", folder);
    auto const count = unsynced_[folder].size();
    auto const took = scheduler_.random().between(faults_.sync_least, faults_.sync_most);
    if (scheduler_.current() != nullptr) scheduler_.sleep_until(scheduler_.now() + took);
    auto& changes = unsynced_[folder];
    // Another fiber may have synced some of these meanwhile; then this covers newer ones too.
    auto const end = changes.begin() + static_cast<std::ptrdiff_t>(std::min(count, changes.size()));
    std::for_each(changes.begin(), end, [&](NameChange const& change) { apply(durable_, change); });
    changes.erase(changes.begin(), end);
    scheduler_.trace().note("sync folder", 0, folder);
}

// ---- crash ----

void Disk::crash(Crash kind) {
    if (kind == Crash::power_loss) {
        for (auto const& [folder, changes] : unsynced_) {
            auto const kept = static_cast<std::ptrdiff_t>(scheduler_.random().below(changes.size() + 1));
            std::for_each(changes.begin(), changes.begin() + kept,
                          [&](NameChange const& change) { apply(durable_, change); });
        }
        unsynced_.clear();
        seen_ = durable_;
    }
    for (auto const& [path, inode] : seen_) {
        inode->held.reset();
        if (kind == Crash::kill) continue;
        settle(*inode);
        inode->seen = inode->durable;
        scheduler_.trace().note("survives", inode->id, inode->seen);
    }
}

} // namespace volutus::world
