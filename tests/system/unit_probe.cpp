// SPDX-License-Identifier: Apache-2.0
//
// Asks the running systemd what provisor would ask it, and prints the answers plainly, one
// "name=value" a line: for tests on a booted host.
//
//   provisor-unit-probe [--user] state UNIT
//   provisor-unit-probe [--user] run start|restart|reload|reload-or-restart UNIT...
//   provisor-unit-probe [--user] reload | enable UNIT... | reset UNIT
//   provisor-unit-probe [--user] contained TIMEOUT_MS FILE|- WORD...
//   provisor-unit-probe [--user] -     one such command a line on standard input, over one
//   connection

#include "base/error.hpp"
#include "units/systemd_units.hpp"

#include <chrono>
#include <csignal>
#include <iostream>
#include <iterator>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace {

using namespace provisor;

constexpr auto job_timeout = std::chrono::seconds(30);
Interrupt* on_interrupt = nullptr;

void print_state(const UnitState& state) {
    std::cout << "load_state=" << state.load_state << "\nactive_state=" << state.active_state
              << "\nsub_state=" << state.sub_state << "\nunit_file_state=" << state.unit_file_state
              << "\nfragment_path=" << state.fragment_path
              << "\ninvocation_id=" << state.invocation_id
              << "\nservice_type=" << state.service_type << "\nresult=" << state.result
              << "\nstatus_text=" << state.status_text << "\nrestarts=" << state.restarts
              << "\nexit_code=" << state.exit_code << "\nexit_status=" << state.exit_status
              << "\nmain_pid=" << state.main_pid
              << "\nremain_after_exit=" << state.remain_after_exit
              << "\nneed_daemon_reload=" << state.need_daemon_reload << '\n';
}

UnitVerb parse_verb(const std::string& word) {
    for (const UnitVerb verb :
         {UnitVerb::start, UnitVerb::restart, UnitVerb::reload, UnitVerb::reload_or_restart})
        if (word == to_string(verb))
            return verb;
    throw Error(ErrorKind::config, "no such verb: " + word);
}

void print_jobs(UnitManager& units, UnitVerb verb, std::span<const std::string> names) {
    std::vector<UnitJob> jobs;
    for (const std::string& name : names)
        jobs.push_back({name, verb});
    Interrupt interrupt;
    on_interrupt = &interrupt;
    std::signal(SIGINT, [](int) { on_interrupt->raise(); });
    const auto begun = std::chrono::steady_clock::now();
    const auto results = units.run(jobs, job_timeout, interrupt);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begun);
    for (std::size_t i = 0; i < results.size(); ++i)
        std::cout << names[i] << "=" << results[i].result << "\n"
                  << names[i] << ".message=" << results[i].message << '\n';
    std::cout << "took_ms=" << took.count() << '\n';
}

/// One command with a file that only its group may have (or "-").
void print_contained(UnitManager& units, int timeout_ms, const std::string& lent,
                     std::vector<std::string> words) {
    ContainedCommand command{"check-probe", "A command of the probe", std::move(words)};
    command.timeout = std::chrono::milliseconds(timeout_ms);
    if (lent != "-")
        command.lent = LentFile{lent, std::filesystem::path(lent).filename()};
    Interrupt interrupt;
    on_interrupt = &interrupt;
    std::signal(SIGINT, [](int) { on_interrupt->raise(); });
    const auto results = units.run_contained({&command, 1}, interrupt);
    if (!results) {
        std::cout << "nobody to run it\n";
        return;
    }
    const CommandResult& result = results->front();
    std::cout << "end=" << describe(result) << "\nsize=" << result.output_size
              << "\nkept=" << result.output.size() << '\n'
              << result.output;
}

void obey(UnitManager& units, const std::vector<std::string>& words) {
    const std::string command = words.empty() ? "" : words.front();
    const std::vector<std::string> rest(words.begin() + (words.empty() ? 0 : 1), words.end());
    if (command == "state" && rest.size() == 1)
        print_state(units.state(rest[0]));
    else if (command == "run" && rest.size() >= 2)
        print_jobs(units, parse_verb(rest[0]), std::span(rest).subspan(1));
    else if (command == "reload" && rest.empty())
        units.daemon_reload();
    else if (command == "enable" && !rest.empty()) {
        const bool changed = units.enable(rest);
        std::cout << "changed=" << changed << '\n';
    } else if (command == "reset" && rest.size() == 1)
        units.reset_failed(rest[0]);
    else if (command == "contained" && rest.size() >= 3)
        print_contained(units, std::stoi(rest[0]), rest[1], {rest.begin() + 2, rest.end()});
    else
        throw Error(ErrorKind::config, "state UNIT | run VERB UNIT... | reload | enable UNIT... | "
                                       "reset UNIT | -");
}

void obey_lines(UnitManager& units) {
    std::string line;
    while (std::getline(std::cin, line)) {
        std::istringstream parts(line);
        try {
            obey(units, {std::istream_iterator<std::string>(parts), {}});
        } catch (const Error& error) {
            std::cout << "error: " << error.what() << '\n';
        }
        std::cout << "--" << std::endl;
    }
}

void run(std::vector<std::string> words) {
    ManagerScope scope = ManagerScope::system;
    if (!words.empty() && words.front() == "--user") {
        scope = ManagerScope::user;
        words.erase(words.begin());
    }
    const auto units = make_systemd_units(scope);
    if (words == std::vector<std::string>{"-"})
        obey_lines(*units);
    else
        obey(*units, words);
}

} // namespace

int main(int argc, char** argv) {
    try {
        run({argv + 1, argv + argc});
        return 0;
    } catch (const Interrupted&) {
        std::cerr << "interrupted\n";
        return 130;
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << '\n';
        return 1;
    }
}
