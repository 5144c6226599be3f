// An upload's first and last bytes. Whatever they claim, the format is told, and what is no plain disk is not taken for one.
#include "fuzz.hpp"
#include "plugins/image/service/inspection.hpp"

#include <volutus/error.hpp>

using namespace volutus::image_service;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const bytes = volutus::fuzz::text(data, size);
    auto const tail = bytes.substr(size - std::min(size, tail_size));
    // All sizes between what is there and more than any disk.
    for (std::uint64_t const whole : {std::uint64_t{size}, std::uint64_t{1} << 40, UINT64_MAX}) {
        auto const found = inspect(bytes.substr(0, head_size), tail, whole);
        volutus::fuzz::must(!found.format.empty());
        for (auto const* const format : {"raw", "qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso", "ami", "nonsense"}) try {
                check(found, format, "bare");
                volutus::fuzz::must(found.danger.empty());
            } catch (volutus::Error const& refused) {
                volutus::fuzz::must(refused.code() == volutus::Code::invalid);
            }
    }
    return 0;
}
