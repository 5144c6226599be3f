// A request as a socket gives it. However it is cut into pieces, what is taken is taken as the same request: two readings
// of the same bytes are what request smuggling lives on.
#include "fuzz.hpp"
#include "kernel/gateway/forwarded.hpp"
#include "kernel/gateway/message_parser.hpp"

#include <algorithm>
#include <memory>
#include <string>

using namespace volutus::kernel::gateway;

namespace {

constexpr std::size_t head_limit = 4096, body_limit = 8192;

struct Taken {
    Head head;
    Request request;
    std::string body, rest;
    bool whole = false;
};

std::unique_ptr<Taken> take(std::string_view bytes, std::size_t piece) {
    auto out = std::make_unique<Taken>();
    MessageParser parser(head_limit);
    std::string input;
    bool in_body = false;
    while (!out->whole) {
        auto const outcome =
            in_body ? parser.body(input, 1000, out->body) : parser.head(input, out->head, out->request);
        volutus::fuzz::must(outcome.used <= input.size() && out->body.size() <= body_limit);
        input.erase(0, outcome.used);
        if (outcome.kind == MessageParser::Outcome::refused) return out;
        if (outcome.kind == MessageParser::Outcome::done) {
            if (!in_body) parser.limit_body(body_limit);
            out->whole = in_body || !out->head.has_body();
            in_body = true;
        } else if (outcome.used == 0) {
            if (bytes.empty()) return out;
            auto const next = bytes.substr(0, piece);
            input += next;
            bytes.remove_prefix(next.size());
        }
    }
    out->rest = input + std::string(bytes);
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const bytes = volutus::fuzz::text(data, size);
    auto const whole = take(bytes, std::max<std::size_t>(size, 1));
    for (std::size_t const piece : {1, 7}) {
        auto const cut = take(bytes, piece);
        if (!whole->whole || !cut->whole) continue;
        auto const same = [](Field const& one, Field const& other) {
            return one.name == other.name && one.value == other.value;
        };
        volutus::fuzz::must(whole->request.method == cut->request.method &&
                            whole->request.raw_path == cut->request.raw_path &&
                            whole->request.query == cut->request.query && whole->head.host == cut->head.host &&
                            whole->body == cut->body && whole->rest == cut->rest &&
                            std::ranges::equal(whole->request.headers, cut->request.headers, same));
    }
    if (!whole->whole) return 0;
    auto& request = whole->request;
    request.origin = {"http", std::string(whole->head.host), "", "10.0.0.1"};
    static Networks const trusted({"10.0.0.0/8"});
    apply_forwarded(request.headers, trusted, request.origin);
    volutus::fuzz::must(request.origin.host.empty() || valid_host(request.origin.host));
    for (auto const& text : {request.base_url(), request.path(), client_of(request.origin.client)})
        volutus::fuzz::must(text.size() <= size + 64);
    for (auto const& parameter : request.parameters()) volutus::fuzz::must(parameter.key.size() <= size);
    return 0;
}
