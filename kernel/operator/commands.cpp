#include "kernel/operator/commands.hpp"

#include "kernel/daemon/mounts.hpp"
#include "kernel/daemon/node.hpp"
#include "kernel/plugin/in_process_link.hpp"
#include "kernel/plugin/process_link.hpp"

#include <volutus/contract/prover.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <fstream>
#include <functional>
#include <sys/stat.h>
#include <unistd.h>

namespace volutus::kernel::operators {

namespace {

using daemon::Daemon;

constexpr std::uint32_t most_counted = 100'000; // documents of a kind; beyond it is "100000+"
constexpr auto watch_turn = std::chrono::milliseconds(500);

// ---- status ----

std::uint64_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t total = 0, resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

json::value counted(store::Store& store, std::string const& kind) {
    volutus::store::Count count;
    count.kind = kind;
    count.at_most = most_counted;
    auto const found = store.count(count).count;
    return found < most_counted ? json::value(found) : json::value(fmt::format("{}+", most_counted));
}

void status(Daemon& daemon, json::object const&, Answer& answer) {
    auto& store = daemon.store();
    json::object documents;
    for (auto const& [plan, link] : daemon.plugins())
        for (auto const& kind : plan.manifest.kinds) documents[kind.name] = counted(store, kind.name);
    auto const statistics = store.statistics();
    answer.document(
        {{"version", daemon::version},
         {"node", daemon.setup().node},
         {"uptime_seconds", std::chrono::duration_cast<std::chrono::seconds>(world::now() - daemon.since()).count()},
         {"state_directory", daemon.setup().state_directory},
         {"revision", store.revision()},
         {"applies", statistics.applies},
         {"applies_refused", statistics.refused},
         {"commits", statistics.commits},
         {"plugins", daemon.plugins().size()},
         {"tasks", counted(store, "kernel.task")},
         {"connections", daemon.connections()},
         {"memory_bytes", resident_bytes()},
         {"documents", std::move(documents)}});
}

// ---- plugins, routes, nodes ----

std::string state_of(plugin::Link const& link) {
    if (auto const* own = dynamic_cast<plugin::InProcessLink const*>(&link); own && own->hanging() > 0)
        return "quarantined: it did not come back from a call";
    auto const* process = dynamic_cast<plugin::ProcessLink const*>(&link);
    if (!process) return "running";
    auto const status = process->status();
    switch (status.state) {
    case plugin::ProcessLink::State::running:
        return status.restarts ? fmt::format("running, restarted {} times", status.restarts) : "running";
    case plugin::ProcessLink::State::restarting: return "restarting: " + status.last_reason;
    case plugin::ProcessLink::State::quarantined: return "quarantined: " + status.last_reason;
    case plugin::ProcessLink::State::stopped: return "stopped";
    }
    return "unknown";
}

void plugins(Daemon& daemon, json::object const&, Answer& answer) {
    answer.columns({"id", "version", "link", "state", "contracts"});
    for (auto const& [plan, link] : daemon.plugins()) {
        json::array contracts;
        for (auto const& provided : plan.manifest.provides) contracts.emplace_back(provided.contract);
        answer.row({plan.name, plan.manifest.version, to_string(plan.link), state_of(*link), std::move(contracts)});
    }
}

void routes(Daemon& daemon, json::object const&, Answer& answer) {
    answer.columns({"service", "method", "path", "policy"});
    for (auto const& [plan, link] : daemon.plugins()) {
        auto const prefix = daemon::mount_prefix(plan.manifest);
        if (!prefix) continue;
        for (auto const& route : daemon::routes_of(plan.manifest))
            answer.row(
                {prefix->substr(1), route.method, *prefix + route.path, route.anonymous ? "anonymous" : route.policy});
    }
}

void nodes(Daemon& daemon, json::object const&, Answer& answer) {
    answer.columns({"node", "state", "version", "plugins"});
    auto const& own = daemon.setup().node; // the only one that can be: none joins yet
    auto const told = daemon::describe(daemon.bus(), own);
    answer.row({own, "up", told.version, told.plugins.size()});
}

// ---- what plugins declare ----

void kinds(Daemon& daemon, json::object const&, Answer& answer) {
    answer.columns({"kind", "plugin", "transient", "passing", "worked_on_at"});
    for (auto const& [plan, link] : daemon.plugins())
        for (auto const& kind : plan.manifest.kinds) {
            json::object states;
            for (auto const& state : kind.transient) states[state.field] = json::encode(state.values);
            answer.row({kind.name, plan.name, std::move(states), kind.passing,
                        kind.worked_on_at ? kind.worked_on_at->kind : ""});
        }
}

void steps(Daemon& daemon, json::object const&, Answer& answer) {
    answer.columns({"task", "version", "step", "plugin"});
    for (auto const& [plan, link] : daemon.plugins())
        for (auto const& task : plan.manifest.tasks)
            for (auto const& step : task.steps) answer.row({task.name, task.version, step, plan.name});
}

// ---- tasks ----

std::string utc(std::int64_t microseconds) {
    if (microseconds == 0) return "";
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(microseconds / 1'000'000)));
}

std::string step_name(Daemon& daemon, task::TaskDocument const& document) {
    for (auto const& [plan, link] : daemon.plugins())
        for (auto const& declared : plan.manifest.tasks)
            if (plan.name == document.owner && declared.name == document.name && declared.version == document.version &&
                document.step >= 0 && static_cast<std::size_t>(document.step) < declared.steps.size())
                return declared.steps[static_cast<std::size_t>(document.step)];
    return std::to_string(document.step);
}

void tasks(Daemon& daemon, json::object const&, Answer& answer) {
    answer.columns({"name", "resource", "phase", "step", "attempt", "started", "next_try", "last_error", "id"});
    volutus::store::Query query;
    query.kind = "kernel.task";
    while (true) {
        auto const page = daemon.store().query(query);
        for (auto const& found : page.documents) {
            auto const document = json::decode<task::TaskDocument>(found.body);
            auto const phase = document.status == task::Status::waiting ? "waiting"
                               : document.phase == task::Phase::undo    ? "undo"
                                                                        : "forward";
            answer.row({document.name, document.kind + "/" + document.resource, phase, step_name(daemon, document),
                        document.attempt, utc(document.started.value_or(0)), utc(document.not_before),
                        document.last_error.value_or(document.error.value_or("")), found.id});
        }
        if (!page.more) return;
        query.marker = page.documents.back().id;
    }
}

// ---- watch ----

volutus::store::Changes wanted_changes(Daemon& daemon, json::object const& request) {
    volutus::store::Changes wanted;
    wanted.since = daemon.store().revision();
    if (auto const* since = request.if_contains("since")) wanted.since = json::decode<std::uint64_t>(*since);
    if (auto const* kinds = request.if_contains("kinds")) wanted.kinds = json::decode<std::vector<std::string>>(*kinds);
    return wanted;
}

json::value told(json::object const& by, std::string_view key) {
    auto const* found = by.if_contains(key);
    return found ? *found : json::value("");
}

void watch(Daemon& daemon, json::object const& request, Answer& answer) {
    answer.columns({"revision", "change", "kind", "id", "fields", "project_id", "user_id", "request_id", "task",
                    "plugin", "note"});
    auto const* project = request.if_contains("project_id");
    auto wanted = wanted_changes(daemon, request);
    while (!answer.gone()) {
        store::Patience patience;
        patience.until = world::now() + watch_turn;
        auto const feed = daemon.store().changes(wanted, patience);
        for (auto const& entry : feed.entries) {
            if (project && *project != json::value(entry.project_id)) continue;
            answer.row({entry.revision, json::encode(entry.change), entry.kind, entry.id, json::encode(entry.fields),
                        entry.project_id, told(entry.by, "user_id"), told(entry.by, "request_id"),
                        told(entry.by, "task"), told(entry.by, "plugin"), entry.note});
        }
        wanted.since = feed.revision;
        wanted.skip = feed.skip;
    }
}

// ---- webhooks ----

void webhooks(Daemon& daemon, json::object const&, Answer& answer) {
    answer.columns({"name", "url", "revision", "behind", "tries", "last_error", "dead_letters"});
    auto const states = daemon.webhooks().states();
    auto const head = daemon.store().revision();
    for (auto const& [name, url, status, letters] : states)
        answer.row({name, url, status.revision, head - status.revision, status.tries, status.last_error, letters});
}

std::string text_or_none(json::object const& request, std::string_view key) {
    auto const* found = request.if_contains(key);
    return found ? json::decode<std::string>(*found) : std::string();
}

// What an argument asks to be done to dead letters: one of them, or all, the oldest first, until one cannot be settled.
void settle(Daemon& daemon, std::string const& which, std::string const& webhook, Answer& answer,
            std::function<void(std::string const& id)> const& work) {
    answer.columns({"id"});
    auto const one = [&](std::string const& id) {
        work(id);
        answer.row({id});
    };
    if (which != "all") return one(which);
    std::optional<std::string> after;
    for (bool more = true; more;) {
        auto const page = daemon.webhooks().dead_letters(webhook, after);
        for (auto const& letter : page.letters) {
            if (answer.gone()) return;
            one(letter.id);
            after = letter.id;
        }
        more = page.more;
    }
}

void dead_letters(Daemon& daemon, json::object const& request, Answer& answer) {
    auto const webhook = text_or_none(request, "webhook");
    plugin::Cancellation never; // what is under way has the webhook's own patience
    if (auto const which = text_or_none(request, "deliver"); !which.empty())
        return settle(daemon, which, webhook, answer, [&](auto const& id) { daemon.webhooks().deliver(id, never); });
    if (auto const which = text_or_none(request, "drop"); !which.empty())
        return settle(daemon, which, webhook, answer, [&](auto const& id) { daemon.webhooks().drop(id); });
    answer.columns({"id", "webhook", "revision", "events", "tries", "error", "at"});
    std::optional<std::string> after;
    for (bool more = true; more;) {
        auto const page = daemon.webhooks().dead_letters(webhook, after);
        for (auto const& [id, name, revision, events, tries, error, at] : page.letters) {
            answer.row({id, name, revision, events, tries, error, utc(at * 1'000'000)});
            after = id;
        }
        more = page.more;
    }
}

// ---- verify ----

prover::Verdict verdict_of(Client<prover::contract> const& prover, bool repair) {
    if (repair) {
        try {
            return prover.call<&prover::Prover::repair>(nullptr);
        } catch (Error const& error) {
            if (error.code() != Code::unsupported) throw;
        }
    }
    return prover.call<&prover::Prover::verify>(nullptr);
}

// Fails where something differs, or with repair: where something that differs is not mended.
void verify(Daemon& daemon, json::object const& request, Answer& answer) {
    auto const* wanted = request.if_contains("repair");
    bool const repair = wanted && json::decode<bool>(*wanted);
    if (repair)
        answer.columns({"where", "what", "mended"});
    else
        answer.columns({"where", "what"});
    bool agrees = true;
    auto differ = [&](std::string const& where, std::string const& what, std::optional<std::string> const& mended) {
        if (repair)
            answer.row({where, what, mended.value_or("no")});
        else
            answer.row({where, what});
        agrees = agrees && mended;
    };
    for (auto const& found : daemon.store().verify())
        differ(found.place, fmt::format("should be {}, is {}", found.expected, found.found), {});
    Client<prover::contract> const provers(daemon.registry().host());
    for (auto const& target : daemon.registry().targets(std::string(prover::contract.name))) {
        try {
            for (auto const& found : verdict_of(provers.at(target), repair).differences)
                differ(found.where, found.what, found.mended);
        } catch (Error const& error) {
            differ("plugin " + target, fmt::format("could not verify: {}", error.what()), {});
        }
    }
    if (!agrees) answer.fail();
}

// ---- db backup ----

void db_backup(Daemon& daemon, json::object const&, Answer& answer) {
    struct stat status{};
    if (answer.file() < 0 || ::fstat(answer.file(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size != 0)
        throw Error(Code::invalid, "a backup needs an empty file, whose descriptor comes with the request");
    daemon.store().copy_to(answer.file(), [&] { return !answer.gone(); });
    answer.document({{"store", daemon.setup().store.database.path}, {"engine", daemon.setup().store.engine}});
}

struct Command {
    std::string_view name;
    void (*run)(Daemon&, json::object const& request, Answer&);
};
constexpr std::array commands{
    Command{"status", status},       Command{"plugins", plugins},   Command{"routes", routes},
    Command{"kinds", kinds},         Command{"steps", steps},       Command{"nodes", nodes},
    Command{"tasks", tasks},         Command{"watch", watch},       Command{"verify", verify},
    Command{"db backup", db_backup}, Command{"webhooks", webhooks}, Command{"dead-letters", dead_letters}};

} // namespace

void run(Daemon& daemon, json::object const& request, Answer& answer) {
    auto const* name = request.if_contains("command");
    for (auto const& command : commands)
        if (name && name->is_string() && json::view(name->get_string()) == command.name)
            return command.run(daemon, request, answer);
    throw Error(Code::unsupported, "this daemon has no such command; its version is " + std::string(daemon::version));
}

} // namespace volutus::kernel::operators
