// The frames between the kernel and a plugin's process.
//
// A frame is a head of fixed size, in this host's byte order (both ends run on it), and a body of at most
// largest_body bytes. A body holds numbers of 8 bytes and texts with a length of 4 bytes before them. A frame that
// carries a descriptor has it attached to its first byte.
#pragma once

#include "kernel/plugin/descriptor.hpp"

#include <volutus.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace volutus::kernel::plugin {

// A document and what goes with it: names, who is asking, the operation.
inline constexpr std::uint32_t largest_body = VLT_DOCUMENT_MAX + (128u << 10);
// What one read or write of a stream moves at most.
inline constexpr std::uint32_t stream_chunk = 256u << 10;

enum class FrameType : std::uint16_t {
    hello = 1, // child: the plugin is open. id, version
    refuse,    // child: it cannot be. status; message, details
    call,      // a call of the other end. verb, within; see CallText
    read,      // the five operations of a stream of the call `within`, asked by who serves that call. count
    write,     // the bytes
    close,
    give, // offset, length; a descriptor
    take,
    reply,    // to the frame of that id. status, count; what it answers
    cancel,   // kernel: the chain's call is no longer wanted
    progress, // child: of the call `id`. count = permille; what
    log,      // child: status = level; message, fields
    retain,   // child
    release,  // child
};

// What a call asks of a plugin; towards the kernel it is always `call`.
enum class Verb : std::uint8_t { none, enter, configure, start, call, quiesce, snapshot, restore, release };

namespace frame_flag {
inline constexpr std::uint8_t input = 1;      // call: it has an input stream
inline constexpr std::uint8_t output = 2;     // call: it takes an output stream; stream operations: it is that one
inline constexpr std::uint8_t descriptor = 4; // give, and the reply to take
inline constexpr std::uint8_t all = input | output | descriptor;
} // namespace frame_flag

struct FrameHead {
    std::uint32_t size = 0; // of the body
    FrameType type{};
    Verb verb = Verb::none;
    std::uint8_t flags = 0;
    std::uint64_t chain = 0;  // the calls made within one another, across both ends, share a chain
    std::uint64_t id = 0;     // of a call or stream operation; each end counts its own
    std::uint64_t within = 0; // the call of the receiver's that this belongs to; 0 begins a chain
    std::int32_t status = 0;
    std::uint32_t count = 0;
};
static_assert(sizeof(FrameHead) == 40 && std::is_trivially_copyable_v<FrameHead>);

struct Frame {
    FrameHead head;
    std::string body;
    Descriptor descriptor;
};

// What the other end sent does not follow this page. Ends the link.
struct Malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Throws Malformed unless the fields of a head are in their ranges.
void check_head(FrameHead const& head);

class BodyWriter {
public:
    BodyWriter& number(std::uint64_t value) {
        body_.append(reinterpret_cast<char const*>(&value), sizeof value);
        return *this;
    }
    BodyWriter& text(std::string_view value) {
        auto const size = static_cast<std::uint32_t>(value.size());
        body_.append(reinterpret_cast<char const*>(&size), sizeof size).append(value);
        return *this;
    }
    std::string take() { return std::move(body_); }

private:
    std::string body_;
};

// Borrows the body. Throws Malformed where it ends too early or goes on after its end.
class BodyReader {
public:
    explicit BodyReader(std::string_view body) : left_(body) {}
    std::uint64_t number() { return take<std::uint64_t>(); }
    std::string_view text(std::size_t longest);
    void end() const {
        if (!left_.empty()) throw Malformed("a body goes on after its end");
    }

private:
    template <class T> T take() {
        if (left_.size() < sizeof(T)) throw Malformed("a body ends within a number");
        T value;
        std::memcpy(&value, left_.data(), sizeof value);
        left_.remove_prefix(sizeof value);
        return value;
    }
    std::string_view left_;
};

} // namespace volutus::kernel::plugin
