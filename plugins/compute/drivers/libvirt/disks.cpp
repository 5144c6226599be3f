#include "disks.hpp"

#include "descriptor.hpp"
#include "program.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace volutus::compute::libvirt {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t mib = 1ULL << 20, gib = 1ULL << 30;
constexpr char const* half_made = ".new";

void remove_tree(std::string const& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) throw Error(Code::internal, fmt::format("cannot remove {}: {}", path, error.message()));
}

void make_sparse(std::string const& path, std::uint64_t size) {
    auto const file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (::ftruncate(file.get(), static_cast<off_t>(size)) != 0) throw_errno("stretch", path);
}

std::string from_base64(hypervisor::File const& file) {
    auto const& text = file.content;
    std::string bytes(text.size() / 4 * 3, '\0');
    auto const wrong = [&] {
        return Error(Code::invalid, fmt::format("{} of the config drive is not base64", file.path));
    };
    if (text.size() % 4 != 0) throw wrong();
    if (text.empty()) return bytes;
    int const count =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<unsigned char const*>(text.data()), static_cast<int>(text.size()));
    if (count < 0) throw wrong();
    bytes.resize(static_cast<std::size_t>(count) - (text.size() - 1 - text.find_last_not_of('=')));
    return bytes;
}

// Only what stays below the drive's root.
void check_path(std::string const& path) {
    auto const parts = fs::path(path);
    bool fine = !path.empty() && path.size() <= 200 && parts.is_relative() && path.find('\0') == std::string::npos;
    for (auto const& part : parts)
        fine = fine && !part.empty() && part != "." && part != ".." && part.native().size() <= 60;
    if (!fine) throw Error(Code::invalid, fmt::format("'{}' cannot be a file of a config drive", path));
}

void make_config_drive(Call& call, hypervisor::Server const& server, std::string const& path) {
    auto const tree = path + ".tree";
    for (auto const& file : server.config_drive) {
        check_path(file.path);
        auto const at = fs::path(tree) / file.path;
        fs::create_directories(at.parent_path());
        auto const to = open_file(at, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        write_all(to.get(), from_base64(file), at);
    }
    run_program(call, {"genisoimage", "-quiet", "-input-charset", "utf-8", "-r", "-J", "-joliet-long", "-V", "config-2",
                       "-o", path, tree});
    if (::chmod(path.c_str(), 0600) != 0) throw_errno("protect", path);
    remove_tree(tree);
}

} // namespace

Disks::Disks(std::string directory) : directory_(std::move(directory)) {
    world::make_directory(directory_);
    if (::chmod(directory_.c_str(), 0711) != 0) throw_errno("open the way through", directory_);
    for (auto const& name : world::list_directory(directory_))
        if (name.find(half_made) != std::string::npos) remove_tree(directory_ + "/" + name);
}

bool Disks::there(std::string const& server) const { return world::file_exists(of(server).disk()); }

void Disks::make(Call& call, hypervisor::Server const& server, BaseImage const& base) {
    if (there(server.id)) return;
    auto const size = server.disk_gb > 0 ? static_cast<std::uint64_t>(server.disk_gb) * gib : base.size;
    if (size < base.size)
        throw Error(Code::invalid, fmt::format("image {} has a disk of {} bytes and does not fit into {} GB",
                                               server.image, base.size, server.disk_gb));
    ServerFiles const made{of(server.id).folder + half_made};
    remove_tree(made.folder);
    // The umask of the daemon would keep QEMU out.
    if (::mkdir(made.folder.c_str(), 0711) != 0 || ::chmod(made.folder.c_str(), 0711) != 0)
        throw_errno("make", made.folder);
    try {
        // -u: the base is not opened, for it may be QEMU's at this moment. Its format and the size are given.
        run_program(call, {"qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", base.path, "-F", "raw", made.disk(),
                           std::to_string(size)});
        if (::chmod(made.disk().c_str(), 0600) != 0) throw_errno("protect", made.disk());
        if (server.ephemeral_gb > 0) {
            make_sparse(made.ephemeral(), static_cast<std::uint64_t>(server.ephemeral_gb) * gib);
            run_program(call, {"mkfs.ext4", "-q", "-F", "-L", "ephemeral0", made.ephemeral()});
        }
        if (server.swap_mb > 0) {
            make_sparse(made.swap(), static_cast<std::uint64_t>(server.swap_mb) * mib);
            run_program(call, {"mkswap", "-L", "swap0", made.swap()});
        }
        if (!server.config_drive.empty()) make_config_drive(call, server, made.config_drive());
        // Made here, so that it stays readable for us whoever writes to it.
        open_file(made.console_log(), O_WRONLY | O_CREAT, 0644);
        for (auto const& name : world::list_directory(made.folder)) sync_file(made.folder + "/" + name);
        world::sync_directory(made.folder);
        world::rename_file(made.folder, of(server.id).folder);
        world::sync_directory(directory_);
    } catch (Error const&) {
        remove_tree(made.folder);
        throw;
    }
}

void Disks::remove(std::string const& server) {
    remove_tree(of(server).folder);
    remove_tree(of(server).folder + half_made);
    world::sync_directory(directory_);
}

} // namespace volutus::compute::libvirt
