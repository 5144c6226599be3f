#include "groups.hpp"

#include "changes.hpp"
#include "documents.hpp"
#include "erasure.hpp"
#include "users.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

namespace volutus::identity_service {

namespace {

Membership membership_of(Request& request) {
    Membership wanted;
    wanted.group_id = request.parameter("group_id");
    wanted.user_id = request.parameter("user_id");
    wanted.id = wanted.group_id + "/" + wanted.user_id;
    return wanted;
}

Membership require_membership(Request& request) {
    auto const wanted = membership_of(request);
    auto found = request.store().get<Membership>(wanted.id);
    if (!found)
        throw Error(Code::not_found,
                    fmt::format("Could not find user {} in group {}.", wanted.user_id, wanted.group_id));
    return std::move(*found);
}

} // namespace

std::vector<std::string> groups_of(Store& store, std::string const& user) {
    std::vector<std::string> groups;
    for (auto& row : store.all<Membership>(where("user_id", json::string(user)))) groups.push_back(row.group_id);
    return groups;
}

std::vector<std::string> users_of(Store& store, std::string const& group) {
    std::vector<std::string> users;
    for (auto& row : store.all<Membership>(where("group_id", json::string(group)))) users.push_back(row.user_id);
    return users;
}

Reply create_group(Request& request, Group const& wanted) {
    auto group = wanted;
    group.id = new_plain_uuid();
    group.domain_id = domain_for(request, wanted.domain_id);
    store_named(request, group);
    return request.shown(group);
}

Reply update_group(Request& request) {
    return retry_on_conflict([&] {
        auto group = request.require<Group>();
        request.change(group);
        store_named(request, group);
        return request.shown(group);
    });
}

Reply remove_group(Request& request) {
    Erasure(request.host(), request.call()).erase(request.require<Group>());
    return request.reply();
}

Reply list_group_users(Request& request) {
    auto const group = request.require<Group>(request.parameter("group_id"));
    json::array items;
    for (auto const& id : users_of(request.store(), group.id))
        if (auto const user = request.store().get<User>(id)) items.push_back(request.view_of(*user));
    return collection(request, "users", std::move(items));
}

Reply add_group_user(Request& request) {
    auto const wanted = membership_of(request);
    if (!request.store().get<Group>(wanted.group_id)) request.missing("group", wanted.group_id);
    if (!request.store().get<User>(wanted.user_id)) request.missing("user", wanted.user_id);
    if (!request.store().get<Membership>(wanted.id))
        request.apply(put(wanted) + changed({subject("user", wanted.user_id)}));
    return request.reply();
}

Reply check_group_user(Request& request) {
    require_membership(request);
    return request.reply();
}

Reply remove_group_user(Request& request) {
    auto const membership = require_membership(request);
    request.apply(remove(membership) + changed({subject("user", membership.user_id)}));
    return request.reply();
}

} // namespace volutus::identity_service
