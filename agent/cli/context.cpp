// SPDX-License-Identifier: Apache-2.0
#include "cli/context.hpp"

#include "base/error.hpp"
#include "base/privileges.hpp"
#include "journal/sd_journal.hpp"
#include "transfer/fetch_transfer.hpp"
#include "units/systemd_units.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

/// provisor-fetch and provisor-unpack belong to this very build: in ../libexec/provisor of an
/// installation, beside us in a build tree. No variable of the environment is asked, since what it
/// names would be started by root.
std::string program_beside_us(const char* name) {
    std::error_code problem;
    const fs::path self = fs::read_symlink("/proc/self/exe", problem).parent_path();
    const fs::path installed = self.parent_path() / "libexec/provisor" / name;
    const fs::path beside = self / name;
    return fs::exists(installed, problem) || !fs::exists(beside, problem) ? installed.string()
                                                                          : beside.string();
}

} // namespace

bool Context::colored(int fd) const {
    if (options.color != "auto")
        return options.color == "always";
    const char* no_color = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    return ::isatty(fd) == 1 && (no_color == nullptr || *no_color == '\0') &&
           (terminal == nullptr || std::string_view(terminal) != "dumb");
}

void complain(const std::string& text) noexcept {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fputc('\n', stderr);
}

void print_diagnostics(const std::vector<Diagnostic>& diagnostics, const char* severity) {
    for (const Diagnostic& diagnostic : diagnostics)
        complain(fmt::format("{}: {}", severity, to_text(diagnostic)));
}

Settings load_or_complain(Context& context) {
    Settings settings = load_settings(context.paths, context.facts);
    print_diagnostics(settings.config_errors, "error");
    if (!settings.config_errors.empty())
        throw Error(ErrorKind::config, "nothing is done before the configuration is right");
    print_diagnostics(settings.manifest_errors, "error");
    return settings;
}

std::string fetch_program() { return program_beside_us("provisor-fetch"); }

std::string unpack_program() { return program_beside_us("provisor-unpack"); }

// As in units/*.socket. What could be asked for with a variable of the environment is found out.
std::string fetch_place() {
    return is_confined_root() ? "/run/provisor/fetch.socket" : fetch_program();
}

std::string unpack_place() {
    return is_confined_root() ? "/run/provisor/unpack.socket" : unpack_program();
}

std::unique_ptr<Transfer> make_transfer(const AgentConfig& config) {
    return std::make_unique<FetchTransfer>(fetch_place(), config);
}

std::unique_ptr<UnitManager> make_unit_manager(const Context& context) {
    if (!context.paths.root.empty())
        return make_offline_units(context.paths.root);
    return make_systemd_units(context.options.user ? ManagerScope::user : ManagerScope::system);
}

std::unique_ptr<Journal> make_journal(const Context& context) {
    // --root works on another system: this one's journal has no business with it.
    return context.paths.root.empty() ? make_sd_journal(context.options.verbosity > 0)
                                      : make_null_journal();
}

void print(const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if ((!written || std::fflush(stdout) != 0) && errno == EPIPE)
        std::clearerr(stdout);
}

} // namespace provisor
