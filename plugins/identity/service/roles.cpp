#include "roles.hpp"

#include "changes.hpp"
#include "documents.hpp"
#include "erasure.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::identity_service {

namespace {

json::object short_view(Request& request, Role const& role) {
    return {{"id", role.id}, {"name", role.name}, {"links", self_link(request, role)}};
}

Role found(Request& request, std::string const& id) {
    auto role = request.store().get<Role>(id);
    if (!role) request.missing("role", id);
    return std::move(*role);
}

ImpliedRole implication_of(Request& request) {
    ImpliedRole wanted;
    wanted.prior_role_id = found(request, request.parameter("prior_role_id")).id;
    wanted.implied_role_id = found(request, request.parameter("implied_role_id")).id;
    wanted.id = wanted.prior_role_id + "/" + wanted.implied_role_id;
    return wanted;
}

ImpliedRole require_implication(Request& request) {
    auto const wanted = implication_of(request);
    auto there = request.store().get<ImpliedRole>(wanted.id);
    if (!there)
        throw Error(Code::not_found,
                    fmt::format("{} does not imply {}.", wanted.prior_role_id, wanted.implied_role_id));
    return std::move(*there);
}

json::object inference(Request& request, Role const& prior, Role const& implied) {
    return {{"prior_role", short_view(request, prior)}, {"implies", short_view(request, implied)}};
}

} // namespace

Implications::Implications(Store& store) {
    for (auto& row : store.all<ImpliedRole>()) implied_[row.prior_role_id].push_back(std::move(row.implied_role_id));
}

std::set<std::string> Implications::of(std::string const& role) const {
    std::set<std::string> all{role};
    for (std::vector<std::string> left{role}; !left.empty();) {
        auto const next = implied_.find(left.back());
        left.pop_back();
        if (next == implied_.end()) continue;
        for (auto const& implied : next->second)
            if (all.insert(implied).second) left.push_back(implied);
    }
    return all;
}

std::vector<RoleRef> expanded(Store& store, std::set<std::string> const& roles) {
    Implications const implications(store);
    std::set<std::string> all;
    for (auto const& role : roles) all.merge(implications.of(role));
    std::vector<RoleRef> out;
    for (auto const& id : all)
        if (auto const role = store.get<Role>(id); role && role->domain_id.empty())
            out.push_back({role->id, role->name});
    std::sort(out.begin(), out.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
    return out;
}

Reply list_roles(Request& request) {
    if (request.query("domain_id")) return request.list();
    return request.list({where("domain_id", json::string())});
}

Reply create_role(Request& request, Role const& wanted) {
    auto role = wanted;
    role.id = new_plain_uuid();
    if (!role.domain_id.empty()) role.domain_id = domain_for(request, role.domain_id);
    store_named(request, role);
    return request.shown(role);
}

Reply update_role(Request& request) {
    return retry_on_conflict([&] {
        auto role = request.require<Role>();
        refuse_if_immutable(request, "role", role.id, role.options);
        request.change(role);
        store_named(request, role, changed({subject("role", role.id)}));
        return request.shown(role);
    });
}

Reply remove_role(Request& request) {
    auto const role = request.require<Role>();
    refuse_if_immutable(request, "role", role.id, role.options);
    Erasure(request.host(), request.call()).erase(role);
    return request.reply();
}

Reply list_implied(Request& request) {
    auto const prior = found(request, request.parameter("prior_role_id"));
    json::array implies;
    for (auto const& row : request.store().all<ImpliedRole>(where("prior_role_id", json::string(prior.id))))
        implies.push_back(short_view(request, found(request, row.implied_role_id)));
    json::object inferences{{"prior_role", short_view(request, prior)}, {"implies", std::move(implies)}};
    return request.reply(json::object{{"role_inference", std::move(inferences)},
                                      {"links", {{"self", request.http().base + request.http().path}}}});
}

Reply imply(Request& request) {
    auto const wanted = implication_of(request);
    auto const prior = found(request, wanted.prior_role_id), implied = found(request, wanted.implied_role_id);
    if (Implications(request.store()).of(implied.id).count(prior.id))
        throw Error(Code::forbidden,
                    fmt::format("{} cannot be an implied role of {}: it implies it itself.", implied.name, prior.name));
    if (!request.store().get<ImpliedRole>(wanted.id)) request.apply(put(wanted) + changed({subject("role", prior.id)}));
    return request.reply(json::object{{"role_inference", inference(request, prior, implied)},
                                      {"links", {{"self", request.http().base + request.http().path}}}});
}

Reply show_implied(Request& request) {
    auto const there = require_implication(request);
    if (request.http().method == "HEAD") return Reply(204);
    auto const prior = found(request, there.prior_role_id), implied = found(request, there.implied_role_id);
    return request.reply(json::object{{"role_inference", inference(request, prior, implied)},
                                      {"links", {{"self", request.http().base + request.http().path}}}});
}

Reply stop_implying(Request& request) {
    auto const there = require_implication(request);
    request.apply(remove(there) + changed({subject("role", there.prior_role_id)}));
    return request.reply();
}

Reply list_inferences(Request& request) {
    std::map<std::string, json::array> implied;
    for (auto const& row : request.store().all<ImpliedRole>())
        implied[row.prior_role_id].push_back(short_view(request, found(request, row.implied_role_id)));
    json::array inferences;
    for (auto& [prior, implies] : implied)
        inferences.push_back(
            json::object{{"prior_role", short_view(request, found(request, prior))}, {"implies", std::move(implies)}});
    return request.reply(json::object{{"role_inferences", std::move(inferences)},
                                      {"links", {{"self", request.http().base + request.http().path}}}});
}

} // namespace volutus::identity_service
