#include "kernel/plugin/process_frames.hpp"

#include <fmt/format.h>

namespace volutus::kernel::plugin {

void check_head(FrameHead const& head) {
    if (head.type < FrameType::hello || head.type > FrameType::release)
        throw Malformed(fmt::format("a frame of the unknown type {}", static_cast<unsigned>(head.type)));
    if (head.size > largest_body)
        throw Malformed(fmt::format("a frame of {} bytes; at most {} are allowed", head.size, largest_body));
    if (head.verb > Verb::release)
        throw Malformed(fmt::format("the unknown verb {}", static_cast<unsigned>(head.verb)));
    if (head.flags & ~frame_flag::all) throw Malformed(fmt::format("the unknown flags {}", head.flags));
    bool const may_carry = head.type == FrameType::give || head.type == FrameType::reply;
    if ((head.flags & frame_flag::descriptor) && !may_carry)
        throw Malformed("a descriptor with a frame that takes none");
}

std::string_view BodyReader::text(std::size_t longest) {
    auto const size = take<std::uint32_t>();
    if (size > left_.size()) throw Malformed("a body ends within a text");
    if (size > longest) throw Malformed(fmt::format("a text of {} bytes where at most {} are allowed", size, longest));
    auto const value = left_.substr(0, size);
    left_.remove_prefix(size);
    return value;
}

} // namespace volutus::kernel::plugin
