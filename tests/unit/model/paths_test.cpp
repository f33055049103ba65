// SPDX-License-Identifier: Apache-2.0
#include "model/paths.hpp"

#include <gtest/gtest.h>
#include <map>

namespace provisor {
namespace {

using Variables = std::map<std::string, std::string>;

Paths paths_with(const std::string& root, bool user, const Variables& variables) {
    return make_paths(root, user, [&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    });
}

TEST(Paths, AreThoseOfTheContract) {
    const Paths paths = paths_with("", false, {});
    EXPECT_EQ(paths.config_file, "/etc/provisor/agent.yaml");
    EXPECT_EQ(paths.state_dir, "/var/lib/provisor");
    EXPECT_EQ(paths.run_dir, "/run/provisor");
    const std::vector<std::filesystem::path> folders{
        "/usr/lib/provisor/components.d", "/usr/local/lib/provisor/components.d",
        "/run/provisor/components.d", "/etc/provisor/components.d"};
    EXPECT_EQ(paths.manifest_dirs, folders) << "lowest precedence first";
    EXPECT_EQ(paths.under_root("/usr/bin/x"), "/usr/bin/x");
}

TEST(Paths, AllLieUnderTheRoot) {
    const Paths paths = paths_with("/image", false, {});
    for (const auto& path :
         {paths.config_file, paths.config_dropins, paths.keys_dir, paths.state_dir, paths.run_dir,
          paths.manifest_dirs[0], paths.manifest_dirs[3], paths.under_root("/usr/bin/x")})
        EXPECT_TRUE(path.string().starts_with("/image/")) << path;
}

TEST(Paths, OfAUserFollowTheXdgFolders) {
    const Paths plain =
        paths_with("", true, {{"HOME", "/home/u"}, {"XDG_RUNTIME_DIR", "/run/user/1"}});
    EXPECT_EQ(plain.config_file, "/home/u/.config/provisor/agent.yaml");
    EXPECT_EQ(plain.state_dir, "/home/u/.local/state/provisor");
    EXPECT_EQ(plain.run_dir, "/run/user/1/provisor");
    EXPECT_EQ(plain.unit_dir, "/home/u/.config/systemd/user");
    const Paths moved = paths_with(
        "", true, {{"HOME", "/home/u"}, {"XDG_CONFIG_HOME", "/c"}, {"XDG_STATE_HOME", "relative"}});
    EXPECT_EQ(moved.config_file, "/c/provisor/agent.yaml");
    EXPECT_EQ(moved.state_dir, "/home/u/.local/state/provisor")
        << "a relative value counts as unset";
}

} // namespace
} // namespace provisor
