// A request's body on its way from the connection's thread to the handler's: a bounded pipe.
#pragma once

#include "kernel/gateway/request.hpp"

#include <volutus/error.hpp>
#include <volutus/world.hpp>

#include <functional>

namespace volutus::kernel::gateway {

class Upload final : public BodyReader {
public:
    // `want` is called on the handler's thread when the connection should read on; the first call starts it.
    Upload(std::optional<std::uint64_t> length, std::function<void()> want) : length_(length), want_(std::move(want)) {}

    std::size_t read(void* into, std::size_t size) override;
    std::optional<std::uint64_t> length() const override { return length_; }

    // Of the connection's thread. push swaps the bytes out of `piece`; false: pause until `want` is called.
    bool push(std::string& piece);
    void finish();
    void fail(Code code, std::string message); // only the first one counts

private:
    std::optional<std::uint64_t> const length_;
    std::function<void()> const want_;
    std::string current_; // of the reader alone
    std::size_t at_ = 0;

    world::Mutex mutex_;
    world::Condition changed_;
    std::string incoming_;
    bool paused_ = true;
    bool finished_ = false;
    std::optional<Error> failure_;
};

} // namespace volutus::kernel::gateway
