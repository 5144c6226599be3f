#include "kernel/http/client.hpp"

#include <curl/curl.h>

#include <fmt/format.h>

#include <array>
#include <atomic>

namespace volutus::kernel::http {

namespace {
constexpr int longest_rest = 60'000; // milliseconds; curl wakes earlier for what it waits for

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
    ~Handle() {
        ::curl_easy_cleanup(curl);
        ::curl_multi_cleanup(several);
    }
    CURLcode perform();

    CURL* curl = ::curl_easy_init();
    CURLM* several = ::curl_multi_init(); // only these can be woken
    std::atomic<bool> ended = false;
};

CURLcode Client::Handle::perform() {
    ::curl_multi_add_handle(several, curl);
    auto outcome = CURLE_ABORTED_BY_CALLBACK;
    for (int running = 1; running > 0 && !ended;) {
        if (::curl_multi_perform(several, &running) != CURLM_OK) break;
        if (running > 0) ::curl_multi_poll(several, nullptr, 0, longest_rest, nullptr);
    }
    int left = 0;
    while (auto const* message = ::curl_multi_info_read(several, &left))
        if (message->msg == CURLMSG_DONE) outcome = message->data.result;
    ::curl_multi_remove_handle(several, curl);
    return outcome;
}

Client::Client(world::Duration patience) : handle_(std::make_unique<Handle>()), patience_(patience) {
    if (!handle_->curl || !handle_->several)
        throw Error(Code::unavailable, "no HTTP client can be made; is memory short?");
}

Client::~Client() = default;

void Client::end() {
    handle_->ended = true;
    ::curl_multi_wakeup(handle_->several);
}

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
    auto const outcome = handle_->perform();
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

std::string shown_url(std::string const& url) {
    auto* const read = ::curl_url();
    char* text = nullptr;
    if (read && ::curl_url_set(read, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK) {
        for (auto const part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT})
            ::curl_url_set(read, part, nullptr, 0);
        ::curl_url_get(read, CURLUPART_URL, &text, 0);
    }
    std::string shown = text ? text : "";
    ::curl_free(text);
    ::curl_url_cleanup(read);
    return shown;
}

} // namespace volutus::kernel::http
