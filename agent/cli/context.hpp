// SPDX-License-Identifier: Apache-2.0
// Tested by tests/faults/output_rows_test.cpp
#pragma once

#include "base/interrupt.hpp"
#include "journal/journal.hpp"
#include "model/diagnostic.hpp"
#include "model/paths.hpp"
#include "model/placeholders.hpp"
#include "pass/settings.hpp"
#include "transfer/transfer.hpp"
#include "units/unit_manager.hpp"

#include <memory>
#include <string>
#include <vector>

namespace provisor {

/// Exit statuses, as in the manual.
enum ExitStatus : int {
    exit_converged = 0,
    exit_failed = 1,
    exit_bad_input = 2,
    exit_changes_pending = 3,
    exit_locked = 4,
    exit_interrupted = 130
};

/// Options that stand before the command.
struct GlobalOptions {
    std::string config;
    std::string root;
    bool user = false;
    bool json = false;
    int verbosity = 0; ///< -1 quiet, 0, 1 verbose
    std::string color = "auto";
};

/// What every command needs: its options, the places, and a way to be interrupted.
struct Context {
    GlobalOptions options;
    Paths paths;
    Facts facts;
    Interrupt& interrupt;

    bool colored(int fd) const; ///< whether text on this descriptor may carry colour
};

/// Configuration and manifests; complaints go to stderr. Throws Error of kind config when
/// agent.yaml is bad.
Settings load_or_complain(Context& context);
void print_diagnostics(const std::vector<Diagnostic>& diagnostics, const char* severity);

/// The parts of the machine for these options.
/// The paths of provisor-fetch and provisor-unpack.
std::string fetch_program();
std::string unpack_program();
/// Where the two are to be had (HelperProgram::place): the programs, or, in a sandbox in which they
/// could not give up root, the sockets of their units.
std::string fetch_place();
std::string unpack_place();
std::unique_ptr<Transfer> make_transfer(const AgentConfig& config);
std::unique_ptr<UnitManager> make_unit_manager(const Context& context);
std::unique_ptr<Journal> make_journal(const Context& context);

/// Writes to stdout, and leaves nothing undone: trouble stays noted there (ferror(3)), and is told
/// when the command is over, since who asked must not take a part of the answer for all of it. A
/// reader that went away has seen what it wanted, which is no trouble.
void print(const std::string& text);
/// A line on stderr. Trouble there is passed over: there is no place left to tell it, and it is no
/// reason to leave off what was to be done.
void complain(const std::string& text) noexcept;

} // namespace provisor
