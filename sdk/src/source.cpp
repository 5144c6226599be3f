#include <volutus/source.hpp>

namespace volutus {

Source::Source() : table_{{{sizeof(vlt_stream), VLT_ABI_MAJOR, VLT_ABI_MINOR}, {}, {}, {}, {}, {}}, this} {
    table_.raw.read = [](vlt_stream* raw, vlt_span into, std::uint64_t* count) -> vlt_status {
        auto& self = *reinterpret_cast<Table*>(raw)->self; // raw is the table's first member
        *count = 0;
        try {
            if (self.failure_) std::rethrow_exception(self.failure_);
            *count = self.read(into.data, static_cast<std::size_t>(into.size));
            return VLT_OK;
        } catch (Error const& error) {
            self.failure_ = std::current_exception();
            return static_cast<vlt_status>(error.code());
        } catch (...) {
            self.failure_ = std::current_exception();
            return VLT_INTERNAL;
        }
    };
    table_.raw.close = [](vlt_stream*) -> vlt_status { return VLT_OK; };
}

} // namespace volutus
