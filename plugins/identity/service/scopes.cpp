#include "scopes.hpp"

#include "projects.hpp"
#include "trusts.hpp"

namespace volutus::identity_service {

namespace {

struct ClaimedProject {
    std::optional<std::string> id, name;
    std::optional<NameOrId> domain;
};
BOOST_DESCRIBE_STRUCT(ClaimedProject, (), (id, name, domain))

template <class T> T read(json::value const& from, std::string_view key) {
    json::Path const auth{nullptr, "auth"}, scope{&auth, "scope"}, here{&scope, key};
    T out{};
    json::decode(from, out, here, json::Unknown::ignored);
    return out;
}

std::string project_meant(Request& request, ClaimedProject const& wanted, User const& user) {
    if (wanted.id) return *wanted.id;
    if (!wanted.name || !wanted.domain)
        throw Error(Code::invalid, "'auth.scope.project': expected an id, or a name and a domain");
    auto const domain = domain_id_of(request.store(), wanted.domain);
    auto const project = !domain ? std::nullopt
                                 : request.store().find<Project>(where("domain_id", json::string(*domain)),
                                                                 where("name", json::string(*wanted.name)));
    if (!project) refuse_login(request, user.id, "there is no such project");
    return project->id;
}

} // namespace

WantedScope read_scope(Request& request, json::value const& sent, User const& user) {
    WantedScope wanted;
    if (sent.is_null()) return wanted;
    wanted.said = true;
    if (sent.is_string() && json::view(sent.get_string()) == "unscoped") return wanted;
    auto const* object = sent.if_object();
    if (!object || object->size() != 1)
        throw Error(Code::invalid, "'auth.scope': expected one of project, domain, system, OS-TRUST:trust, unscoped");
    std::string_view const key = object->begin()->key();
    auto const& value = object->begin()->value();
    if (key == "unscoped") return wanted;
    if (key == "project") {
        wanted.scope = "project";
        wanted.id = project_meant(request, read<ClaimedProject>(value, key), user);
    } else if (key == "domain") {
        auto const domain = domain_id_of(request.store(), read<NameOrId>(value, key));
        if (!domain) refuse_login(request, user.id, "there is no such domain");
        wanted.scope = "domain";
        wanted.id = *domain;
    } else if (key == "system") {
        wanted.scope = "system";
    } else if (key == "OS-TRUST:trust") {
        auto const id = read<NameOrId>(value, key).id;
        auto const trust = id ? request.store().get<Trust>(*id) : std::nullopt;
        if (!trust) refuse_login(request, user.id, "there is no such trust");
        wanted.trust_id = trust->id;
        wanted.scope = trust->project_id ? "project" : "none";
        wanted.id = trust->project_id.value_or("");
    } else {
        throw Error(Code::invalid, "'auth.scope': expected one of project, domain, system, OS-TRUST:trust, unscoped");
    }
    return wanted;
}

} // namespace volutus::identity_service
