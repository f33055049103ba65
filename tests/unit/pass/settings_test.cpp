// SPDX-License-Identifier: Apache-2.0
#include "pass/settings.hpp"

#include "base/error.hpp"
#include "model/placeholders.hpp"
#include "pass/lock.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::write_text;
using testing::HasSubstr;

class SettingsTest : public testing::Test {
protected:
    SettingsTest() {
        paths = make_paths(folder.path(), false, [](const char*) { return std::nullopt; });
        vendor = paths.manifest_dirs[0];
        admin = paths.manifest_dirs[3];
    }

    static std::string manifest(const std::string& name, const std::string& url = "https://o/x") {
        return "components:\n  " + name + ":\n    url: " + url + "\n    path: /opt/" + name + "\n";
    }

    Settings load() { return load_settings(paths, Facts{"x86_64", "", "linux"}); }

    std::vector<std::string> names(const Settings& settings) {
        std::vector<std::string> all;
        for (const Component& component : settings.components)
            all.push_back(component.name);
        return all;
    }

    test::TemporaryFolder folder;
    Paths paths;
    fs::path vendor;
    fs::path admin;
};

using Names = std::vector<std::string>;

TEST_F(SettingsTest, OfAnEmptyMachineAreTheDefaults) {
    const Settings settings = load();
    EXPECT_EQ(settings.config, AgentConfig{});
    EXPECT_TRUE(settings.components.empty());
    EXPECT_TRUE(settings.manifest_errors.empty());
}

TEST_F(SettingsTest, HalfOfAFolderIsNotTakenForAllOfIt) {
    write_text(admin / "a.yaml", manifest("app"));
    test::run_with_failing_call(__NR_getdents64, EIO, [&] { EXPECT_THROW(load(), Error); });
    EXPECT_EQ(names(load()), Names{"app"});
}

TEST_F(SettingsTest, ALockThatTheFileSystemRefusesIsAFailure) {
    const Interrupt interrupt;
    test::run_with_failing_call(__NR_flock, ENOLCK, [&] {
        EXPECT_THROW(PassLock::acquire(paths, PassLock::Wait::no, interrupt), Error);
    });
    EXPECT_TRUE(PassLock::acquire(paths, PassLock::Wait::no, interrupt));
}

TEST_F(SettingsTest, FilesOfAllFoldersMerge) {
    write_text(vendor / "a.yaml", manifest("a"));
    write_text(admin / "b.yaml", manifest("b"));
    EXPECT_EQ(names(load()), (Names{"a", "b"}));
}

TEST_F(SettingsTest, AFileOfTheSameNameInALaterFolderReplaces) {
    write_text(vendor / "a.yaml", manifest("a", "https://vendor/a"));
    write_text(admin / "a.yaml", manifest("a", "https://admin/a"));
    const Settings settings = load();
    ASSERT_EQ(settings.components.size(), 1U);
    EXPECT_EQ(settings.components[0].url, "https://admin/a");
    ASSERT_EQ(settings.shadowed.size(), 1U);
    EXPECT_EQ(settings.shadowed[0].file, vendor / "a.yaml");
    EXPECT_EQ(settings.shadowed[0].by, admin / "a.yaml");
    EXPECT_FALSE(settings.shadowed[0].masked);
}

TEST_F(SettingsTest, AnEmptyFileOrALinkToDevNullMasks) {
    write_text(vendor / "a.yaml", manifest("a"));
    write_text(vendor / "b.yaml", manifest("b"));
    write_text(admin / "a.yaml", "");
    fs::create_symlink("/dev/null", admin / "b.yaml");
    const Settings settings = load();
    EXPECT_TRUE(settings.components.empty());
    ASSERT_EQ(settings.shadowed.size(), 2U);
    EXPECT_TRUE(settings.shadowed[0].masked);
    EXPECT_TRUE(settings.shadowed[1].masked);
}

TEST_F(SettingsTest, OneBadFileCostsOnlyItsOwnComponents) {
    write_text(admin / "bad.yaml", "components:\n  a:\n    ulr: https://o/a\n    path: /opt/a\n");
    write_text(admin / "good.yaml", manifest("b"));
    const Settings settings = load();
    EXPECT_EQ(names(settings), Names{"b"});
    ASSERT_FALSE(settings.manifest_errors.empty());
    EXPECT_EQ(settings.failed_files, std::vector<fs::path>{admin / "bad.yaml"});
}

TEST_F(SettingsTest, AManifestThatIsBeingWrittenIsNotReadBeforeItIsWhole) {
    write_text(admin / "good.yaml", manifest("good"));
    write_text(admin / "half.yaml", manifest("half"));
    {
        std::ofstream writer(admin / "half.yaml", std::ios::app);
        writer << "    sha" << std::flush;
        const Settings settings = load();
        EXPECT_EQ(names(settings), Names{"good"});
        ASSERT_EQ(settings.manifest_errors.size(), 1U);
        EXPECT_NE(settings.manifest_errors[0].message.find("open for writing"), std::string::npos);
        EXPECT_EQ(settings.failed_files, std::vector<fs::path>{admin / "half.yaml"});
        writer << "256: " << std::string(64, 'a') << "\n";
    }
    const Settings settings = load();
    EXPECT_EQ(settings.manifest_errors.size(), 0U);
    EXPECT_EQ(names(settings), (Names{"good", "half"}));
}

TEST_F(SettingsTest, AConfigurationThatIsBeingWrittenIsNotReadBeforeItIsWhole) {
    for (const fs::path& file : {paths.config_file, paths.config_dropins / "10-site.yaml"}) {
        SCOPED_TRACE(file);
        write_text(file, "interval: 10min\n");
        {
            std::ofstream writer(file, std::ios::trunc);
            // Cut to nothing it looks like a mask.
            for (const char* text : {"", "interval: 1min\n"}) {
                writer << text << std::flush;
                const Settings settings = load();
                ASSERT_EQ(settings.config_errors.size(), 1U);
                EXPECT_EQ(settings.config_errors[0].place.file, file);
                EXPECT_NE(settings.config_errors[0].message.find("open for writing"),
                          std::string::npos);
                EXPECT_TRUE(may_pass(settings.config_errors));
            }
            writer << "require: signature\n";
        }
        const Settings settings = load();
        EXPECT_EQ(settings.config_errors.size(), 0U);
        EXPECT_EQ(settings.config.require, Require::signature);
        fs::remove(file);
    }
}

TEST_F(SettingsTest, AManifestThatWasCutToBeWrittenAnewIsNoMask) {
    write_text(vendor / "a.yaml", manifest("a"));
    write_text(admin / "a.yaml", manifest("a"));
    const std::ofstream writer(admin / "a.yaml", std::ios::trunc);
    const Settings settings = load();
    ASSERT_EQ(settings.manifest_errors.size(), 1U);
    EXPECT_EQ(settings.failed_files, std::vector<fs::path>{admin / "a.yaml"});
}

TEST_F(SettingsTest, OtherFilesInTheFolderAreIgnored) {
    write_text(admin / "README", "not a manifest");
    write_text(admin / "x.yaml~", "not: a manifest");
    write_text(admin / ".x.yaml", "an editor's: swap file");
    EXPECT_TRUE(load().manifest_errors.empty());
}

TEST_F(SettingsTest, DropinsOverrideTheMainFile) {
    write_text(paths.config_file, "interval: 10min\nparallel: 4\n");
    write_text(paths.config_dropins / "10-site.yaml", "interval: 1min\n");
    const Settings settings = load();
    EXPECT_EQ(settings.config.interval, std::chrono::minutes(1));
    EXPECT_EQ(settings.config.parallel, 4U);
}

TEST_F(SettingsTest, ABadConfigurationIsTold) {
    write_text(paths.config_file, "intervall: 10min\n");
    const Settings settings = load();
    ASSERT_EQ(settings.config_errors.size(), 1U);
    EXPECT_EQ(settings.config_errors[0].place.line, 1);
    EXPECT_NE(settings.config_errors[0].message.find("interval"), std::string::npos);
    EXPECT_FALSE(may_pass(settings.config_errors));
}

TEST_F(SettingsTest, TheStateDirectoryCanMove) {
    write_text(paths.config_file, "state_dir: /srv/provisor\n");
    load();
    EXPECT_EQ(paths.state_dir, folder / "srv/provisor");
}

/// What somebody else than root may change, as root sees it.
class SettingsOfStrangers : public SettingsTest {
protected:
    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "*** only root can give files away ***";
    }
    static void give_away(const fs::path& path) {
        ASSERT_EQ(::lchown(path.c_str(), 1500, 1500), 0);
    }
    static std::string told(const std::vector<Diagnostic>& errors) {
        std::string all;
        for (const Diagnostic& error : errors)
            all += to_text(error) + "\n";
        return all;
    }
};

TEST_F(SettingsOfStrangers, AManifestOfAStrangerCostsItsOwnComponentsInEachFolder) {
    for (const fs::path& directory : paths.manifest_dirs) {
        SCOPED_TRACE(directory);
        write_text(directory / "bad.yaml", manifest("bad"));
        write_text(directory / "good.yaml", manifest("good"));
        give_away(directory / "bad.yaml");
        const Settings settings = load();
        EXPECT_EQ(names(settings), Names{"good"});
        EXPECT_TRUE(settings.config_errors.empty());
        ASSERT_EQ(settings.manifest_errors.size(), 1U) << told(settings.manifest_errors);
        const std::string file = (directory / "bad.yaml").string();
        EXPECT_EQ(settings.manifest_errors[0].place.file, file);
        EXPECT_THAT(settings.manifest_errors[0].message, HasSubstr("belongs to uid 1500"));
        EXPECT_THAT(settings.manifest_errors[0].message,
                    HasSubstr("`chown root: '" + file + "'; chmod go-w '" + file + "'`"));
        EXPECT_EQ(settings.failed_files, std::vector<fs::path>{file});
        fs::remove_all(directory);
    }
}

TEST_F(SettingsOfStrangers, AManifestThatIsReplacedByAStrangersIsNotInForceInItsPlace) {
    write_text(vendor / "a.yaml", manifest("a"));
    write_text(admin / "a.yaml", "");
    give_away(admin / "a.yaml");
    const Settings settings = load();
    EXPECT_TRUE(settings.components.empty());
    EXPECT_EQ(settings.failed_files, std::vector<fs::path>{admin / "a.yaml"});
}

TEST_F(SettingsOfStrangers, NoManifestIsReadFromAFolderThatOthersMayWrite) {
    write_text(admin / "a.yaml", manifest("a"));
    write_text(admin / "b.yaml", manifest("b"));
    write_text(vendor / "a.yaml", manifest("a"));
    write_text(vendor / "c.yaml", manifest("c"));
    for (const mode_t mode : {0775U, 0757U}) {
        ASSERT_EQ(::chmod(admin.c_str(), mode), 0);
        const Settings settings = load();
        EXPECT_EQ(names(settings), Names{"c"}) << "not the vendor's a either, which is replaced";
        EXPECT_EQ(settings.manifest_errors.size(), 1U)
            << "one cause: " << told(settings.manifest_errors);
        EXPECT_EQ(settings.failed_files,
                  (std::vector<fs::path>{admin / "a.yaml", admin / "b.yaml"}));
    }
    // Above it, and where there is nothing (any more).
    ASSERT_EQ(::chmod(admin.c_str(), 0755), 0);
    fs::remove(admin / "a.yaml");
    fs::remove(admin / "b.yaml");
    give_away(admin);
    EXPECT_EQ(load().failed_files, std::vector<fs::path>{admin});
}

TEST_F(SettingsOfStrangers, AConfigurationOfAStrangerIsAnErrorThatDoesNotPass) {
    for (const fs::path& file : {paths.config_file, paths.config_dropins / "10-policy.yaml"}) {
        SCOPED_TRACE(file);
        write_text(file, "require: none\n");
        give_away(file);
        const Settings settings = load();
        ASSERT_EQ(settings.config_errors.size(), 1U);
        EXPECT_EQ(settings.config_errors[0].place.file, file);
        EXPECT_FALSE(may_pass(settings.config_errors));
        fs::remove(file);
    }
}

TEST_F(SettingsOfStrangers, SoIsAFolderFromWhichAPolicyMayHaveBeenTaken) {
    fs::create_directories(paths.config_dropins);
    for (const fs::path& directory : {paths.config_dropins, paths.config_file.parent_path()}) {
        SCOPED_TRACE(directory);
        ASSERT_EQ(::chmod(directory.c_str(), 0775), 0);
        const Settings settings = load();
        EXPECT_EQ(settings.config_errors.size(), 1U) << told(settings.config_errors);
        EXPECT_THAT(told(settings.config_errors), HasSubstr("'" + directory.string() + "'"));
        ASSERT_EQ(::chmod(directory.c_str(), 0755), 0);
    }
    EXPECT_TRUE(load().config_errors.empty());
}

TEST_F(SettingsOfStrangers, AManifestMayBeALinkToWhatIsRootsAllTheWay) {
    write_text(folder / "srv/site/a", manifest("a"));
    fs::create_directories(admin);
    fs::create_symlink("/srv/site/a", admin / "a.yaml");
    EXPECT_EQ(names(load()), Names{"a"});
    give_away(folder / "srv/site");
    const Settings settings = load();
    EXPECT_TRUE(settings.components.empty());
    EXPECT_THAT(
        told(settings.manifest_errors),
        HasSubstr("directory '" + (folder / "srv/site").string() + "' belongs to uid 1500"));
}

TEST_F(SettingsOfStrangers, AUserReadsWhatIsHisOwn) {
    write_text(admin / "a.yaml", manifest("a"));
    fs::permissions(folder.path(), fs::perms(0755));
    give_away(admin / "a.yaml");
    give_away(admin);
    test::run_as_user(1500, [&] { EXPECT_EQ(names(load()), Names{"a"}); });
    paths.user = true; // root for himself, in whatever HOME
    EXPECT_EQ(names(load()), Names{"a"});
}

TEST_F(SettingsTest, ADanglingLinkIsAnErrorAndNoMask) {
    write_text(vendor / "a.yaml", manifest("a"));
    write_text(admin / "b.yaml", manifest("b"));
    fs::create_symlink("/none/such", admin / "a.yaml");
    const Settings settings = load();
    EXPECT_EQ(names(settings), Names{"b"});
    ASSERT_EQ(settings.manifest_errors.size(), 1U);
    EXPECT_EQ(settings.manifest_errors[0].place.file, admin / "a.yaml");
    EXPECT_THAT(settings.manifest_errors[0].message, HasSubstr("leads nowhere"));
    EXPECT_EQ(settings.failed_files, std::vector<fs::path>{admin / "a.yaml"});
    ASSERT_EQ(settings.shadowed.size(), 1U);
    EXPECT_FALSE(settings.shadowed[0].masked);
}

TEST_F(SettingsTest, AConfigurationOrAFolderThatIsADanglingLinkIsAnError) {
    for (const fs::path& path :
         {paths.config_file, paths.config_dropins / "10-policy.yaml", paths.config_dropins}) {
        SCOPED_TRACE(path);
        fs::remove_all(path);
        fs::create_directories(path.parent_path());
        fs::create_symlink("none", path);
        const Settings settings = load();
        ASSERT_EQ(settings.config_errors.size(), 1U);
        EXPECT_EQ(settings.config_errors[0].place.file, path);
        EXPECT_FALSE(may_pass(settings.config_errors));
        fs::remove(path);
    }
    fs::create_symlink("none", admin);
    const Settings settings = load();
    EXPECT_EQ(settings.manifest_errors.size(), 1U);
    EXPECT_EQ(settings.failed_files, std::vector<fs::path>{admin});
}

TEST_F(SettingsTest, WhatIsNoRegularFileIsRefusedAndNotWaitedFor) {
    write_text(admin / "good.yaml", manifest("good"));
    fs::create_directories(admin / "directory.yaml");
    ASSERT_EQ(::mkfifo((admin / "fifo.yaml").c_str(), 0600), 0);
    const Settings settings = load();
    EXPECT_EQ(names(settings), Names{"good"});
    EXPECT_EQ(settings.manifest_errors.size(), 2U);
    EXPECT_EQ(settings.failed_files,
              (std::vector<fs::path>{admin / "directory.yaml", admin / "fifo.yaml"}));
}

TEST(Lock, IsHeldByOneAndFreeWhenItGoes) {
    const test::TemporaryFolder folder;
    Paths paths;
    paths.run_dir = folder / "run";
    Interrupt interrupt;
    {
        const auto held = PassLock::acquire(paths, PassLock::Wait::no, interrupt);
        ASSERT_TRUE(held);
        EXPECT_FALSE(PassLock::acquire(paths, PassLock::Wait::no, interrupt));
    }
    EXPECT_TRUE(PassLock::acquire(paths, PassLock::Wait::no, interrupt));
}

TEST(Lock, WaitingEndsWithAnInterrupt) {
    const test::TemporaryFolder folder;
    Paths paths;
    paths.run_dir = folder / "run";
    Interrupt interrupt;
    const auto held = PassLock::acquire(paths, PassLock::Wait::no, interrupt);
    std::thread later([&] { interrupt.raise(); });
    EXPECT_THROW(PassLock::acquire(paths, PassLock::Wait::yes, interrupt), Interrupted);
    later.join();
}

} // namespace
} // namespace provisor
