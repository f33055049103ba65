// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// Every place of contract and manual, with --root already in front. Paths in manifests are put
/// under `root` by under_root().
struct Paths {
    std::filesystem::path root;           ///< empty: the running system
    bool user = false;                    ///< --user: XDG folders, the user's own service manager
    std::filesystem::path config_file;    ///< /etc/provisor/agent.yaml
    std::filesystem::path config_dropins; ///< /etc/provisor/agent.yaml.d
    std::vector<std::filesystem::path> manifest_dirs; ///< lowest precedence first
    std::filesystem::path keys_dir;
    /// Of the running system also with --root: the secrets are those of whoever runs it.
    std::vector<std::filesystem::path> credential_dirs; ///< first one first
    std::vector<std::filesystem::path> netrc_files;     ///< first one first
    std::filesystem::path state_dir;                    ///< agent.yaml's state_dir replaces it
    std::filesystem::path run_dir;                      ///< lock and last pass
    /// The service of the agent that this process is, in whose sandbox it is then; empty for a
    /// command that somebody has typed.
    std::string own_unit;
    std::string unit_dir; ///< where unit files of manifests go, without root: /etc/systemd/system

    std::filesystem::path under_root(const std::string& absolute) const;
};

/// The paths for these options. `environment` answers for CREDENTIALS_DIRECTORY, HOME, and with
/// `user` for XDG_CONFIG_HOME and friends.
Paths make_paths(const std::filesystem::path& root, bool user,
                 const std::function<std::optional<std::string>(const char*)>& environment);

} // namespace provisor
