// A process that speaks as a plugin's process should not. Which way is its last argument.
#include "kernel/plugin/process_call.hpp"
#include "kernel/plugin/process_child.hpp"
#include "kernel/plugin/process_wire.hpp"

#include <fcntl.h>
#include <functional>
#include <iterator>
#include <map>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace volutus::kernel::plugin;

Wire* wire = nullptr;

void bytes(std::string const& raw) { [[maybe_unused]] auto const put = ::write(plugin_socket, raw.data(), raw.size()); }

void head_only(FrameHead const& head) { bytes({reinterpret_cast<char const*>(&head), sizeof head}); }

void hello(std::uint32_t major = VLT_ABI_MAJOR) {
    wire->send({.type = FrameType::hello, .count = major}, BodyWriter().text("false").take());
}

void send_descriptors(FrameHead const& head, std::size_t count) {
    int fds[8];
    std::fill(std::begin(fds), std::end(fds), 0);
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)]{};
    iovec part{const_cast<FrameHead*>(&head), sizeof head};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    auto* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(count * sizeof(int));
    std::memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
    ::sendmsg(plugin_socket, &message, MSG_NOSIGNAL);
}

std::string call_body(std::string const& contract, bool begins) {
    volutus::kernel::plugin::CallContext context;
    return encode_call({contract, "reflect", "", "{\"depth\":0}"}, begins ? &context : nullptr);
}

// Before the kernel enters the plugin.
std::map<std::string, std::function<void()>> const openings{
    {"exits", [] { ::_exit(7); }},
    {"silent", [] {}},
    {"noise", [] { bytes(std::string(4096, '\x5a')); }},
    {"zeros", [] { bytes(std::string(4096, '\0')); }},
    {"huge", [] { head_only({.size = 0xffffffff, .type = FrameType::hello}); }},
    {"bad_flags", [] { head_only({.type = FrameType::hello, .flags = 0x80}); }},
    {"bad_verb", [] { head_only({.type = FrameType::call, .verb = static_cast<Verb>(99), .chain = 1, .id = 1}); }},
    {"half_hello",
     [] {
         head_only({.size = 2, .type = FrameType::hello, .count = VLT_ABI_MAJOR});
         bytes("xx");
     }},
    {"long_id",
     [] {
         wire->send({.type = FrameType::hello, .count = VLT_ABI_MAJOR},
                    BodyWriter().text(std::string(5000, 'i')).take());
     }},
    {"other_border", [] { hello(9); }},
    {"two_hellos", [] { hello(), hello(); }},
    {"descriptors_with_no_frame",
     [] {
         for (int i = 0; i < 8; ++i) send_descriptors({.type = FrameType::retain}, 1);
     }},
    {"two_descriptors", [] { send_descriptors({.type = FrameType::retain}, 2); }},
    {"many_descriptors", [] { send_descriptors({.type = FrameType::retain}, 8); }},
    {"announced_descriptor", [] { head_only({.type = FrameType::reply, .flags = frame_flag::descriptor, .id = 1}); }},
    {"descriptor_with_a_call", [] { send_descriptors({.type = FrameType::call, .flags = frame_flag::descriptor}, 1); }},
    {"release", [] { head_only({.type = FrameType::release}); }},
    {"bad_log", [] { wire->send({.type = FrameType::log}, "no log"); }},
};

// While the kernel waits for the answer to a call, whose frame this is.
std::map<std::string, std::function<void(FrameHead const&)>> const answers{
    {"unasked_reply", [](FrameHead const&) { head_only({.type = FrameType::reply, .id = 12345}); }},
    {"two_replies",
     [](FrameHead const& call) {
         FrameHead const reply{.type = FrameType::reply, .id = call.id};
         bytes(std::string(reinterpret_cast<char const*>(&reply), sizeof reply) +
               std::string(reinterpret_cast<char const*>(&reply), sizeof reply));
     }},
    {"bad_error",
     [](FrameHead const& call) {
         wire->send({.type = FrameType::reply, .id = call.id, .status = VLT_CONFLICT}, "no error");
     }},
    {"unknown_status",
     [](FrameHead const& call) {
         wire->send({.type = FrameType::reply, .id = call.id, .status = 4711}, encode_error("who knows", ""));
     }},
    {"pending_status",
     [](FrameHead const& call) {
         wire->send({.type = FrameType::reply, .id = call.id, .status = VLT_PENDING}, encode_error("later", ""));
     }},
    {"large_reply",
     [](FrameHead const& call) {
         wire->send({.type = FrameType::reply, .id = call.id}, std::string(VLT_DOCUMENT_MAX + 1, ' '));
     }},
    {"chain_again",
     [](FrameHead const& call) {
         wire->send({.type = FrameType::call, .verb = Verb::call, .chain = call.chain, .id = 1},
                    call_body("x/1", true));
     }},
    {"kernels_chain",
     [](FrameHead const&) {
         wire->send({.type = FrameType::call, .verb = Verb::call, .chain = 1000, .id = 1}, call_body("x/1", true));
     }},
    {"bad_call_within",
     [](FrameHead const& call) {
         wire->send({.type = FrameType::call, .verb = Verb::call, .chain = call.chain, .id = 1, .within = call.id},
                    "no call");
     }},
    {"bad_own_call",
     [](FrameHead const&) {
         wire->send({.type = FrameType::call, .verb = Verb::call, .chain = 1, .id = 1}, "no call");
     }},
    {"configures_the_kernel",
     [](FrameHead const& call) {
         wire->send({.type = FrameType::call, .verb = Verb::configure, .chain = call.chain, .id = 1, .within = call.id},
                    call_body("x/1", false));
     }},
    {"large_read",
     [](FrameHead const& call) {
         wire->send({.type = FrameType::read, .chain = call.chain, .id = 1, .within = call.id, .count = 0xffffffff},
                    {});
     }},
    {"gift_without_descriptor",
     [](FrameHead const& call) {
         wire->send(
             {.type = FrameType::give, .flags = frame_flag::output, .chain = call.chain, .id = 1, .within = call.id},
             BodyWriter().number(0).number(0).take());
     }},
    {"gift_of_a_folder",
     [](FrameHead const& call) {
         wire->send({.type = FrameType::give,
                     .flags = frame_flag::output | frame_flag::descriptor,
                     .chain = call.chain,
                     .id = 1,
                     .within = call.id},
                    BodyWriter().number(0).number(0).take(), Descriptor(::open("/", O_RDONLY)));
     }},
    {"flood_of_requests",
     [](FrameHead const& call) {
         // The kernel waits in the mirror's copy for the first one's input, so that nobody serves the others.
         for (std::uint64_t id = 1; id < 5000; ++id)
             wire->send({.type = FrameType::read, .chain = call.chain, .id = id, .within = call.id, .count = 1}, {});
     }},
    {"calls_side_by_side",
     [](FrameHead const& call) {
         // The first waits for its input; the second would use the same frame meanwhile.
         auto const body = encode_call({"volutus.test.mirror/1", "copy", "", "{}"}, nullptr);
         for (std::uint64_t id = 1; id <= 2; ++id)
             wire->send({.type = FrameType::call,
                         .verb = Verb::call,
                         .flags = frame_flag::input,
                         .chain = call.chain,
                         .id = id,
                         .within = call.id},
                        body);
     }},
    {"stops_reading",
     [](FrameHead const&) {
         while (true) ::pause();
     }},
};

} // namespace

int main(int count, char** words) {
    std::string const way = words[count - 1];
    Wire own{Descriptor(plugin_socket)};
    wire = &own;
    auto const opening = openings.find(way);
    if (opening != openings.end())
        opening->second();
    else
        hello();
    std::uint64_t called = 0;
    while (true) {
        pollfd set[] = {{own.socket(), static_cast<short>(own.backlog() ? POLLIN | POLLOUT : POLLIN), 0}};
        ::poll(set, 1, -1);
        if (set[0].revents & POLLOUT) own.write_backlog();
        bool const open = own.receive([&](Frame&& frame) {
            if (frame.head.type == FrameType::call && frame.head.verb != Verb::call)
                own.send({.type = FrameType::reply, .id = frame.head.id}, {});
            else if (frame.head.type == FrameType::call)
                answers.at(way)((called = frame.head.id, frame.head));
            else if (frame.head.type == FrameType::reply)
                // Whatever the kernel refused is what the call answers, for the test to see.
                own.send({.type = FrameType::reply, .id = called, .status = frame.head.status},
                         frame.body.empty() ? encode_error("", "") : frame.body);
        });
        if (!open) return 0;
    }
}
