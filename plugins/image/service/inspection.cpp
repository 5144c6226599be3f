#include "inspection.hpp"

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::image_service {

namespace {

constexpr std::uint64_t sector = 512;

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size, bool big) {
    if (at > bytes.size() || size > bytes.size() - at) return 0; // a header that breaks off has zeros there
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < size; ++i)
        out = out << 8 | static_cast<unsigned char>(bytes[big ? at + i : at + size - 1 - i]);
    return out;
}
std::uint64_t big(std::string_view bytes, std::size_t at, std::size_t size) { return number(bytes, at, size, true); }
std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size) {
    return number(bytes, at, size, false);
}
bool stands(std::string_view bytes, std::size_t at, std::string_view magic) {
    return at <= bytes.size() && bytes.substr(at, magic.size()) == magic;
}

// Header extensions: type, length, and data padded to eight bytes, until type 0.
bool names_data_file(std::string_view head, std::size_t at) {
    constexpr std::uint64_t data_file_name = 0x44415441;
    while (at + 8 <= head.size()) {
        auto const type = big(head, at, 4), length = big(head, at + 4, 4);
        if (type == 0) return false;
        if (type == data_file_name) return true;
        at += 8 + ((length + 7) & ~std::uint64_t{7});
    }
    return false;
}

Inspection qcow2(std::string_view head) {
    constexpr std::uint64_t external_data = 4; // of the incompatible features
    Inspection found;
    found.format = "qcow2";
    found.virtual_size = big(head, 24, 8);
    auto const version = big(head, 4, 4);
    if (version != 2 && version != 3)
        found.danger = fmt::format("its version is {}; 2 and 3 are known", version);
    else if (head.size() < (version == 2 ? 72u : 104u))
        found.danger = "its header breaks off";
    else if (big(head, 8, 8) != 0)
        found.danger = "it has a backing file";
    else if ((version == 3 && (big(head, 72, 8) & external_data)) ||
             names_data_file(head, version == 2 ? 72 : big(head, 100, 4)))
        found.danger = "it has an external data file";
    return found;
}

Inspection vmdk(std::string_view head) {
    Inspection found;
    found.format = "vmdk";
    if (!stands(head, 0, "KDMV")) {
        found.danger = "it is a description that names other files";
        return found;
    }
    found.virtual_size = little(head, 12, 8) * sector;
    auto const at = little(head, 28, 8) * sector, size = little(head, 36, 8) * sector;
    if (at == 0 || at > head.size() || size > head.size() - at) {
        found.danger = "its description is not at its beginning";
        return found;
    }
    auto const text = head.substr(at, size);
    bool const alone = text.find("createType=\"monolithicSparse\"") != text.npos ||
                       text.find("createType=\"streamOptimized\"") != text.npos;
    if (!alone) found.danger = "it is of a type that keeps its data in other files";
    return found;
}

Inspection plain(std::string_view format, std::uint64_t virtual_size) {
    Inspection found;
    found.format = format;
    found.virtual_size = virtual_size;
    return found;
}

} // namespace

Inspection inspect(std::string_view head, std::string_view tail, std::uint64_t size) {
    using namespace std::string_view_literals;
    if (stands(head, 0, "QFI\xfb")) return qcow2(head);
    if (stands(head, 0, "KDMV") || stands(head, 0, "COWD") || stands(head, 0, "# Disk DescriptorFile"))
        return vmdk(head);
    if (stands(head, 0x40, "\x7f\x10\xda\xbe")) return plain("vdi", little(head, 0x170, 8));
    if (stands(head, 0, "vhdxfile")) return plain("vhdx", 0); // its size stands behind two tables
    if (stands(head, 0, "conectix")) {
        auto found = plain("vhd", big(head, 48, 8));
        constexpr std::uint64_t differencing = 4;
        if (big(head, 60, 4) == differencing) found.danger = "it is a difference to another disk";
        return found;
    }
    if (stands(tail, tail.size() < tail_size ? tail.npos : tail.size() - tail_size, "conectix"))
        return plain("vhd", big(tail, tail.size() - tail_size + 48, 8));
    if (stands(head, 0, "QED\0"sv)) {
        auto found = plain("qed", 0);
        found.danger = "it is a QED image, which may name another file";
        return found;
    }
    if (stands(head, 0, "LUKS\xba\xbe")) return plain("luks", size);
    if (stands(head, 0x8001, "CD001")) {
        auto found = plain("iso", size);
        found.also_raw = stands(head, 510, "\x55\xaa");
        return found;
    }
    return plain("raw", size);
}

void check(Inspection const& found, std::string_view disk_format, std::string_view container_format) {
    // Other containers wrap the disk: what stands here is an archive, and no hypervisor opens it.
    for (auto wrapped : {"ova", "ovf", "docker", "compressed"})
        if (container_format == wrapped) return;
    if (!found.danger.empty())
        throw Error(Code::invalid,
                    fmt::format("The data is refused: it is {} and {}. Convert it into an image that stands alone.",
                                found.format, found.danger));
    bool const is_plain = disk_format == "raw" || disk_format == "ami" || disk_format == "ari" ||
                          disk_format == "aki" || disk_format == "ploop";
    bool const fits = is_plain ? found.format == "raw" || found.also_raw : found.format == disk_format;
    if (!fits)
        throw Error(Code::invalid,
                    fmt::format("The data is refused: the image's disk_format is {}, and the data is {}. Set "
                                "disk_format to what the data is.",
                                disk_format, found.format));
}

} // namespace volutus::image_service
