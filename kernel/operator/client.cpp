#include "kernel/operator/client.hpp"

#include <volutus/codec.hpp>
#include <volutus/error.hpp>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace volutus::kernel::operators {

namespace {
ssize_t send_with(int handle, int file, std::string& text) {
    iovec bytes{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    if (file >= 0) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        auto* const head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof file);
        std::memcpy(CMSG_DATA(head), &file, sizeof file);
    }
    return ::sendmsg(handle, &message, MSG_NOSIGNAL);
}
} // namespace

AdminClient::AdminClient(std::string const& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(Code::invalid, fmt::format("{} is too long for a socket's path", path));
    path.copy(address.sun_path, path.size());
    handle_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (handle_ < 0 || ::connect(handle_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        auto const why = std::string(std::strerror(errno));
        ::close(handle_);
        throw Error(Code::unavailable,
                    fmt::format("no volutusd answers at {}: {}; is it running, and are you root or its user? "
                                "--socket or --config names another one",
                                path, why));
    }
}

AdminClient::~AdminClient() { ::close(handle_); }

std::string AdminClient::line() {
    std::array<char, 65536> piece;
    while (true) {
        if (auto const end = received_.find('\n'); end != std::string::npos) {
            auto out = received_.substr(0, end);
            received_.erase(0, end + 1);
            return out;
        }
        auto const got = ::recv(handle_, piece.data(), piece.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            throw Error(Code::unavailable, "volutusd ended the connection; it stops, or has 32 of them already");
        received_.append(piece.data(), static_cast<std::size_t>(got));
    }
}

void AdminClient::ask(json::object const& request, Answer& into) {
    auto text = json::print(request) + '\n';
    if (send_with(handle_, into.file(), text) != static_cast<ssize_t>(text.size()))
        throw Error(Code::unavailable, "volutusd ended the connection");
    while (true) {
        // A line may be larger than a document of the border, so its bounded parser does not serve.
        auto const reply = boost::json::parse(line()).as_object();
        if (auto const* whole = reply.if_contains("document")) into.document(whole->as_object());
        if (auto const* columns = reply.if_contains("columns"))
            into.columns(json::decode<std::vector<std::string>>(*columns));
        if (auto const* row = reply.if_contains("row")) into.row(row->as_array());
        if (auto const* error = reply.if_contains("error"))
            throw Error(code_from(json::text(error->at("code"))), json::text(error->at("message")));
        if (auto const* end = reply.if_contains("end")) {
            if (end->at("failed").as_bool()) into.fail();
            return;
        }
    }
}

} // namespace volutus::kernel::operators
