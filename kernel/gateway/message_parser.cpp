#include "kernel/gateway/message_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstring>

namespace volutus::kernel::gateway {

namespace http = boost::beast::http;
using boost::beast::error_code;
using Text = boost::beast::string_view;

namespace {
constexpr std::size_t max_fields = 256;
constexpr std::size_t max_chunk_head = 4096; // a chunk's size line, or the trailers

std::string_view view(Text text) { return {text.data(), text.size()}; }

MessageParser::Outcome refused(unsigned status, char const* why) {
    return {MessageParser::Outcome::refused, 0, status, why};
}
} // namespace

// Beast's grammar, which tells us what it reads.
class MessageParser::Grammar {
public:
    class Parser final : public http::basic_parser<true> {
    public:
        Parser(Head& head, Request& request) : head_(head), request_(request) {
            header_limit(UINT32_MAX); // ours was applied before
            body_limit(boost::none);
        }
        void collect(std::string* into) { into_ = into; }
        bool in_chunk() const { return chunk_left_ > 0; }

        unsigned status = 400;
        char const* why = "the request is malformed";

    private:
        void on_request_impl(http::verb, Text method, Text target, int version, error_code& ec) override {
            head_.http11 = version == 11;
            request_.method = view(method);
            auto path = view(target);
            if (path.find('#') != std::string_view::npos) return deny("the target holds a fragment", ec);
            if (path.front() != '/' && path != "*") { // absolute form: the authority stands for Host
                auto const scheme_end = path.find("://");
                if (scheme_end == std::string_view::npos) return deny("the target is no path", ec);
                path.remove_prefix(scheme_end + 3);
                head_.host = path.substr(0, path.find_first_of("/?"));
                path.remove_prefix(head_.host.size());
                absolute_ = true;
                if (!valid_host(head_.host)) return deny("the target has no valid authority", ec);
            }
            auto const mark = path.find('?');
            request_.raw_path = path.substr(0, mark);
            if (request_.raw_path.empty()) request_.raw_path = "/";
            request_.query = mark == std::string_view::npos ? std::string_view{} : path.substr(mark + 1);
        }

        void on_field_impl(http::field field, Text name, Text value_text, error_code& ec) override {
            if (is_header_done_) return; // trailers are read and dropped
            auto const value = view(value_text);
            if (request_.headers.size() >= max_fields) {
                status = 431;
                return deny("too many header fields", ec);
            }
            request_.headers.push_back({view(name), value});
            switch (field) {
            case http::field::host:
                if (hosts_++ > 0) return deny("Host stands twice", ec);
                if (!value.empty() && !valid_host(value)) return deny("Host is no host", ec);
                if (!absolute_) head_.host = value;
                break;
            case http::field::content_length:
                if (std::exchange(has_length_, true)) return deny("Content-Length stands twice", ec);
                if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos)
                    return deny("Content-Length is no number", ec);
                break;
            case http::field::transfer_encoding:
                if (std::exchange(head_.chunked, true)) return deny("Transfer-Encoding stands twice", ec);
                if (!equal_ignoring_case(value, "chunked")) return deny("Transfer-Encoding is not chunked", ec);
                if (!head_.http11) return deny("Transfer-Encoding is not of HTTP/1.0", ec);
                break;
            case http::field::expect:
                if (!equal_ignoring_case(value, "100-continue")) {
                    status = 417;
                    return deny("only 100-continue can be expected", ec);
                }
                head_.expects_continue = head_.http11;
                break;
            case http::field::upgrade: upgrades_ = equal_ignoring_case(value, "websocket"); break;
            default: break;
            }
        }

        void on_header_impl(error_code& ec) override {
            is_header_done_ = true;
            if (head_.chunked && has_length_) return deny("Content-Length and Transfer-Encoding together", ec);
            if (head_.http11 && hosts_ == 0) return deny("Host is missing", ec);
            if (has_length_) head_.content_length = *content_length();
            head_.keep_alive = keep_alive();
            head_.websocket = upgrades_ && upgrade();
        }

        void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
        std::size_t on_body_impl(Text bytes, error_code&) override {
            into_->append(bytes.data(), bytes.size());
            return bytes.size();
        }
        void on_chunk_header_impl(std::uint64_t size, Text extension, error_code& ec) override {
            chunk_left_ = size;
            for (char const c : view(extension))
                if (c == '\n' || c == '\r' || c == '\0') return deny("a chunk extension holds control bytes", ec);
        }
        std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, error_code&) override {
            into_->append(bytes.data(), bytes.size());
            chunk_left_ -= bytes.size();
            return bytes.size();
        }
        void on_finish_impl(error_code&) override {}
        void on_response_impl(int, Text, int, error_code&) override {}

        void deny(char const* reason, error_code& ec) {
            why = reason;
            ec = http::error::bad_value;
        }

        Head& head_;
        Request& request_;
        std::string* into_ = nullptr;
        std::uint64_t chunk_left_ = 0;
        unsigned hosts_ = 0;
        bool absolute_ = false;
        bool has_length_ = false;
        bool upgrades_ = false;
        bool is_header_done_ = false;
    };
    std::optional<Parser> parser;
};

MessageParser::MessageParser(std::size_t head_limit) : head_limit_(head_limit), grammar_(std::make_unique<Grammar>()) {}
MessageParser::~MessageParser() = default;

MessageParser::Outcome MessageParser::head(std::string_view input, Head& head, Request& request) {
    // An empty line before a request is passed over: some clients send one after a body (RFC 9112, 2.2).
    std::size_t const blank = scanned_ == 0 && input.starts_with("\r\n") ? 2 : 0;
    if (blank > 0) return {Outcome::more, blank};
    if (!input.empty() && (input.front() <= ' ' || input.front() >= 0x7f) && input != "\r")
        return refused(400, "this is not HTTP");

    auto const window = input.substr(0, head_limit_);
    std::size_t end = 0;
    for (auto at = window.find('\n', scanned_); at != std::string_view::npos; at = window.find('\n', at + 1)) {
        if (at == 0 || window[at - 1] != '\r') return refused(400, "a line ends without CR");
        if (at >= 3 && window[at - 2] == '\n') {
            end = at + 1;
            break;
        }
        if (at + 1 < window.size() && (window[at + 1] == ' ' || window[at + 1] == '\t'))
            return refused(400, "a header line is folded");
    }
    if (end == 0) {
        if (window.size() >= head_limit_)
            return window.find('\n') == std::string_view::npos ? refused(414, "the request line is too long")
                                                               : refused(431, "the header is too long");
        // The last byte is looked at again: what follows a line's end decides whether it is folded.
        scanned_ = window.empty() ? 0 : window.size() - 1;
        return {Outcome::more};
    }
    scanned_ = 0;

    head.block.assign(window.substr(0, end));
    head.host = {};
    head.content_length.reset();
    head.chunked = head.expects_continue = head.websocket = head.keep_alive = false;
    request.headers.clear();
    auto& parser = grammar_->parser.emplace(head, request);
    error_code ec;
    parser.put(boost::asio::const_buffer(head.block.data(), head.block.size()), ec);
    if (ec == http::error::bad_version) return refused(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (ec || !parser.is_header_done()) return refused(parser.status, parser.why);
    return {Outcome::done, end};
}

void MessageParser::limit_body(std::uint64_t bytes) { grammar_->parser->body_limit(bytes); }

MessageParser::Outcome MessageParser::body(std::string_view input, std::size_t room, std::string& into) {
    auto& parser = *grammar_->parser;
    std::size_t const full = into.size() + room;
    std::size_t used = 0;
    parser.collect(&into);
    while (!parser.is_done()) {
        auto const rest = input.substr(used);
        // No chunk ends in fewer bytes than "0\r\n\r\n", and Beast 1.81 asserts on less.
        if (rest.empty() || into.size() >= full || (parser.chunked() && !parser.in_chunk() && rest.size() < 5)) break;
        error_code ec;
        used += parser.put(boost::asio::const_buffer(rest.data(), rest.size()), ec);
        if (ec == http::error::need_more) {
            if (input.size() - used > max_chunk_head) return refused(400, "a chunk's head is too long");
            break;
        }
        if (ec == http::error::body_limit) return refused(413, "the body is too large");
        if (ec) return refused(400, "the body's chunks are malformed");
    }
    return {parser.is_done() ? Outcome::done : Outcome::more, used};
}

} // namespace volutus::kernel::gateway
