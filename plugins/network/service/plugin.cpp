#include "availability_table.hpp"
#include "discovery_table.hpp"
#include "floating_ips_table.hpp"
#include "network_service.hpp"
#include "networks_table.hpp"
#include "ports_table.hpp"
#include "quotas_table.hpp"
#include "refusal.hpp"
#include "routers_table.hpp"
#include "security_groups_table.hpp"
#include "subnet_pools_table.hpp"
#include "subnets_table.hpp"
#include "work_tables.hpp"

namespace volutus::network_service {

Resource const& resource_of(Network const*) { return erased<networks>(); }
Resource const& resource_of(Subnet const*) { return erased<subnets>(); }
Resource const& resource_of(SubnetPool const*) { return erased<subnet_pools>(); }
Resource const& resource_of(Port const*) { return erased<ports>(); }
Resource const& resource_of(Router const*) { return erased<routers>(); }
Resource const& resource_of(FloatingIp const*) { return erased<floating_ips>(); }
Resource const& resource_of(SecurityGroup const*) { return erased<security_groups>(); }
Resource const& resource_of(SecurityGroupRule const*) { return erased<security_group_rules>(); }
Resource const& resource_of(Quota const*) { return erased<quotas>(); }
Resource const& resource_of(Availability const*) { return erased<availabilities>(); }
Resource const& resource_of(ApiVersion const*) { return erased<api_versions>(); }
Resource const& resource_of(Extension const*) { return erased<extensions>(); }
Resource const& resource_of(Zone const*) { return erased<zones>(); }
Resource const& resource_of(Due const*) { return erased<dues>(); }
Resource const& resource_of(Lane const*) { return erased<lanes>(); }
Resource const& resource_of(Kept const*) { return erased<kept>(); }

constexpr auto limit_rows =
    rows(field<&Limits::network>("network", at_least(-1), fallback("100")),
         field<&Limits::subnet>("subnet", at_least(-1), fallback("100")),
         field<&Limits::port>("port", at_least(-1), fallback("500")),
         field<&Limits::router>("router", at_least(-1), fallback("10")),
         field<&Limits::floatingip>("floatingip", at_least(-1), fallback("50")),
         field<&Limits::security_group>("security_group", at_least(-1), fallback("10")),
         field<&Limits::security_group_rule>("security_group_rule", at_least(-1), fallback("100")),
         field<&Limits::subnetpool>("subnetpool", at_least(-1), fallback("-1")));
constexpr Fields rows_of(Limits const*) { return fields_of(limit_rows); }

constexpr auto settings_rows = rows(
    field<&Settings::limits>("quota", help("limits of projects that have none of their own; -1 = unlimited")),
    field<&Settings::availability_zone>("availability_zone", min_length(1), max_length(255), fallback("\"nova\"")),
    field<&Settings::tenant_network_type>("tenant_network_type", one_of("local", "vxlan"), fallback("\"local\""),
                                          help("of networks that name none")),
    field<&Settings::mtu>("mtu", at_least(576), at_most(65535), fallback("1500"), help("of networks that name none")),
    field<&Settings::attach_patience_ms>(
        "attach_patience_ms", at_least(0), at_most(60000), fallback("2000"),
        help("how long the binding of a server's ports waits for the driver at a time")));

constexpr ServiceTraits network_traits{.name = "network",
                                       .type = "network",
                                       .prefixes = {"/v2.0"},
                                       .errors = error_form,
                                       .error_key = "NeutronError",
                                       .statuses = {{{Code::over_quota, 409}, {Code::too_large, 400}}},
                                       .refused = "rule:{rule} is disallowed by policy",
                                       .unknown_marker = Code::not_found,
                                       .pages = Pages::key_links_both,
                                       .whole_lists = true,
                                       .lenient = true};

constexpr auto plugin_manifest =
    manifest("network_service", "0.1.0", vendor("Volutus"), licence("Apache-2.0"),
             description("networks, subnets, ports, routers, floating IPs and security groups"), profile("pure"),
             provides(service::contract, tasks::contract, prover::contract, volutus::ports::contract),
             needs("volutus.store/1", "volutus.network/1"), settings(settings_rows), runs(realise_task),
             serves(network_traits, networks, subnets, subnet_pools, ports, routers, floating_ips, security_groups,
                    security_group_rules, quotas, availabilities, extensions, zones, api_versions, dues, lanes, kept),
             links("in-process", "process"));

NetworkService::NetworkService(Host host)
    : ServicePlugin(host, network_traits), groups_(settings_), networks_(settings_, groups_), subnets_(settings_),
      pools_(settings_), ports_(settings_, groups_), routers_(settings_), ips_(settings_), quotas_(settings_),
      discovery_(settings_), realiser_(host), steps_(realiser_), nics_(host, settings_, groups_), prover_(host) {
    serve<networks>(networks_);
    serve<subnets>(subnets_);
    serve<subnet_pools>(pools_);
    serve<ports>(ports_);
    serve<routers>(routers_);
    serve<floating_ips>(ips_);
    serve<security_groups>(groups_);
    serve<security_group_rules>(groups_);
    serve<quotas>(quotas_);
    serve<availabilities>(availabilities_);
    serve<extensions>(discovery_);
    serve<zones>(discovery_);
    serve<api_versions>(discovery_);
    steps_.add(realise_task);
    provide<tasks::contract>(steps_);
    provide<prover::contract>(prover_);
    provide<volutus::ports::contract>(nics_);
}

void NetworkService::configure(Call&, json::object const& config) {
    decode(fields_of(settings_rows), config, &settings_, {});
}

} // namespace volutus::network_service

VOLUTUS_PLUGIN(volutus::network_service::plugin_manifest, volutus::network_service::NetworkService)
