#include "kernel/plugin/link.hpp"

#include <fmt/format.h>

namespace volutus::kernel::plugin {

Error step_failed(std::string_view plugin, std::string_view step, Error const& why) {
    return Error(why.code(), fmt::format("plugin {}: {} failed: {}", plugin, step, why.what()), why.details());
}

Error step_hangs(std::string_view plugin, std::string_view step, world::Duration patience) {
    return Error(Code::deadline,
                 fmt::format("plugin {}: {} did not return within {} ms; the plugin hangs", plugin, step,
                             std::chrono::duration_cast<std::chrono::milliseconds>(patience).count()));
}

Error no_table() {
    return Error(Code::invalid, fmt::format("it answered without a table of border version {}", VLT_ABI_MAJOR));
}

vlt_status check_reply(CallFrame& frame, vlt_status status, vlt_str* reply) {
    if (status != VLT_OK || reply->size <= VLT_DOCUMENT_MAX) return status;
    return frame.fail(Code::too_large, "the reply is larger than a document may be; use a stream");
}

} // namespace volutus::kernel::plugin
