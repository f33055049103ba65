// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/privileges.hpp"
#include "cli/commands.hpp"
#include "install/own_directories.hpp"
#include "journal/sd_journal.hpp"
#include "model/placeholders.hpp"
#include "units/own_unit.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <sys/stat.h>

namespace provisor {
namespace {

/// The only global of the program: a signal handler has nowhere else to look.
Interrupt* signalled = nullptr;

extern "C" void on_stop_signal(int) {
    if (signalled != nullptr)
        signalled->raise();
}

void listen_to_signals(Interrupt& interrupt) {
    signalled = &interrupt;
    struct sigaction action {};
    action.sa_handler = on_stop_signal;
    ::sigemptyset(&action.sa_mask);
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        ::sigaction(number, &action, nullptr);
}

std::optional<std::string> environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Context make_context(const GlobalOptions& options, Interrupt& interrupt) {
    namespace fs = std::filesystem;
    std::error_code problem;
    if (!options.root.empty() && !fs::is_directory(options.root, problem))
        throw Error(ErrorKind::config,
                    fmt::format("--root: '{}' is not a directory", options.root));
    fs::path root = options.root.empty() ? fs::path() : fs::canonical(options.root);
    // --root / is the running system with no detours.
    if (root == "/")
        root.clear();
    Paths paths = make_paths(root, options.user, environment);
    resolve_own_directories(paths);
    if (!options.config.empty()) {
        if (!fs::exists(options.config, problem))
            throw Error(ErrorKind::config,
                        fmt::format("--config: there is no file '{}'", options.config));
        paths.config_file = options.config;
        paths.config_dropins = options.config + ".d";
    }
    if (const std::string unit = unit_of_this_process(); unit.starts_with("provisor"))
        paths.own_unit = unit;
    Facts facts = gather_facts(paths);
    return {options, std::move(paths), std::move(facts), interrupt};
}

/// All that a command line can say; `run` is the chosen command.
struct CommandLine {
    GlobalOptions global;
    ApplyOptions apply;
    PlanOptions plan;
    StatusOptions status;
    std::vector<std::string> names;
    std::string name;
    std::string reason;
    std::string to;
    bool repair = false;
    bool quiet = false;
    bool verbose = false;
    std::function<int(Context&)> run;
};

void add_global_options(CLI::App& app, CommandLine& line) {
    app.add_option("--config", line.global.config,
                   "Read this file instead of /etc/provisor/agent.yaml")
        ->type_name("FILE");
    app.add_option("--root", line.global.root, "Work on the system below this directory")
        ->type_name("DIR");
    app.add_flag("--user", line.global.user,
                 "Work for this user: XDG directories, the user's service manager");
    app.add_flag("--json", line.global.json, "Print one JSON document");
    app.add_flag("-q,--quiet", line.quiet, "Print only what changed or failed");
    app.add_flag("-v,--verbose", line.verbose, "Print diagnostics, too");
    app.add_option("--color", line.global.color, "Use colour")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->type_name("WHEN");
    app.set_version_flag("--version", "provisor " PROVISOR_VERSION);
    app.require_subcommand(1);
    // `provisor apply --json` is as good as `provisor --json apply`.
    app.fallthrough();
}

void add_apply(CLI::App& app, CommandLine& line) {
    CLI::App* apply = app.add_subcommand("apply", "One pass now");
    apply->add_option("NAME", line.apply.names, "Only these components");
    apply->add_flag(
        "--force", line.apply.force,
        "Ask every origin and hash every installed file, even if nothing needs it; wait "
        "neither after failures nor for windows");
    apply->add_flag("--no-units", line.apply.no_units, "Leave units alone; what is due stays due");
    apply->add_flag("--dry-run", line.apply.dry_run,
                    "Decide and report, change nothing but the download cache");
    apply->add_flag("--wait", line.apply.wait, "Wait for another pass instead of failing");
    apply->add_flag("--offline", line.apply.offline, "Ask no origin; go by what the cache knows");
    apply->callback([&] {
        line.apply.at_once = line.apply.force;
        line.run = [&](Context& context) { return command_apply(context, line.apply); };
    });
}

void add_plan(CLI::App& app, CommandLine& line) {
    CLI::App* plan = app.add_subcommand("plan", "What apply would do, and why");
    plan->add_option("NAME", line.plan.names, "Only these components");
    plan->add_flag("--exit-code", line.plan.exit_code, "Exit with 3 when changes are pending");
    plan->add_flag("--offline", line.plan.offline, "Ask no origin; go by what the cache knows");
    plan->callback(
        [&] { line.run = [&](Context& context) { return command_plan(context, line.plan); }; });
}

/// What an operator says about one component.
void add_operations(CLI::App& app, CommandLine& line) {
    const auto add = [&](const char* name, const char* text, auto&& command) {
        CLI::App* added = app.add_subcommand(name, text);
        added->add_option("NAME", line.name, "The component")->required();
        added->callback([&line, command] {
            line.run = [&line, command](Context& context) { return command(context, line); };
        });
        return added;
    };
    add("rollback", "Go back to what was installed before",
        [](Context& context, const CommandLine& given) {
            return command_rollback(context, given.name, given.to);
        })
        ->add_option("--to", line.to, "To this version, or content whose digest begins so")
        ->type_name("VERSION|DIGEST");
    add("hold", "Leave a component as it is",
        [](Context& context, const CommandLine& given) {
            return command_hold(context, given.name, given.reason);
        })
        ->add_option("--reason", line.reason, "Why, for those who ask later")
        ->type_name("TEXT");
    add("release", "End a hold, a quarantine, or a wait after failures",
        [](Context& context, const CommandLine& given) {
            return command_release(context, given.name);
        });
    add("remove", "Take a component from the machine that no manifest wants",
        [](Context& context, const CommandLine& given) {
            return command_remove(context, given.name);
        });
    CLI::App* history = app.add_subcommand("history", "What was installed when, and from where");
    history->add_option("NAME", line.name, "Only this component");
    history->callback(
        [&] { line.run = [&](Context& context) { return command_history(context, line.name); }; });
}

void add_commands(CLI::App& app, CommandLine& line) {
    add_apply(app, line);
    add_plan(app, line);
    CLI::App* status = app.add_subcommand("status", "A table of the components");
    status->add_option("NAME", line.status.names, "Only these components");
    status->add_flag("--exit-code", line.status.exit_code,
                     "Exit with 1 when a component failed, or is held by a failure");
    status->callback(
        [&] { line.run = [&](Context& context) { return command_status(context, line.status); }; });
    CLI::App* show = app.add_subcommand("show", "All that is known of one component");
    show->add_option("NAME", line.name, "The component")->required();
    show->callback(
        [&] { line.run = [&](Context& context) { return command_show(context, line.name); }; });
    add_operations(app, line);
    CLI::App* check = app.add_subcommand("check", "Validate configuration and manifests");
    check->add_option("FILE", line.names, "Only these manifests");
    check->callback(
        [&] { line.run = [&](Context& context) { return command_check(context, line.names); }; });
    CLI::App* verify =
        app.add_subcommand("verify", "Hash installed files and cache against the records");
    verify->add_option("NAME", line.names, "Only these components");
    verify->add_flag("--repair", line.repair, "Then put right what was found");
    verify->callback([&] {
        line.run = [&](Context& context) {
            return command_verify(context, line.names, line.repair);
        };
    });
    CLI::App* prune = app.add_subcommand("prune", "Drop what the cache may drop");
    prune->callback([&] { line.run = [](Context& context) { return command_prune(context); }; });
    CLI::App* doctor = app.add_subcommand("doctor", "What would stop a pass here, and the remedy");
    doctor->callback([&] { line.run = [](Context& context) { return command_doctor(context); }; });
    CLI::App* agent = app.add_subcommand("agent", "The daemon that provisor.service starts");
    agent->callback([&] { line.run = [](Context& context) { return command_agent(context); }; });
}

int run_command(CommandLine& line) {
    Interrupt interrupt;
    try {
        listen_to_signals(interrupt);
        line.global.verbosity = line.quiet ? -1 : line.verbose ? 1 : 0;
        set_up_diagnostics(line.global.verbosity);
        Context context = make_context(line.global, interrupt);
        const int status = line.run(context);
        if (std::ferror(stdout) == 0)
            return status;
        complain("provisor: not all could be written to standard output; what was done is done");
        return status == exit_converged ? exit_failed : status;
    } catch (const Interrupted&) {
        complain("provisor: interrupted; what was done so far is consistent, the next pass goes on "
                 "from there");
        return exit_interrupted;
    } catch (const Error& error) {
        complain(fmt::format("provisor: {}", error.what()));
        return error.kind() == ErrorKind::config ? exit_bad_input : exit_failed;
    } catch (const std::exception& error) {
        complain(fmt::format("provisor: {}", error.what()));
        return exit_failed;
    }
}

} // namespace

int run_command_line(int argc, char** argv) {
    ::umask(022);
    forbid_core_dumps();
    open_standard_descriptors();
    // A reader that went away (`provisor status | head`) is no reason to die in the middle of a
    // pass.
    ::signal(SIGPIPE, SIG_IGN);
    CommandLine line;
    CLI::App app("Keeps the binaries on this machine as its manifests say. Manual: provisor(8)",
                 "provisor");
    add_global_options(app, line);
    add_commands(app, line);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // Help and version are "errors" of CLI11 with exit code 0; its other codes are 100 and
        // more.
        return app.exit(error) == 0 ? exit_converged : exit_bad_input;
    }
    return run_command(line);
}

} // namespace provisor
