#include <kernel/events/settings.hpp>

#include <kernel/config/secret_file.hpp>
#include <kernel/http/client.hpp>
#include <volutus/codec.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::events {

namespace {
constexpr std::size_t most_webhooks = 100, longest_name = 64, shortest_secret = 16;

// It goes into a header and into the ids of documents.
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= longest_name && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

std::chrono::milliseconds time(json::object const& section, std::string_view key) {
    return std::chrono::milliseconds(section.at(key).to_number<std::int64_t>());
}

WebhookOptions webhook_from(std::string_view name, json::object const& table) {
    auto const refuse = [name](std::string_view why) {
        throw Error(Code::invalid, fmt::format("the webhook '{:.100}' {}", name, why));
    };
    if (!is_name(name)) refuse("needs a name of at most 64 letters, digits, - and _");
    WebhookOptions out;
    out.name = std::string(name);
    out.url = json::text(table.at("url"));
    if (!http::is_url(out.url)) refuse("needs a URL such as https://billing.example.org/volutus");
    out.secret = config::read_secret(json::text(table.at("secret_file")));
    out.secret.resize(out.secret.find_last_not_of("\r\n") + 1); // as editors end files
    if (out.secret.size() < shortest_secret)
        refuse(fmt::format("needs a secret of at least {} bytes; `openssl rand -hex 32` makes one", shortest_secret));
    out.kinds = json::decode<std::vector<std::string>>(table.at("kinds"));
    if (auto const* project = table.if_contains("project_id")) out.project = json::text(*project);
    out.first_pause = time(table, "first_pause");
    out.longest_pause = time(table, "longest_pause");
    out.give_up = time(table, "give_up");
    out.patience = time(table, "patience");
    return out;
}
} // namespace

std::string_view settings_schema() {
    return R"({
      "type": "object",
      "properties": {
        "webhook": {"type": "object", "default": {}, "additionalProperties": {"type": "object",
          "required": ["url", "secret_file"],
          "properties": {
            "url": {"type": "string", "minLength": 1, "maxLength": 2048},
            "secret_file": {"type": "string", "format": "secret_file", "description": "what signs the requests"},
            "kinds": {"type": "array", "maxItems": 100, "default": [],
              "items": {"type": "string", "minLength": 1, "maxLength": 255}, "description": "only these; empty: all"},
            "project_id": {"type": "string", "minLength": 1, "maxLength": 255, "description": "only of this project"},
            "first_pause": {"type": "integer", "format": "duration", "minimum": 1, "maximum": 3600000, "default": "1s"},
            "longest_pause": {"type": "integer", "format": "duration", "minimum": 1, "maximum": 86400000, "default": "1m"},
            "give_up": {"type": "integer", "format": "duration", "minimum": 0, "maximum": 604800000, "default": "1h",
              "description": "what is not taken for so long becomes a dead letter"},
            "patience": {"type": "integer", "format": "duration", "minimum": 10, "maximum": 300000, "default": "10s",
              "description": "for one answer"}
          }}}
      }
    })";
}

std::vector<WebhookOptions> settings_from(json::object const& section) {
    auto const& tables = section.at("webhook").as_object();
    if (tables.size() > most_webhooks)
        throw Error(Code::invalid, fmt::format("there are {} webhooks; at most {}", tables.size(), most_webhooks));
    std::vector<WebhookOptions> out;
    for (auto const& [name, table] : tables) out.push_back(webhook_from(json::view(name), table.as_object()));
    return out;
}

} // namespace volutus::kernel::events
