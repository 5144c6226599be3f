// Something that answers calls of contracts: a plugin over one of the links, or a part of the kernel.
#pragma once

#include "kernel/plugin/call_frame.hpp"

#include <volutus/contract.hpp>

#include <string_view>

namespace volutus::kernel::plugin {

class Endpoint {
public:
    virtual ~Endpoint() = default;
    // Concurrent. The reply lives in the frame. Failures are told through frame.fail() and the status; this never
    // throws and never answers VLT_PENDING.
    virtual vlt_status call(CallFrame& frame, std::string_view contract, std::string_view name,
                            std::string_view request, vlt_str* reply) noexcept = 0;
};

// Runs `body`, which gives the reply as text, for a frame.
template <class Body> vlt_status answer(CallFrame& frame, vlt_str* reply, Body body) noexcept {
    try {
        *reply = frame.keep(body());
        return VLT_OK;
    } catch (Error const& error) {
        return frame.fail(error.code(), error.what(), error.details());
    } catch (std::exception const& error) {
        return frame.fail(Code::internal, error.what());
    }
}

// A part of the kernel that implements a contract's driver.
template <auto const& TheContract> class BuiltIn : public Endpoint {
public:
    using Driver = typename std::decay_t<decltype(TheContract)>::Driver;
    explicit BuiltIn(std::unique_ptr<Driver> driver) : driver_(std::move(driver)) {}

    vlt_status call(CallFrame& frame, std::string_view, std::string_view name, std::string_view request,
                    vlt_str* reply) noexcept override {
        return answer(frame, reply, [&] {
            Call call(&frame);
            return dispatch(TheContract, *driver_, call, name, request);
        });
    }

private:
    std::unique_ptr<Driver> driver_;
};

} // namespace volutus::kernel::plugin
