// SPDX-License-Identifier: Apache-2.0
// The commands for a sandbox that is too tight are pasted as they are: so they are run here.
#include "model/drop_in.hpp"

#include "support/temporary_folder.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

/// Runs the command with its folders below `root` and without a systemd.
std::string drop_in_after(std::string command, const TemporaryFolder& root,
                          const std::string& drop_in) {
    const auto prefix = [&](const std::string& what) {
        for (std::size_t at = 0; (at = command.find(what, at)) != std::string::npos;
             at += what.size() + root.path().string().size())
            command.insert(at, root.path().string());
    };
    prefix("/etc/systemd");
    prefix("/srv/it");
    command = "systemctl() { :; }; " + command;
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return read_text(root / drop_in);
}

TEST(DropIn, TheCommandForAFolderMakesItAndWritesTheDropIn) {
    const TemporaryFolder root;
    EXPECT_EQ(write_path_command("provisor.service", "/srv/app"),
              "mkdir -p /srv/app /etc/systemd/system/provisor.service.d && printf '%s\\n' "
              "'[Service]' 'ReadWritePaths=/srv/app' "
              ">/etc/systemd/system/provisor.service.d/srv-app.conf && systemctl daemon-reload && "
              "systemctl try-restart provisor.service");
    const std::string text =
        drop_in_after(write_path_command("provisor-apply.service", "/srv/it"), root,
                      "etc/systemd/system/provisor-apply.service.d/srv-it.conf");
    EXPECT_EQ(text, "[Service]\nReadWritePaths=" + root.path().string() + "/srv/it\n");
    EXPECT_TRUE(std::filesystem::is_directory(root / "srv/it"));
}

TEST(DropIn, AFolderWithStrangeCharactersIsOneWordForTheShellAndForSystemd) {
    const TemporaryFolder root;
    const std::string text =
        drop_in_after(write_path_command("provisor.service", "/srv/it's 100% \"$(exit 3)\""), root,
                      "etc/systemd/system/provisor.service.d/srv-it_s_100_____exit_3__.conf");
    EXPECT_EQ(text, "[Service]\nReadWritePaths=\"" + root.path().string() +
                        "/srv/it's 100%% \\\"$(exit 3)\\\"\"\n");
    EXPECT_TRUE(std::filesystem::is_directory(root / "srv/it's 100% \"$(exit 3)\""));
}

TEST(DropIn, TheCommandForOwnersAddsWhatChownNeeds) {
    const TemporaryFolder root;
    EXPECT_EQ(drop_in_after(owner_command("provisor.service"), root,
                            "etc/systemd/system/provisor.service.d/owners.conf"),
              "[Service]\nCapabilityBoundingSet=CAP_CHOWN CAP_FOWNER CAP_DAC_READ_SEARCH\n"
              "SystemCallFilter=@chown\nPrivateUsers=no\n");
}

TEST(DropIn, TheCommandsForCapabilitiesAndListsAddWhatTheseNeedAndNoMore) {
    const TemporaryFolder root;
    EXPECT_EQ(drop_in_after(capabilities_command("provisor.service"), root,
                            "etc/systemd/system/provisor.service.d/capabilities.conf"),
              "[Service]\nCapabilityBoundingSet=CAP_SETFCAP\nPrivateUsers=no\n");
    EXPECT_EQ(drop_in_after(accounts_command("provisor.service"), root,
                            "etc/systemd/system/provisor.service.d/accounts.conf"),
              "[Service]\nPrivateUsers=no\n");
}

} // namespace
} // namespace provisor::test
