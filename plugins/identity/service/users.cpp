#include "users.hpp"

#include "changes.hpp"
#include "documents.hpp"
#include "domains.hpp"
#include "erasure.hpp"
#include "grants.hpp"
#include "groups.hpp"
#include "passwords.hpp"
#include "projects.hpp"

#include <volutus/formats.hpp>

namespace volutus::identity_service {

namespace {

struct PasswordChange {
    std::string password, original_password;
};
BOOST_DESCRIBE_STRUCT(PasswordChange, (), (password, original_password))

struct PasswordBody {
    PasswordChange user;
};
BOOST_DESCRIBE_STRUCT(PasswordBody, (), (user))

} // namespace

// A token of a domain lists that domain's.
Reply list_users(Request& request) {
    std::vector<store::Where> more;
    auto const& caller = request.caller();
    if (caller.domain && !caller.is_admin) more.push_back(where("domain_id", json::string(caller.domain->id)));
    return request.list(std::move(more));
}

Reply create_user(Request& request, User const& wanted) {
    auto user = wanted;
    user.id = new_plain_uuid();
    user.domain_id = domain_for(request, wanted.domain_id);
    if (user.password) user.password = password_hash(request.host(), request.call(), *user.password);
    store_named(request, user);
    return request.shown(user);
}

Reply update_user(Request& request) {
    return retry_on_conflict([&] {
        auto user = request.require<User>();
        refuse_if_immutable(request, "user", user.id, user.options);
        bool const was_enabled = user.enabled;
        auto const hash = user.password;
        request.change(user);
        bool const new_password = request.body().contains("password") && user.password;
        user.password = new_password ? password_hash(request.host(), request.call(), *user.password) : hash;
        if (new_password || (was_enabled && !user.enabled)) user.tokens_from = now_micros();
        store_named(request, user, changed({subject("user", user.id)}));
        return request.shown(user);
    });
}

Reply remove_user(Request& request) {
    auto const user = request.require<User>();
    refuse_if_immutable(request, "user", user.id, user.options);
    Erasure(request.host(), request.call()).erase(user);
    return request.reply();
}

Reply change_password(Request& request) {
    PasswordBody body;
    json::decode(request.document(), body, json::Path{}, json::Unknown::ignored);
    auto const& wanted = body.user;
    return retry_on_conflict([&] {
        auto user = request.store().get<User>(request.parameter("user_id"));
        if (!password_matches(request.host(), request.call(), user, wanted.original_password) || !user->enabled)
            throw Error(Code::unauthenticated, "The request you have made requires authentication.");
        user = request.store().require<User>(user->id); // a hash that was renewed on the way is another revision
        user->password = password_hash(request.host(), request.call(), wanted.password);
        user->tokens_from = now_micros();
        request.apply(put(*user) + changed({subject("user", user->id)}));
        return request.reply();
    });
}

Reply list_projects_of_user(Request& request) {
    auto const user = request.require<User>(request.parameter("user_id"));
    json::array items;
    for (auto const& project : projects_of(request.store(), user.id)) items.push_back(request.view_of(project));
    return collection(request, "projects", std::move(items));
}

Reply list_groups_of_user(Request& request) {
    auto const user = request.require<User>(request.parameter("user_id"));
    json::array items;
    for (auto const& membership : request.store().all<Membership>(where("user_id", json::string(user.id))))
        if (auto const group = request.store().get<Group>(membership.group_id))
            items.push_back(request.view_of(*group));
    return collection(request, "groups", std::move(items));
}

} // namespace volutus::identity_service
