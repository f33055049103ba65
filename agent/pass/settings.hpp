// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/strict_files.hpp"
#include "model/agent_config.hpp"
#include "model/component.hpp"
#include "model/diagnostic.hpp"
#include "model/manifest.hpp"
#include "model/paths.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

struct Facts;

/// A manifest file that another of the same name in a later folder replaces.
struct ShadowedFile {
    std::filesystem::path file;
    std::filesystem::path by;
    bool masked = false; ///< `by` is empty or /dev/null: it does not replace, it switches off
};

/// Configuration and manifests as one consistent snapshot.
struct Settings {
    AgentConfig config;
    std::vector<Component> components; ///< in the order to install
    std::vector<Diagnostic>
        config_errors; ///< agent.yaml and drop-ins: nothing may run while there are any
    std::vector<Diagnostic> manifest_errors; ///< cost only the components of their files
    std::vector<Diagnostic> warnings;
    std::vector<ShadowedFile> shadowed;
    /// Manifest files with errors, and folders without any that are refused themselves.
    std::vector<std::filesystem::path> failed_files;
};

/// What this machine is: uname, machine id (of `paths.root` when there is one).
Facts gather_facts(const Paths& paths);

/// Which files count below this path of `paths`: as root, only those that root alone can change,
/// and with --root, links stay below that. --user and others than root read what they can.
FileRules rules_for(const std::filesystem::path& path, const Paths& paths);

/// A manifest that somebody names, as one state of the file; absent when there is no such file, or,
/// with an error more, when it cannot be read, is larger than it may be, or when somebody has it
/// open for writing. Whose it is does not matter: nothing is obeyed by it.
std::optional<SourceText> read_source(const std::filesystem::path& file,
                                      std::vector<Diagnostic>& errors);

/// Reads all of it by rules_for(). Throws nothing for bad content and files that are refused, that
/// is in the diagnostics; Error of kind io when a folder that is there cannot be read. Also puts
/// agent.yaml's `state_dir` into `paths`.
Settings load_settings(Paths& paths, const Facts& facts);

/// Whether each of these is of a file that could not be read or is being written, so that it may be
/// over by itself: no error in what is written.
bool may_pass(const std::vector<Diagnostic>& errors);

} // namespace provisor
