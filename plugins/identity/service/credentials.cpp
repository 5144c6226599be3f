#include "credentials.hpp"

#include "documents.hpp"
#include "projects.hpp"
#include "users.hpp"

#include <volutus/formats.hpp>

namespace volutus::identity_service {

namespace {

// For whom and for which project it is to be: both must be there, and the caller must be one who may say so.
void check_owner(Request& request, Credential const& credential) {
    json::object const owner{{"user_id", credential.user_id}};
    request.enforce(request.route().policy, {{"target", {{"credential", owner}}}});
    if (!request.store().get<User>(credential.user_id)) request.missing("user", credential.user_id);
    if (credential.project_id && !request.store().get<Project>(*credential.project_id))
        request.missing("project", *credential.project_id);
    if (credential.type == "ec2" && !credential.project_id)
        throw Error(Code::invalid,
                    "'credential.project_id': expected a value; a credential of type ec2 is for a project");
}

} // namespace

// Who may not see all sees its own.
Reply list_credentials(Request& request) {
    if (request.may(request.route().policy, {})) return request.list();
    return request.list({where("user_id", json::string(request.user()))});
}

Reply create_credential(Request& request, Credential const& wanted) {
    auto credential = wanted;
    credential.id = new_plain_uuid();
    if (credential.user_id.empty()) credential.user_id = request.user();
    check_owner(request, credential);
    request.apply(put(credential));
    return request.shown(credential);
}

Reply update_credential(Request& request) {
    return retry_on_conflict([&] {
        auto credential = request.require<Credential>();
        request.change(credential);
        check_owner(request, credential);
        request.apply(put(credential));
        return request.shown(credential);
    });
}

} // namespace volutus::identity_service
