#include "kernel/http/client.hpp"

#include <curl/curl.h>

#include <fmt/format.h>

#include <array>

namespace volutus::kernel::http {

namespace {
std::size_t pass_over(char*, std::size_t size, std::size_t count, void*) { return size * count; }

struct Lines {
    explicit Lines(std::vector<std::string> const& lines) {
        for (auto const& line : lines) list = ::curl_slist_append(list, line.c_str());
        list = ::curl_slist_append(list,
                                   "Expect:"); // bodies are small, and 100-continue costs a second where it is ignored
    }
    ~Lines() { ::curl_slist_free_all(list); }
    Lines(Lines const&) = delete;
    Lines& operator=(Lines const&) = delete;
    curl_slist* list = nullptr;
};
} // namespace

struct Client::Handle {
    CURL* curl = ::curl_easy_init();
    ~Handle() { ::curl_easy_cleanup(curl); }
};

Client::Client(world::Duration patience) : handle_(std::make_unique<Handle>()), patience_(patience) {
    if (!handle_->curl) throw Error(Code::unavailable, "no HTTP client can be made; is memory short?");
}

Client::~Client() = default;

unsigned Client::post(std::string const& url, std::vector<std::string> const& headers, std::string_view body) {
    auto* const curl = handle_->curl;
    ::curl_easy_reset(curl); // keeps the connection
    Lines const lines(headers);
    std::array<char, CURL_ERROR_SIZE> why{};
    auto const milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(patience_).count();
    ::curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    ::curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    ::curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines.list);
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    ::curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    ::curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(milliseconds));
    ::curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L); // signals are the daemon's own
    ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, pass_over);
    ::curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why.data());
    auto const outcome = ::curl_easy_perform(curl);
    ::curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
    if (outcome != CURLE_OK)
        throw Error(Code::unavailable,
                    fmt::format("no answer: {}", why[0] ? why.data() : ::curl_easy_strerror(outcome)));
    long status = 0;
    ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return static_cast<unsigned>(status);
}

bool is_url(std::string const& text) {
    auto* const url = ::curl_url();
    bool good = url && ::curl_url_set(url, CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
    char* scheme = nullptr;
    if (good && ::curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK)
        good = std::string_view(scheme) == "http" || std::string_view(scheme) == "https";
    ::curl_free(scheme);
    ::curl_url_cleanup(url);
    return good;
}

} // namespace volutus::kernel::http
