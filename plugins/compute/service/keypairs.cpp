#include "keypairs_table.hpp"

#include "numbers.hpp"
#include "ssh_key.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace volutus::compute {

Resource const& resource_of(Keypair const*) { return erased<keypairs>(); }

namespace {

constexpr std::string_view quota_resource = "key_pairs";

bool is_safe_name(std::string_view name) {
    auto safe = [](unsigned char c) { return std::isalnum(c) || c == ' ' || c == '-' || c == '_'; };
    return !name.empty() && name.front() != ' ' && name.back() != ' ' && std::all_of(name.begin(), name.end(), safe);
}

// Whose keys: the caller's own, or, from 2.10, those that an operator names.
std::string user_of(Request& request, std::optional<std::string> const& named) {
    auto const user = named && request.since("2.10") ? *named : request.user();
    request.enforce(request.route().policy, {{"user_id", json::string(user)}});
    return user;
}

Keypair require_keypair(Request& request) {
    auto const user = user_of(request, request.query("user_id"));
    auto const& name = request.parameter("keypair_name");
    auto found = find_keypair(request.store(), user, name);
    if (!found) throw Error(Code::not_found, fmt::format("Keypair {} not found for user {}", name, user));
    return *found;
}

// Names are the markers, so the page is cut here; a user has no more keys than a quota.
void cut_page(Request& request, std::vector<Keypair>& all) {
    if (!request.since("2.35")) return;
    if (auto const marker = request.query("marker")) {
        auto const at =
            std::find_if(all.begin(), all.end(), [&](Keypair const& keypair) { return keypair.name == *marker; });
        if (at == all.end()) throw Error(Code::invalid, fmt::format("marker [{}] not found", *marker));
        all.erase(all.begin(), at + 1);
    }
    if (auto const text = request.query("limit")) {
        std::size_t limit = 0;
        auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
        if (error != std::errc() || end != text->data() + text->size())
            throw Error(Code::invalid, fmt::format("Invalid input for query parameter limit: '{}'", *text));
        if (limit > 0 && limit < all.size()) all.resize(limit);
    }
}

} // namespace

json::value shown_keypair_number(Request&, Keypair const& keypair) { return number_of(keypair.id); }

std::optional<Keypair> find_keypair(Store& store, std::string const& user, std::string const& name) {
    if (name.size() > 255) return std::nullopt;
    return store.find<Keypair>(where("user_id", json::string(user)), where("name", json::string(name)));
}

Reply Keypairs::list(Request& request) {
    auto const user = user_of(request, request.query("user_id"));
    auto all = request.store().all<Keypair>(where("user_id", json::string(user)));
    std::sort(all.begin(), all.end(), [](Keypair const& a, Keypair const& b) { return a.name < b.name; });
    auto const count = all.size();
    cut_page(request, all);
    json::array rows;
    for (auto const& keypair : all) rows.push_back(json::object{{"keypair", request.view_of(keypair)}});
    json::object body{{"keypairs", std::move(rows)}};
    if (request.since("2.35") && request.query("limit") && !all.empty() && all.size() < count)
        body["keypairs_links"] =
            json::array{json::object{{"rel", "next"},
                                     {"href", request.link(fmt::format("/os-keypairs?limit={}&marker={}",
                                                                       *request.query("limit"), all.back().name))}}};
    return request.reply(std::move(body));
}

Reply Keypairs::show(Request& request) {
    auto reply = request.shown(require_keypair(request));
    auto& shown = reply.body->at("keypair").as_object();
    shown["deleted"] = false;
    for (auto const* never : {"deleted_at", "updated_at"}) shown[never] = nullptr;
    return reply;
}

Reply Keypairs::create(Request& request, NewKeypair const& wanted) {
    auto const user = user_of(request, wanted.user_id);
    if (!is_safe_name(wanted.name))
        throw Error(Code::invalid, "Keypair data is invalid: Keypair name contains unsafe characters; letters, digits, "
                                   "spaces, '-' and '_' are allowed");
    Keypair keypair;
    keypair.id = new_uuid();
    keypair.user_id = user;
    keypair.name = wanted.name;
    keypair.type = wanted.type;
    keypair.created_at = timestamp_now();
    std::string private_key;
    bool const ssh = wanted.type == "ssh";
    if (wanted.public_key) {
        keypair.public_key = *wanted.public_key;
        keypair.fingerprint =
            ssh ? fingerprint_of_ssh_key(keypair.public_key) : fingerprint_of_certificate(keypair.public_key);
    } else {
        auto made = ssh ? make_ssh_key("Generated-by-Volutus") : make_certificate(user);
        keypair.public_key = std::move(made.public_key);
        keypair.fingerprint = std::move(made.fingerprint);
        private_key = std::move(made.private_key);
    }
    auto reply = request.shown(keypair);
    if (!private_key.empty()) reply.body->at("keypair").as_object()["private_key"] = private_key;
    try {
        return request.apply_and_answer(
            put(keypair) + claim_quota("user:" + user, quota_resource, keypair.id, 1, quota_), std::move(reply));
    } catch (Error const& error) {
        if (error.code() == Code::over_quota) throw Error(Code::over_quota, "Quota exceeded, too many key pairs.");
        if (error.code() == Code::conflict)
            throw Error(Code::conflict, fmt::format("Key pair '{}' already exists.", keypair.name));
        throw;
    }
}

Reply Keypairs::remove(Request& request) {
    auto const keypair = require_keypair(request);
    request.apply(volutus::remove(keypair) + release(keypair.id));
    return request.reply();
}

} // namespace volutus::compute
