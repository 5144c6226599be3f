// What the bytes of an upload are. A disk image may name other files that a hypervisor would open in its place, so data
// is looked at before anything uses it: by its first bytes and its last, as they pass, never by an external program.
//
// Formats after their specifications: QEMU's docs/interop/qcow2.txt, VMware's Virtual Disk Format 5.0, Microsoft's VHD
// and VHDX specifications, VirtualBox's VDI header, ECMA-119.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace volutus::image_service {

inline constexpr std::size_t head_size = 128 * 1024; // of the data; all headers that are read lie within
inline constexpr std::size_t tail_size = 512;        // the footer of a VHD of fixed size

struct Inspection {
    std::string format = "raw";     // of the API's disk_format, or one that the API does not know
    std::uint64_t virtual_size = 0; // bytes of the disk that a guest sees
    std::string danger;             // why no guest may get it; "" = nothing was found
    bool also_raw = false;          // a hybrid: as good as a plain disk
};

// `head`: the first head_size bytes, or all; `tail`: the last tail_size; `size`: of all.
Inspection inspect(std::string_view head, std::string_view tail, std::uint64_t size);

// Throws invalid where the data is dangerous, or not of the format that its owner gave.
void check(Inspection const& found, std::string_view disk_format, std::string_view container_format);

} // namespace volutus::image_service
