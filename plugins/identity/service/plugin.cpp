#include "assignments_table.hpp"
#include "bootstrap.hpp"
#include "catalog_tables.hpp"
#include "credentials_tables.hpp"
#include "domains_table.hpp"
#include "groups_table.hpp"
#include "identity_service.hpp"
#include "projects_table.hpp"
#include "roles_table.hpp"
#include "tokens_table.hpp"
#include "trusts_table.hpp"
#include "users_table.hpp"
#include "versions.hpp"

#include <volutus/contract/tokens.hpp>
#include <volutus/formats.hpp>

namespace volutus::identity_service {

Resource const& resource_of(Domain const*) { return erased<domains>(); }
Resource const& resource_of(Project const*) { return erased<projects>(); }
Resource const& resource_of(User const*) { return erased<users>(); }
Resource const& resource_of(Group const*) { return erased<groups>(); }
Resource const& resource_of(Membership const*) { return erased<memberships>(); }
Resource const& resource_of(Role const*) { return erased<roles>(); }
Resource const& resource_of(ImpliedRole const*) { return erased<implied_roles>(); }
Resource const& resource_of(Assignment const*) { return erased<assignments>(); }
Resource const& resource_of(Region const*) { return erased<regions>(); }
Resource const& resource_of(Service const*) { return erased<services>(); }
Resource const& resource_of(Endpoint const*) { return erased<endpoints>(); }
Resource const& resource_of(Credential const*) { return erased<credentials>(); }
Resource const& resource_of(PolicyBlob const*) { return erased<policies>(); }
Resource const& resource_of(Trust const*) { return erased<trusts>(); }
Resource const& resource_of(RevokedToken const*) { return erased<revoked_tokens>(); }

constexpr auto settings_rows =
    rows(field<&Settings::public_url>("public_url", fallback("\"\""),
                                      help("the cloud's address in the catalog; empty: that of each request")),
         field<&Settings::region>("region", min_length(1), max_length(255), fallback("\"RegionOne\""),
                                  help("of the endpoints that are made for what is loaded")),
         field<&Settings::admin_password_file>("admin_password_file", required_field, min_length(1),
                                               help("password of the first administrator; made when it is missing")));

constexpr ServiceTraits identity_traits{
    .name = "identity",
    .type = "identity",
    .prefixes = {"/v3"},
    .endpoint = "/v3",
    .description = "Users, projects, roles and tokens",
    .errors = errors::titled,
    .missing = "Could not find {noun}: {id}.",
    .refused = "You are not authorized to perform the requested action: {rule}.",
    .hides_as = Code::forbidden,
    .pages = Pages::links,
    .whole_lists = true,
    .ignores_unknown_keys = true,
    .selects_fields = false,
    .plain_ids = true,
    .reads_need = checks::admin_or_system_reader,
    .writes_need = checks::admin,
};

constexpr auto plugin_manifest = volutus::manifest(
    "identity_service", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
    description("who is who: users, projects, roles, tokens and the catalog"), profile("pure"),
    provides(service::contract, auth::contract), needs("volutus.store/1", "volutus.tokens/1", "volutus.cloud/1"),
    settings(settings_rows),
    serves(identity_traits, versions, revoked_tokens, domains, projects, users, groups, memberships, roles,
           implied_roles, assignments, regions, services, endpoints, credentials, policies, trusts),
    links("in-process"));

IdentityService::IdentityService(Host host)
    : ServicePlugin(host, identity_traits), contexts_(host), catalog_(host), tokens_(contexts_, catalog_) {
    serve<versions>(*this);
    serve<revoked_tokens>(tokens_);
    serve<domains>(*this);
    serve<projects>(*this);
    serve<users>(*this);
    serve<groups>(*this);
    serve<memberships>(*this);
    serve<roles>(*this);
    serve<implied_roles>(*this);
    serve<assignments>(*this);
    serve<regions>(catalog_);
    serve<services>(catalog_);
    serve<endpoints>(catalog_);
    serve<credentials>(*this);
    serve<policies>(*this);
    serve<trusts>(*this);
    provide<auth::contract>(contexts_);
}

void IdentityService::configure(Call&, json::object const& config) {
    decode(fields_of(settings_rows), config, &settings_, {});
    auto& url = settings_.public_url;
    if (!url.empty() && !is_url(url))
        throw Error(Code::invalid, "public_url: expected an address such as https://cloud.example.org");
    while (!url.empty() && url.back() == '/') url.pop_back();
    catalog_.configure(settings_);
}

void IdentityService::start(Call& call) {
    bootstrap(host(), call, settings_);
    catalog_.add_loaded(call);
}

} // namespace volutus::identity_service

VOLUTUS_PLUGIN(volutus::identity_service::plugin_manifest, volutus::identity_service::IdentityService)
