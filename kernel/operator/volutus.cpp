// volutus: the operator's command. Exit codes: 0, 1 when it failed or what it found is bad news, 2 for wrong usage.
#include "kernel/daemon/setup.hpp"
#include "kernel/operator/client.hpp"
#include "kernel/operator/database.hpp"
#include "kernel/operator/printed.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <iostream>

namespace {

using namespace volutus;
using namespace volutus::kernel;

struct Wanted {
    std::string config = "/etc/volutus/conf.d";
    std::string state;  // instead of the configuration's
    std::string socket; // "" = the configuration's
    bool json = false, repair = false;
    std::optional<std::uint64_t> since;
    std::vector<std::string> kinds;
    std::string project;       // "" = all
    std::string file;          // of a backup
    std::string webhook;       // "" = all
    std::string deliver, drop; // ids of dead letters, or "all"
};

std::string socket_of(Wanted const& wanted) {
    if (!wanted.socket.empty()) return wanted.socket;
    auto const config = config::Config::load(wanted.config);
    config::Problems problems;
    auto settings = daemon::settings_from(config, {wanted.state}, problems);
    problems.raise("the configuration in " + wanted.config);
    return settings.admin_socket;
}

int ask(std::string const& command, Wanted const& wanted) {
    json::object request{{"command", command}};
    if (wanted.since) request["since"] = *wanted.since;
    if (wanted.repair) request["repair"] = true;
    if (!wanted.kinds.empty()) request["kinds"] = json::encode(wanted.kinds);
    if (!wanted.project.empty()) request["project_id"] = wanted.project;
    for (auto const& [key, text] :
         {std::pair("webhook", wanted.webhook), {"deliver", wanted.deliver}, {"drop", wanted.drop}})
        if (!text.empty()) request[key] = text;
    operators::AdminClient client(socket_of(wanted));
    operators::Printed printed(stdout, wanted.json, command == "watch");
    client.ask(request, printed);
    printed.finish();
    if (command == "verify" && !wanted.json && !printed.failed())
        fmt::print("{}\n", wanted.repair ? "nothing differs that was not mended" : "no differences");
    return printed.failed() ? 1 : 0;
}

// What the daemon does not do for others: on the files themselves, or for the caller's own file.
template <class Work> int print(Wanted const& wanted, Work work) {
    operators::Printed printed(stdout, wanted.json, false);
    work(printed);
    printed.finish();
    return 0;
}

int change_database(std::string const& command, Wanted const& wanted) {
    if (command == "backup")
        return print(wanted, [&](auto& answer) { operators::back_up(socket_of(wanted), wanted.file, answer); });
    auto const setup = daemon::read_setup(wanted.config, {wanted.state});
    return print(wanted, [&](auto& answer) {
        command == "restore" ? operators::restore(setup, wanted.file, answer) : operators::migrate(setup, answer);
    });
}

int check_config(Wanted const& wanted) {
    auto const setup = daemon::read_setup(wanted.config, {wanted.state});
    operators::Printed printed(stdout, wanted.json, false);
    printed.columns({"plugin", "version", "link", "path"});
    for (auto const& plan : setup.plugins)
        printed.row({plan.name, plan.manifest.version, to_string(plan.link), plan.path});
    printed.finish();
    for (auto const& warning : setup.policy->warnings()) std::cerr << "volutus: warning: " << warning << '\n';
    if (!wanted.json) fmt::print("the configuration in {} is in order\n", wanted.config);
    return 0;
}

struct Command {
    char const *name, *help;
};
constexpr Command commands[] = {{"status", "what this daemon is and how it fares"},
                                {"plugins", "what is loaded"},
                                {"routes", "what the gateway serves"},
                                {"kinds", "the kinds of documents, and in which states a task works on one"},
                                {"steps", "the tasks that plugins run, and their steps"},
                                {"nodes", "the nodes of the cloud"},
                                {"tasks", "live tasks, their steps and last errors"},
                                {"watch", "changes as they come, with who made them, until interrupted"},
                                {"webhooks", "where events are pushed to, and how far that is"},
                                {"dead-letters", "events that a webhook did not take"},
                                {"verify", "compares documents, ledger and backends; exit code 1 when they differ"},
                                {"check-config", "reads and checks the configuration; needs no daemon"}};

} // namespace

int main(int argc, char** argv) {
    Wanted wanted;
    CLI::App app("The operator's view into volutusd.", "volutus");
    app.require_subcommand(1);
    app.fallthrough();
    app.set_version_flag("--version", fmt::format("volutus {}", daemon::version));
    app.add_option("--config", wanted.config, "the directory with *.toml")->capture_default_str();
    app.add_option("--state", wanted.state, "the state directory, instead of kernel.state_directory");
    app.add_option("--socket", wanted.socket, "the daemon's admin socket; default: what the configuration says");
    app.add_flag("--json", wanted.json, "for programs");
    for (auto const& command : commands) {
        auto* sub = app.add_subcommand(command.name, command.help);
        if (std::string_view(command.name) == "verify")
            sub->add_flag("--repair", wanted.repair,
                          "makes what differs as the documents say, and tells what was done");
        if (std::string_view(command.name) == "dead-letters") {
            sub->add_option("--webhook", wanted.webhook, "only of the webhook of this name");
            auto* deliver = sub->add_option("--deliver", wanted.deliver,
                                            "sends the one of this id now, or all, and forgets what is taken");
            sub->add_option("--drop", wanted.drop, "forgets the one of this id, or all")->excludes(deliver);
        }
        if (std::string_view(command.name) != "watch") continue;
        sub->add_option("--since", wanted.since, "from this revision on; default: from now");
        sub->add_option("--kind", wanted.kinds, "only changes of this kind; may come again");
        sub->add_option("--project", wanted.project, "only what belongs to the project of this id");
    }
    auto* db = app.add_subcommand("db", "backup and restore of the store, and its migration ahead of an upgrade");
    db->require_subcommand(1);
    db->add_subcommand("backup", "the store of a running daemon, as of one moment, into a new file")
        ->add_option("FILE", wanted.file)
        ->required();
    db->add_subcommand("restore", "puts a backup in the store's place, which is kept aside; the daemon must be down")
        ->add_option("FILE", wanted.file)
        ->required();
    db->add_subcommand("migrate", "does now what this build would do at its start; the daemon must be down");
    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    try {
        auto const command = app.get_subcommands().front()->get_name();
        if (command == "db") return change_database(db->get_subcommands().front()->get_name(), wanted);
        return command == "check-config" ? check_config(wanted) : ask(command, wanted);
    } catch (std::exception const& error) {
        std::cerr << "volutus: " << error.what() << '\n';
        return 1;
    }
}
