#include "create_key.hpp"

#include <volutus/resource.hpp>

#include <sodium.h>

#include <array>
#include <chrono>

namespace volutus {

namespace {

constexpr auto lifetime = std::chrono::hours(24);
constexpr std::size_t longest_key = 255;
constexpr std::size_t largest_answer = 512u << 10; // of its JSON; a larger one is not kept
constexpr std::uint32_t old_at_once = 8;
constexpr auto base64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

[[noreturn]] void refuse_while_in_use() {
    throw Error(Code::conflict,
                "A request with this Idempotency-Key is being worked on; send it again when it has ended.",
                R"({"type":"IdempotencyKeyInUse"})");
}

unsigned char const* bytes(std::string_view text) { return reinterpret_cast<unsigned char const*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::int64_t micros_now() { return world::wall_now().time_since_epoch().count(); }

std::string text_of(std::string_view raw) {
    std::string out(sodium_base64_ENCODED_LEN(raw.size(), base64), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes(raw), raw.size(), base64);
    out.pop_back(); // the terminator
    return out;
}

std::optional<std::string> raw_of(std::string_view text) {
    std::string out(text.size(), '\0');
    std::size_t size = 0;
    char const* end = nullptr;
    if (sodium_base642bin(bytes(out), out.size(), text.data(), text.size(), nullptr, &size, &end, base64) != 0 ||
        end != text.data() + text.size())
        return std::nullopt;
    out.resize(size);
    return out;
}

// BLAKE2b of several texts, each with its length before it, so that no two lists give the same bytes.
std::string digest(std::initializer_list<std::string_view> texts) {
    crypto_generichash_state state;
    std::string out(crypto_generichash_BYTES, '\0');
    crypto_generichash_init(&state, nullptr, 0, out.size());
    for (auto text : texts) {
        auto const size = std::to_string(text.size()) + ":";
        crypto_generichash_update(&state, bytes(size), size.size());
        crypto_generichash_update(&state, bytes(text), text.size());
    }
    crypto_generichash_final(&state, bytes(out), out.size());
    return out;
}

std::string scope_of(Context const& caller) {
    if (caller.project) return "project " + caller.project->id;
    if (caller.domain) return "domain " + caller.domain->id;
    return caller.system ? "system" : "none";
}

std::string query_of(service::HttpRequest const& http) {
    json::array pairs;
    for (auto const& pair : http.query) pairs.push_back(json::array{json::string(pair.name), json::string(pair.value)});
    return json::print(json::value(std::move(pairs)));
}

// What a reply is kept as; its version and request id are those of the request that it answers.
struct KeptReply {
    std::uint32_t status = 0;
    std::vector<service::Pair> headers;
    std::optional<json::value> body;
    std::string text;
};
BOOST_DESCRIBE_STRUCT(KeptReply, (), (status, headers, body, text))

json::value const* member(store::Document const& document, std::string_view name) {
    return document.body.if_contains(name);
}

std::string text_in(store::Document const& document, std::string_view name) {
    auto const* value = member(document, name);
    return value && value->is_string() ? json::text(*value) : std::string();
}

bool is_over(store::Document const& document) {
    auto const* until = member(document, "expires_at");
    return !until || !until->is_int64() || until->get_int64() <= micros_now();
}

} // namespace

// ---- keys that run ----

bool RunningKeys::enter(std::string const& id) {
    world::Lock const lock(mutex_);
    return running_.insert(id).second;
}

void RunningKeys::leave(std::string const& id, std::uint64_t revision) {
    world::Lock const lock(mutex_);
    running_.erase(id);
    seen_ = std::max(seen_, revision);
}

std::uint64_t RunningKeys::seen() const {
    world::Lock const lock(mutex_);
    return seen_;
}

// ---- one create ----

std::string CreateKey::of(Request const& request) {
    if (!request.route().takes_key() || !request.caller().user) return {};
    std::optional<std::string> key;
    for (auto const& pair : request.http().headers) {
        if (pair.name != "idempotency-key") continue;
        if (key) throw Error(Code::invalid, "The header Idempotency-Key comes twice; send one key.");
        key = pair.value;
    }
    if (!key) return {};
    // The draft's form is a quoted string; most clients send the bare key. Both mean the same.
    if (key->size() >= 2 && key->front() == '"' && key->back() == '"') key = key->substr(1, key->size() - 2);
    bool visible = !key->empty() && key->size() <= longest_key;
    for (char c : *key) visible = visible && c > ' ' && c <= '~';
    if (!visible)
        throw Error(Code::invalid,
                    "The header Idempotency-Key holds 1 to 255 visible ASCII characters; a random UUID is a good key.");
    return *key;
}

CreateKey::CreateKey(Request& request, RunningKeys& running, std::string const& key)
    : request_(request), running_(running), store_(request.host()),
      kind_(std::string(request.traits().name) + ".create_key") {
    if (sodium_init() < 0) throw Error(Code::internal, "libsodium cannot be initialised");
    auto const& http = request.http();
    auto const scope = scope_of(request.caller());
    id_ = text_of(digest({"id", scope, request.user(), http.route, key}));
    secret_ = digest({"seal", scope, request.user(), http.route, key});
    fingerprint_ = text_of(digest({"request", secret_, http.path, query_of(http), to_string(request.version()),
                                   json::print(request.document())}));
    if (!running_.enter(id_)) refuse_while_in_use();
    try {
        before_ = read();
    } catch (...) {
        running_.leave(id_, 0);
        throw;
    }
    if (!before_) return;
    revision_ = before_->revision;
    if (is_over(*before_)) before_.reset();
    another_ = before_ && text_in(*before_, "fingerprint") != fingerprint_;
}

CreateKey::~CreateKey() {
    sodium_memzero(secret_.data(), secret_.size());
    running_.leave(id_, revision_.value_or(0));
}

std::optional<store::Document> CreateKey::read() {
    return store_.call<&store::Store::get>(request_.call(), store::Get{kind_, id_, running_.seen()});
}

std::optional<Reply> CreateKey::first_answer() {
    if (!before_) return std::nullopt;
    auto reply = opened(text_in(*before_, "answer"));
    if (!reply) reply = shown_again();
    reply->header("Idempotent-Replayed", "true");
    return reply;
}

// The answer was lost with the process that would have given it, or was too large to be kept.
Reply CreateKey::shown_again() {
    auto const& resource = request_.resource();
    json::array shown;
    std::shared_ptr<void> first;
    if (auto const* made = member(*before_, "made"); made && made->is_array())
        for (auto const& id : made->get_array()) {
            auto document = request_.store().get_document(resource, json::text(id));
            if (!document) continue;
            auto object = resource.make();
            read_stored(resource, std::move(*document), object.get());
            shown.push_back(request_.view_object(resource, object.get()));
            if (!first) first = std::move(object);
        }
    if (!first)
        throw Error(Code::conflict,
                    "The first request with this Idempotency-Key did its work, but what it made is gone "
                    "and so is its answer; send the request with a new key.",
                    R"({"type":"IdempotencyKeyUsed"})");
    if (request_.route().is_bulk && request_.has_many()) return request_.shown_items(std::move(shown));
    return request_.shown_object(resource, first.get());
}

void CreateKey::will_answer(Reply const& reply) { answer_ = sealed(reply); }

void CreateKey::keep(Reply const& reply) {
    if (reply.streamed || (reply.status >= 400 && !landed_)) return;
    try {
        bool const is_kept = landed_ && !answer_.empty();
        if (!is_kept) answer_ = sealed(reply);
        if (!is_kept && !answer_.empty())
            write(expect(kind_, id_, revision_));
        else if (auto const old = forget_old(); !old.apply.remove.empty())
            store_.call<&store::Store::apply>(request_.call(), old.apply);
    } catch (std::exception const& error) {
        request_.host().log(Level::warning, "the answer to a create with an Idempotency-Key was not kept",
                            {{"request_id", request_.request_id()}, {"why", error.what()}});
    }
}

// The answer, and away with a few old ones in the same apply. Another may be taking the same ones away, or begin one of
// them anew: then the answer goes alone.
void CreateKey::write(Writes writes) {
    writes.apply.put.push_back(document());
    auto together = writes;
    together += forget_old();
    auto apply = [&](Writes const& all) {
        revision_ = store_.call<&store::Store::apply>(request_.call(), all.apply).revision;
    };
    if (together.apply.remove.empty()) return apply(writes);
    try {
        apply(together);
    } catch (Error const& error) {
        if (error.code() != Code::precondition) throw;
        apply(writes);
    }
}

Writes CreateKey::forget_old() {
    store::Query query;
    query.kind = kind_;
    query.where = {where("expires_at", store::Operator::lt, micros_now())};
    query.sort = {{"expires_at", false}};
    query.limit = old_at_once;
    Writes writes;
    for (auto const& old : store_.call<&store::Store::query>(request_.call(), query).documents) {
        if (old.id == id_) continue;
        writes += expect(kind_, old.id, old.revision);
        writes.apply.remove.push_back({kind_, old.id});
    }
    return writes;
}

// ---- with the apply that makes the thing ----

void CreateKey::board(store::Apply& apply) {
    if (landed_) return;
    check_race();
    auto const kind = request_.resource().kind_name;
    bool ours = kind.empty();
    made_.clear();
    for (auto const& put : apply.put) {
        if (put.kind != kind) continue;
        ours = true;
        made_.push_back(put.id);
    }
    boarded_ = ours;
    if (!ours) return;
    apply.expect.push_back({kind_, id_, revision_});
    apply.put.push_back(document());
}

void CreateKey::landed(store::Applied const& applied) {
    if (!std::exchange(boarded_, false)) return;
    landed_ = true;
    revision_ = applied.revision;
}

// Whether it was our document that was not as expected: a process beside this one had the same key.
void CreateKey::refused(Error const& error) {
    if (!std::exchange(boarded_, false) || error.code() != Code::precondition) return;
    auto const now = read();
    lost_ = revision_ ? !now || now->revision != *revision_ : now.has_value();
}

void CreateKey::check_race() const {
    if (lost_) refuse_while_in_use();
}

store::Put CreateKey::document() const {
    json::array made;
    for (auto const& id : made_) made.push_back(json::string(id));
    json::object body{{"fingerprint", json::string(fingerprint_)},
                      {"made", std::move(made)},
                      {"expires_at", micros_now() + std::chrono::microseconds(lifetime).count()}};
    if (!answer_.empty()) body.emplace("answer", json::string(answer_));
    return {kind_, id_, std::move(body)};
}

// ---- the seal: base64 of a nonce and XChaCha20-Poly1305 of the reply, for this document alone ----

std::string CreateKey::sealed(Reply const& reply) const {
    KeptReply const kept{reply.status, reply.headers, reply.body, reply.text};
    auto const plain = json::print(kept);
    if (plain.size() > largest_answer) return {};
    constexpr std::size_t nonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    std::string out(nonce + plain.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
    world::random_bytes(out.data(), nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(out) + nonce, nullptr, bytes(plain), plain.size(), bytes(id_),
                                               id_.size(), nullptr, bytes(out), bytes(secret_));
    return text_of(out);
}

std::optional<Reply> CreateKey::opened(std::string_view text) const {
    constexpr std::size_t nonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    constexpr std::size_t tag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
    auto const raw = raw_of(text);
    if (!raw || raw->size() < nonce + tag) return std::nullopt;
    std::string plain(raw->size() - nonce - tag, '\0');
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes(plain), nullptr, nullptr, bytes(*raw) + nonce,
                                                   raw->size() - nonce, bytes(id_), id_.size(), bytes(*raw),
                                                   bytes(secret_)) != 0)
        return std::nullopt;
    auto kept = json::decode<KeptReply>(json::parse(plain));
    Reply reply(kept.status);
    reply.headers = std::move(kept.headers);
    reply.body = std::move(kept.body);
    reply.text = std::move(kept.text);
    return reply;
}

} // namespace volutus
