#include <kernel/events/webhooks.hpp>

#include <kernel/http/client.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::events {

namespace contract = volutus::store;

void declare_webhooks(store::Store& store) {
    contract::Kind webhook, dead_letter;
    webhook.name = webhook_kind;
    dead_letter.name = dead_letter_kind;
    dead_letter.indexes = {{"webhook"}};
    dead_letter.lists = {{"", {"webhook"}, {}}};
    store.declare("", {webhook, dead_letter});
}

Webhooks::Webhooks(store::Store& store, metrics::Metrics& metrics, Connect connect)
    : store_(store), metrics_(metrics), connect_(std::move(connect)) {}

void Webhooks::set(std::vector<WebhookOptions> const& wanted) {
    world::Lock lock(mutex_);
    auto const stays = [&](auto const& webhook) {
        return std::ranges::find(wanted, webhook->options()) != wanted.end();
    };
    // The old one of a name ends before its successor reads where it was.
    std::erase_if(webhooks_, [&](auto const& webhook) { return !stays(webhook); });
    for (auto const& options : wanted) {
        auto const runs = [&](auto const& webhook) { return webhook->options().name == options.name; };
        if (std::ranges::none_of(webhooks_, runs))
            webhooks_.push_back(std::make_unique<Webhook>(store_, metrics_, options, connect_));
    }
}

std::vector<Webhooks::State> Webhooks::states() const {
    world::Lock lock(mutex_);
    std::vector<State> out;
    for (auto const& webhook : webhooks_) {
        auto const& options = webhook->options();
        contract::Where const own{"webhook", contract::Operator::eq, json::value(options.name)};
        auto const letters = store_.count({.kind = std::string(dead_letter_kind), .where = {own}}).count;
        out.push_back({options.name, http::shown_url(options.url), webhook->status(), letters});
    }
    return out;
}

Webhooks::DeadLetters Webhooks::dead_letters(std::string const& webhook,
                                             std::optional<std::string> const& after) const {
    contract::Query query{.kind = std::string(dead_letter_kind)};
    if (after) query.where.push_back({"id", contract::Operator::gt, json::value(*after)}); // it may be gone itself
    if (!webhook.empty()) query.where.push_back({"webhook", contract::Operator::eq, json::value(webhook)});
    auto const page = store_.query(query);
    DeadLetters out{{}, page.more};
    for (auto const& found : page.documents) {
        auto const& body = found.body;
        out.letters.push_back({found.id, json::text(body.at("webhook")), body.at("revision").to_number<std::uint64_t>(),
                               body.at("events").as_array().size(), body.at("tries").to_number<std::uint64_t>(),
                               json::text(body.at("error")), body.at("at").to_number<std::int64_t>()});
    }
    return out;
}

std::optional<WebhookOptions> Webhooks::options_of(std::string const& name) const {
    world::Lock lock(mutex_);
    for (auto const& webhook : webhooks_)
        if (webhook->options().name == name) return webhook->options();
    return {};
}

contract::Document Webhooks::letter(std::string const& id) const {
    if (auto found = store_.get({std::string(dead_letter_kind), id, 0})) return std::move(*found);
    throw Error(Code::not_found, fmt::format("there is no dead letter '{:.255}'", id));
}

void Webhooks::deliver(std::string const& id, plugin::Cancellation& cancelled) {
    auto const kept = letter(id);
    auto const name = json::text(kept.body.at("webhook"));
    auto const options = options_of(name);
    if (!options)
        throw Error(Code::conflict, fmt::format("conf.d has no webhook '{}' to deliver {} to; bring it back, or drop "
                                                "the letter",
                                                name, id));
    std::vector<std::string> events;
    for (auto const& event : kept.body.at("events").as_array()) events.push_back(json::print(event));
    auto const body = body_of(name, kept.body.at("revision").to_number<std::uint64_t>(), events);
    auto const now = std::chrono::floor<std::chrono::seconds>(world::wall_now()).time_since_epoch().count();
    auto const status = connect_(*options, cancelled)(headers_of(*options, body, now), body);
    if (status < 200 || status > 299)
        throw Error(Code::unavailable, fmt::format("{} was not taken: the receiver answered {}", id, status));
    forget(id);
}

void Webhooks::drop(std::string const& id) { forget(letter(id).id); }

void Webhooks::forget(std::string const& id) { store_.apply("", {.remove = {{std::string(dead_letter_kind), id}}}); }

} // namespace volutus::kernel::events
