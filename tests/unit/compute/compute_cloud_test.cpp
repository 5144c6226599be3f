#include "compute_cloud.hpp"

#include <boost/json/parse.hpp>

extern "C" {
vlt_status volutus_plugin_1_compute_service(vlt_host const*, vlt_call*, vlt_plugin_ref*);
vlt_str volutus_manifest_1_compute_service();
vlt_status volutus_plugin_1_compute_simulator(vlt_host const*, vlt_call*, vlt_plugin_ref*);
vlt_str volutus_manifest_1_compute_simulator();
}

namespace compute_tests {

using namespace std::chrono_literals;
namespace plugin = kernel::plugin;

void wait_for(std::string const& what, std::function<bool()> const& condition) {
    auto const until = world::now() + 60s;
    while (!condition()) {
        if (world::now() > until) throw std::runtime_error("waited in vain for " + what);
        world::sleep_for(5ms);
    }
}

// ---- the fakes ----

void FakePorts::check(Call&, ports::Wanted const& wanted) {
    for (auto const& nic : wanted.nics)
        if (nic.network && *nic.network != network_id)
            throw Error(Code::not_found, "Network " + *nic.network + " could not be found.");
    for (auto const& group : wanted.security_groups)
        if (group != "default" && group != group_id)
            throw Error(Code::not_found, "Security group " + group + " not found.");
}

ports::Nics FakePorts::attach(Call&, ports::Wanted const& wanted) {
    if (before_attach) before_attach();
    world::Lock lock(mutex);
    if (!refusal.empty()) throw Error(Code::conflict, refusal);
    auto& nic = nics[wanted.server];
    nic.server = wanted.server;
    nic.port = "44444444-4444-4444-8444-" + wanted.server.substr(24);
    nic.network = network_id;
    nic.network_name = "private";
    nic.mac = "fa:16:3e:00:00:01";
    nic.status = "ACTIVE";
    nic.bridge = "br-1";
    nic.device = "tap1";
    nic.security_groups = {group_id};
    nic.made_for_server = true;
    nic.addresses = {{"10.0.0.5", nic.mac, 4, 24, network_id, "10.0.0.1", {"10.0.0.2"}, {"203.0.113.9"}}};
    return {{nic}};
}

void FakePorts::detach(Call&, ports::ServerId const& server) {
    world::Lock lock(mutex);
    if (!detach_refusal.empty()) throw Error(Code::conflict, detach_refusal);
    nics.erase(server.server);
}

ports::Nics FakePorts::of_servers(Call&, ports::Servers const& wanted) {
    world::Lock lock(mutex);
    ports::Nics out;
    for (auto const& server : wanted.servers)
        if (auto const found = nics.find(server); found != nics.end()) out.nics.push_back(found->second);
    return out;
}

void FakePorts::add_group(Call&, ports::Group const& group) {
    world::Lock lock(mutex);
    nics.at(group.server).security_groups.push_back(group.group);
}

void FakePorts::remove_group(Call&, ports::Group const& group) {
    world::Lock lock(mutex);
    auto& all = nics.at(group.server).security_groups;
    auto const at = std::find(all.begin(), all.end(), group.group);
    if (at == all.end()) throw Error(Code::not_found, "Security group " + group.group + " is not associated");
    all.erase(at);
}

std::optional<ports::Nic> FakePorts::find(Call&, ports::Source const& source) {
    world::Lock lock(mutex);
    for (auto const& [server, nic] : nics)
        if (nic.network == source.network && nic.addresses[0].address == source.address) return nic;
    return std::nullopt;
}

ports::SecurityGroups FakePorts::groups(Call&, ports::GroupIds const& wanted) {
    if (!wanted.ids.empty() && wanted.ids[0] != group_id) return {};
    return {{{group_id, "default", "Default security group", "p1"}}};
}

void FakePorts::refuse_detach(std::string const& why) {
    world::Lock lock(mutex);
    detach_refusal = why;
}

std::vector<std::string> FakePorts::attached() {
    world::Lock lock(mutex);
    std::vector<std::string> out;
    for (auto const& [server, nic] : nics) out.push_back(server);
    return out;
}

void Gate::set(Before wanted) {
    world::Lock lock(mutex);
    before = std::move(wanted);
}

void Gate::pass(std::string const& call) {
    world::Lock lock(mutex);
    auto const hook = before;
    lock.unlock();
    if (hook) hook(call);
}

hypervisor::Hosts Gate::hosts(Call& call) { return inner.call<&Driver::hosts>(call); }
void Gate::prepare(Call& call, hypervisor::Server const& server) {
    pass("prepare");
    inner.call<&Driver::prepare>(call, server);
}
void Gate::start(Call& call, hypervisor::Server const& server) {
    pass("start");
    inner.call<&Driver::start>(call, server);
}
void Gate::stop(Call& call, hypervisor::Stop const& wanted) {
    pass("stop");
    inner.call<&Driver::stop>(call, wanted);
}
void Gate::reboot(Call& call, hypervisor::Stop const& wanted) {
    pass("reboot");
    inner.call<&Driver::reboot>(call, wanted);
}
void Gate::remove(Call& call, hypervisor::ServerId const& server) {
    pass("remove");
    inner.call<&Driver::remove>(call, server);
}
std::optional<hypervisor::State> Gate::show(Call& call, hypervisor::ServerId const& server) {
    return inner.call<&Driver::show>(call, server);
}
hypervisor::States Gate::list(Call& call, hypervisor::HostName const& host) {
    return inner.call<&Driver::list>(call, host);
}
hypervisor::Text Gate::console_log(Call& call, hypervisor::Log const& wanted) {
    return inner.call<&Driver::console_log>(call, wanted);
}
void Gate::console(Call& call, hypervisor::ConsoleOf const& wanted) { inner.call<&Driver::console>(call, wanted); }
hypervisor::Events Gate::events(Call& call, hypervisor::Since const& since) {
    return inner.call<&Driver::events>(call, since);
}
void Gate::pause(Call& call, hypervisor::ServerId const& server) {
    pass("pause");
    inner.call<&Driver::pause>(call, server);
}
void Gate::unpause(Call& call, hypervisor::ServerId const& server) {
    pass("unpause");
    inner.call<&Driver::unpause>(call, server);
}

images::Image FakeImages::show(Call&, images::ImageId const& wanted) {
    if (wanted.id != image_id) throw Error(Code::not_found, "No image found with ID " + wanted.id);
    images::Image image;
    image.id = image_id;
    image.status = "active";
    image.disk_format = "qcow2";
    image.min_ram = 64;
    image.virtual_size = 1024 * 1024;
    return image;
}

namespace {

struct PlacementDriver : placement::Placement {
    PlacementDriver(FakePlacement& fake, kernel::store::Store& store) : fake(fake), store(store) {}
    void keep(Call&, placement::Provider const& provider) override {
        volutus::store::Apply apply;
        for (auto const& inventory : provider.inventories) {
            auto& account = apply.set.emplace_back();
            account.account = provider.id;
            account.resource = inventory.resource_class;
            account.total = inventory.total;
            account.reserved = inventory.reserved;
            account.ratio = inventory.allocation_ratio;
        }
        store.apply("placement", apply);
        world::Lock lock(fake.mutex);
        fake.providers[provider.name] = provider;
    }
    void remove(Call&, placement::ProviderId const&) override {}
    FakePlacement& fake;
    kernel::store::Store& store;
};

struct SchedulerDriver : scheduler::Scheduler {
    explicit SchedulerDriver(FakePlacement& fake) : fake(fake) {}
    scheduler::Candidates candidates(Call&, scheduler::Demand const& demand) override {
        world::Lock lock(fake.mutex);
        scheduler::Candidates out;
        std::map<std::string, std::vector<std::string>> refused;
        for (auto const& [name, provider] : fake.providers) {
            ++out.hosts;
            auto const filter = who_refuses(demand, provider);
            if (filter.empty())
                out.candidates.push_back({provider.id, 1});
            else
                refused[filter].push_back(provider.id);
        }
        for (auto const& [filter, hosts] : refused) out.refused.push_back({filter, hosts.size(), hosts});
        return out;
    }
    static std::string who_refuses(scheduler::Demand const& demand, placement::Provider const& provider) {
        auto has = [](std::vector<std::string> const& all, std::string const& one) {
            return std::find(all.begin(), all.end(), one) != all.end();
        };
        if (!demand.in.empty() && !has(demand.in, provider.id)) return "in";
        if (has(demand.not_in, provider.id)) return "not_in";
        for (auto const& any : demand.member_of)
            if (std::none_of(any.begin(), any.end(), [&](auto const& one) { return has(provider.aggregates, one); }))
                return "aggregates";
        for (auto const& trait : demand.forbidden)
            if (has(provider.traits, trait)) return "forbidden trait " + trait;
        return {};
    }
    FakePlacement& fake;
};

struct CloudDriver : cloud::Cloud {
    cloud::Services services(Call&) override { return {}; }
    cloud::Providers providers(Call&, cloud::ContractName const&) override { return {{"gate"}}; }
};

// Operators may do everything; others what is of their project or user, and not for operators only.
struct PolicyDriver : policy_rules::Policy {
    explicit PolicyDriver(std::set<std::string> for_operators) : for_operators(std::move(for_operators)) {}
    policy_rules::Decision enforce(Call& call, policy_rules::Question const& question) override {
        policy_rules::Decision decision;
        auto const caller = caller_of(call);
        if (!caller) return decision;
        auto is = [&](char const* key, std::string const& own) {
            auto const* value = question.target.if_contains(key);
            return value && value->is_string() && json::text(*value) == own;
        };
        bool const own = (caller->project && is("project_id", caller->project->id)) ||
                         (!question.target.contains("project_id") && caller->user && is("user_id", caller->user->id));
        for (auto const& rule : question.rules)
            if (!testkit::has_role(*caller, "admin") && (!own || for_operators.count(rule)))
                decision.refused.push_back(rule);
        return decision;
    }
    std::set<std::string> for_operators;
};

std::string text(vlt_str from) { return {from.data, from.size}; }

std::vector<std::string> segments(std::string const& path) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at != path.npos;) {
        auto const next = path.find('/', at + 1);
        out.push_back(path.substr(at + 1, next == path.npos ? next : next - at - 1));
        at = next;
    }
    return out;
}

} // namespace

// ---- the cloud ----

Cloud::Cloud(json::object simulator, json::object service)
    : manifest_text_(text(volutus_manifest_1_compute_service())) {
    admin = testkit::admin_of("p0");
    admin.is_admin = true;
    auto const manifest = plugin::parse_manifest(manifest_text_, "compute_service");
    routes_ = manifest.routes;

    kernel::store::Options options;
    options.database.path = folder_ / "store.db";
    options.readers = 2;
    store_ = std::make_unique<kernel::store::Store>(options);
    store_->declare(manifest.id, manifest.kinds);
    registry_.add_built_in("volutus.store/1", [this](std::string const& owner) -> std::shared_ptr<plugin::Endpoint> {
        return kernel::store::endpoint_of(*store_, owner);
    });
    std::set<std::string> for_operators;
    auto const whole = boost::json::parse(manifest_text_); // more than a document
    for (auto const& rule : whole.at("policies").as_array())
        if (json::text(rule.at("check")) == "rule:context_is_admin") for_operators.insert(json::text(rule.at("rule")));
    registry_.add_built_in("volutus.policy/1", [=](std::string const&) -> std::shared_ptr<plugin::Endpoint> {
        return std::make_shared<plugin::BuiltIn<policy_rules::contract>>(std::make_unique<PolicyDriver>(for_operators));
    });
    registry_.add_built_in("volutus.cloud/1", [](std::string const&) -> std::shared_ptr<plugin::Endpoint> {
        return std::make_shared<plugin::BuiltIn<cloud::contract>>(std::make_unique<CloudDriver>());
    });
    registry_.add_built_in("volutus.scheduler/1", [this](std::string const&) -> std::shared_ptr<plugin::Endpoint> {
        return std::make_shared<plugin::BuiltIn<scheduler::contract>>(std::make_unique<SchedulerDriver>(placement));
    });
    auto add = [&](char const* name, auto endpoint, std::string_view contract) {
        registry_.add(name, std::string(contract), "", std::move(endpoint));
    };
    add("placement",
        std::make_shared<plugin::BuiltIn<placement::contract>>(std::make_unique<PlacementDriver>(placement, *store_)),
        placement::contract.name);
    add("image", std::make_shared<plugin::BuiltIn<images::contract>>(std::make_unique<FakeImages>()),
        images::contract.name);
    auto fake_ports = std::make_unique<FakePorts>();
    ports = fake_ports.get();
    add("network", std::make_shared<plugin::BuiltIn<ports::contract>>(std::move(fake_ports)), ports::contract.name);

    simulator_ = load(volutus_plugin_1_compute_simulator, text(volutus_manifest_1_compute_simulator()), simulator);
    auto driver = std::make_unique<Gate>(Client<hypervisor::contract>(registry_.host(), "simulator"));
    gate = driver.get();
    registry_.add("gate", std::string(hypervisor::contract.name), "gate",
                  std::make_shared<plugin::BuiltIn<hypervisor::contract>>(std::move(driver)));
    simulator_->start();
    service_ = load(volutus_plugin_1_compute_service, manifest_text_, service);
    service_->start();

    kernel::task::RunnerOptions runner;
    runner.threads = 3;
    runner.tries = 3;
    runner.first_pause = 5ms;
    runner.longest_pause = 50ms;
    runner_ = std::make_unique<kernel::task::Runner>(*store_, registry_, runner);
    for (auto const& task : manifest.tasks) runner_->declare(manifest.id, task);
    runner_->start();
}

Cloud::~Cloud() {
    runner_->stop();
    service_->quiesce();
    simulator_->quiesce();
    runner_.reset();
    registry_.remove("compute_service");
    registry_.remove("compute_simulator");
}

std::shared_ptr<plugin::InProcessLink> Cloud::load(vlt_status (*entry)(vlt_host const*, vlt_call*, vlt_plugin_ref*),
                                                   std::string const& manifest_text, json::object const& config) {
    auto const manifest = plugin::parse_manifest(manifest_text, "linked plugin");
    auto link = std::make_shared<plugin::InProcessLink>(std::make_shared<plugin::HostSide>(registry_, manifest.id),
                                                        entry, nullptr, 60s);
    link->configure(json::print(config));
    for (auto const& provided : manifest.provides)
        registry_.add(manifest.id, provided.contract, plugin::target_of(manifest, provided.contract), link);
    return link;
}

testkit::Answer Cloud::ask(Asked asked) {
    service::HttpRequest http;
    http.method = asked.method;
    http.base = "http://cloud.test/compute";
    auto const question = asked.path.find('?');
    http.path = asked.path.substr(0, question);
    for (auto rest = question == std::string::npos ? std::string() : asked.path.substr(question + 1); !rest.empty();) {
        auto const pair = rest.substr(0, rest.find('&'));
        auto const equals = pair.find('=');
        http.query.push_back({pair.substr(0, equals), equals == pair.npos ? std::string() : pair.substr(equals + 1)});
        rest.erase(0, pair.size() + 1);
    }
    // Of the routes that fit, the one with the fewest captures.
    auto const sent = segments(http.path);
    for (auto const& row : routes_) {
        auto const route = segments(json::text(row.at("path")));
        if (json::text(row.at("method")) != asked.method || route.size() != sent.size()) continue;
        std::map<std::string, std::string> captures;
        bool fits = true;
        for (std::size_t i = 0; i < route.size() && fits; ++i) {
            if (!route[i].empty() && route[i][0] == '{')
                captures[route[i].substr(1, route[i].size() - 2)] = sent[i];
            else
                fits = route[i] == sent[i];
        }
        if (!fits || (!http.route.empty() && captures.size() >= http.parameters.size())) continue;
        http.route = json::text(row.at("id"));
        http.parameters = captures;
    }
    if (http.route.empty()) return {404, {}, "no route " + asked.method + " " + asked.path};
    http.headers.push_back({"openstack-api-version", "compute " + asked.version});
    http.body = !asked.body.empty();

    plugin::CallContext context;
    context.trace = "req-" + std::to_string(world::random_u64());
    context.caller = print(asked.caller);
    plugin::CallFrame frame(context);
    testkit::FakeStream input, output;
    input.bytes = asked.body;
    auto const text = json::print(http);
    vlt_str reply{};
    frame.set_streams(&input.table, &output.table);
    auto const status = service_->call(frame, service::contract.name, "handle", text, &reply);
    if (status != VLT_OK) throw frame.error(status);
    auto const answer = json::decode<service::HttpReply>(json::parse({reply.data, reply.size}));
    return {answer.status, answer.headers, output.bytes};
}

std::string Cloud::make_flavor(std::string const& name, std::string const& more) {
    auto const reply = as_admin("POST", "/v2.1/flavors",
                                R"({"flavor":{"name":")" + name + R"(","ram":128,"vcpus":1,"disk":1)" + more + "}}");
    EXPECT_EQ(reply.status, 200u) << reply.text;
    return json::text(reply.body().at("flavor").at("id"));
}

std::string Cloud::make_server(std::string const& name, std::string const& more) {
    auto const flavors = get("/v2.1/flavors").body().at("flavors").as_array();
    auto const flavor = flavors.empty() ? make_flavor("small") : json::text(flavors[0].at("id"));
    auto const reply = post("/v2.1/servers", R"({"server":{"name":")" + name + R"(","imageRef":")" + image_id +
                                                 R"(","flavorRef":")" + flavor + "\"" + more + "}}");
    EXPECT_EQ(reply.status, 202u) << reply.text;
    return reply.status == 202 ? json::text(reply.body().at("server").at("id")) : std::string();
}

json::value Cloud::shown(std::string const& server, std::string const& version) {
    auto const reply = as_admin("GET", "/v2.1/servers/" + server, {}, version);
    return reply.status == 200 ? reply.body().at("server") : json::value();
}

std::string Cloud::state_of(std::string const& server) {
    auto const found = shown(server);
    return found.is_null() ? std::string() : json::text(found.at("status"));
}

void Cloud::wait_until(std::string const& server, std::string const& status) {
    wait_for(server + " to be " + status, [&] {
        auto const found = shown(server);
        if (found.is_null()) return status.empty();
        if (!found.at("OS-EXT-STS:task_state").is_null()) return false;
        auto const is = json::text(found.at("status"));
        if (is == "ERROR" && status != "ERROR") throw std::runtime_error(json::print(found));
        return is == status;
    });
}

std::int64_t Cloud::used(std::string const& account, std::string const& resource) {
    volutus::store::AccountQuery query;
    query.account = account;
    query.resource = resource;
    auto const found = store_->accounts(query).accounts;
    return found.empty() ? 0 : found.front().used;
}

std::int64_t Cloud::used_of_hosts(std::string const& resource) {
    std::int64_t sum = 0;
    world::Lock lock(placement.mutex);
    for (auto const& [name, provider] : placement.providers) sum += used(provider.id, resource);
    return sum;
}

std::size_t Cloud::guests() {
    plugin::CallContext context;
    plugin::CallFrame frame(context);
    Call call(&frame);
    Client<hypervisor::contract> drivers(registry_.host(), "simulator");
    std::size_t count = 0;
    for (auto const& host : drivers.call<&hypervisor::Driver::hosts>(call).hosts)
        count += drivers.call<&hypervisor::Driver::list>(call, hypervisor::HostName{host.name}).servers.size();
    return count;
}

} // namespace compute_tests
