// SPDX-License-Identifier: Apache-2.0
#include "model/paths.hpp"

namespace provisor {
namespace {

namespace fs = std::filesystem;

Paths system_paths(const fs::path& root) {
    const auto under = [&](const char* path) {
        return root.empty() ? fs::path(path) : root / (path + 1);
    };
    Paths paths;
    paths.root = root;
    paths.config_file = under("/etc/provisor/agent.yaml");
    paths.config_dropins = under("/etc/provisor/agent.yaml.d");
    paths.manifest_dirs = {
        under("/usr/lib/provisor/components.d"), under("/usr/local/lib/provisor/components.d"),
        under("/run/provisor/components.d"), under("/etc/provisor/components.d")};
    paths.keys_dir = under("/etc/provisor/keys.d");
    paths.state_dir = under("/var/lib/provisor");
    paths.run_dir = under("/run/provisor");
    paths.unit_dir = "/etc/systemd/system";
    return paths;
}

/// Where systemd puts credentials for us (systemd.exec(5)), and for a command line beside the
/// running service, what it would put there.
void add_credential_places(
    Paths& paths, const std::function<std::optional<std::string>(const char*)>& environment) {
    if (const auto given = environment("CREDENTIALS_DIRECTORY"); given && given->starts_with('/'))
        paths.credential_dirs.emplace_back(*given);
    if (!paths.user)
        for (const char* folder : {"/run/credentials/provisor.service", "/etc/credstore",
                                   "/run/credstore", "/usr/lib/credstore"})
            paths.credential_dirs.emplace_back(folder);
    for (const fs::path& folder : paths.credential_dirs)
        paths.netrc_files.push_back(folder / "provisor.netrc");
    if (!paths.user)
        paths.netrc_files.emplace_back("/etc/provisor/netrc");
    if (const auto home = environment("HOME"); home && home->starts_with('/'))
        paths.netrc_files.push_back(fs::path(*home) / ".netrc");
}

} // namespace

fs::path Paths::under_root(const std::string& absolute) const {
    return root.empty() ? fs::path(absolute) : root / fs::path(absolute).relative_path();
}

Paths make_paths(const fs::path& root, bool user,
                 const std::function<std::optional<std::string>(const char*)>& environment) {
    Paths paths = system_paths(root);
    paths.user = user;
    add_credential_places(paths, environment);
    if (!user)
        return paths;
    // XDG Base Directory Specification 0.8: variables that are unset, empty or relative count as
    // unset.
    const fs::path home = environment("HOME").value_or("/");
    const auto folder = [&](const char* variable, const char* fallback) {
        const std::optional<std::string> value = environment(variable);
        const fs::path chosen =
            value && value->starts_with('/') ? fs::path(*value) : home / fallback;
        return paths.under_root(chosen.string());
    };
    const fs::path config = folder("XDG_CONFIG_HOME", ".config");
    const fs::path runtime = folder("XDG_RUNTIME_DIR", ".cache");
    paths.config_file = config / "provisor/agent.yaml";
    paths.config_dropins = config / "provisor/agent.yaml.d";
    paths.manifest_dirs = {runtime / "provisor/components.d", config / "provisor/components.d"};
    paths.keys_dir = config / "provisor/keys.d";
    paths.state_dir = folder("XDG_STATE_HOME", ".local/state") / "provisor";
    paths.run_dir = runtime / "provisor";
    const std::optional<std::string> config_home = environment("XDG_CONFIG_HOME");
    paths.unit_dir = ((config_home && config_home->starts_with('/') ? fs::path(*config_home)
                                                                    : home / ".config") /
                      "systemd/user")
                         .string();
    return paths;
}

} // namespace provisor
