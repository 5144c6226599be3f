#include "compute_service.hpp"

#include "consoles_table.hpp"
#include "extensions_table.hpp"
#include "flavors_table.hpp"
#include "hosts_table.hpp"
#include "keypairs_table.hpp"
#include "quotas_table.hpp"
#include "server_table.hpp"
#include "versions_table.hpp"

namespace volutus::compute {

constexpr ServiceTraits compute_traits{
    .name = "compute",
    .type = "compute",
    .prefixes = {"/v2.1", "/v2.1/{project_id}"},
    .endpoint = "/v2.1",
    .description = "Servers",
    .versions = {"compute", "X-OpenStack-Nova-API-Version", lowest_version, newest_version},
    .errors = errors::fault,
    .error_key = "computeFault",
    .statuses = {{{Code::over_quota, 403}}},
    .missing = "{Noun} {id} could not be found.",
    .pages = Pages::key_links,
    .whole_lists = false,
    .lenient = true,
    .selects_fields = false,
    .request_id_header = "x-compute-request-id"};

constexpr auto plugin_manifest = volutus::manifest(
    "compute_service", "0.1.0", vendor("Volutus"), licence("Apache-2.0"), description("servers, flavors and key pairs"),
    profile("pure"), provides(service::contract, tasks::contract, prover::contract, metadata::contract),
    needs("volutus.store/1", "volutus.cloud/1", "volutus.scheduler/1", "volutus.placement/1"),
    wants("volutus.hypervisor/1", "volutus.images/1", "volutus.ports/1"), settings(settings_rows),
    runs(create_server, delete_server, start_server, stop_server, reboot_server, reset_server, pause_server,
         unpause_server),
    serves(compute_traits, versions, flavors, keypairs, servers, hosts, quota_sets, consoles, extensions),
    links("in-process", "process"));

ComputeService::ComputeService(Host host)
    : ServicePlugin(host, compute_traits), servers_(host), tasks_(host), hosts_(host), consoles_(host), steps_(tasks_),
      prover_(host), metadata_(host), watcher_(host, hosts_) {
    serve<versions>(*this);
    serve<flavors>(*this);
    serve<keypairs>(keypairs_);
    serve<compute::servers>(servers_);
    serve<compute::hosts>(hosts_);
    serve<quota_sets>(quotas_);
    serve<compute::consoles>(consoles_);
    serve<extensions>(*this);
    steps_.add(create_server);
    steps_.add(delete_server);
    steps_.add(start_server);
    steps_.add(stop_server);
    steps_.add(reboot_server);
    steps_.add(reset_server);
    steps_.add(pause_server);
    steps_.add(unpause_server);
    provide<tasks::contract>(steps_);
    provide<prover::contract>(prover_);
    provide<metadata::contract>(metadata_);
}

void ComputeService::configure(Call&, json::object const& config) {
    Settings settings;
    decode(fields_of(settings_rows), config, &settings, {});
    keypairs_.configure(settings);
    servers_.configure(settings);
    tasks_.configure(settings);
    hosts_.configure(settings);
    quotas_.configure(settings);
    consoles_.configure(settings);
}

void ComputeService::start(Call& call) {
    hosts_.keep(call);
    watcher_.start(call);
}

void ComputeService::quiesce(Call&) { watcher_.stop(); }

} // namespace volutus::compute

VOLUTUS_PLUGIN(volutus::compute::plugin_manifest, volutus::compute::ComputeService)
