// SPDX-License-Identifier: Apache-2.0
#include "service/folder_watch.hpp"

#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::write_text;

Paths paths_below(const fs::path& root) {
    return make_paths(root, false, [](const char*) { return std::optional<std::string>(); });
}

class FolderWatchTest : public testing::Test {
protected:
    /// Whether the watch notices what `action` does.
    bool notices(const std::function<void()>& action) {
        watch.refresh();
        watch.drain();
        action();
        return watch.drain();
    }

    test::TemporaryFolder root;
    fs::path etc = root / "etc/provisor";
    fs::path manifests = etc / "components.d";
    FolderWatch watch{paths_below(root.path())};
};

TEST_F(FolderWatchTest, NoticesEveryWayInWhichAManifestChanges) {
    fs::create_directories(manifests);
    write_text(root / "aside/a.yaml", "x");
    const fs::path a = manifests / "a.yaml";
    EXPECT_TRUE(notices([&] { write_text(a, "1"); })) << "written";
    EXPECT_TRUE(notices([&] { write_text(a, "2"); })) << "overwritten";
    EXPECT_TRUE(notices([&] { ::utimensat(AT_FDCWD, a.c_str(), nullptr, 0); })) << "touched";
    EXPECT_TRUE(notices([&] { fs::permissions(a, fs::perms::owner_read); })) << "mode";
    EXPECT_TRUE(notices([&] { fs::rename(root / "aside/a.yaml", a); })) << "renamed over";
    EXPECT_TRUE(notices([&] { fs::rename(a, root / "aside/a.yaml"); })) << "moved away";
    EXPECT_TRUE(notices([&] { fs::create_symlink("/dev/null", a); })) << "masked";
    EXPECT_TRUE(notices([&] { fs::remove(a); })) << "removed";
    EXPECT_TRUE(notices([&] { fs::create_hard_link(root / "aside/a.yaml", a); })) << "linked";
}

TEST_F(FolderWatchTest, NoticesTheAgentsConfigurationAndItsDropIns) {
    fs::create_directories(etc / "agent.yaml.d");
    EXPECT_TRUE(notices([&] { write_text(etc / "agent.yaml", "interval: 1s"); }));
    EXPECT_TRUE(notices([&] { write_text(etc / "agent.yaml.d/10.yaml", ""); }));
}

TEST_F(FolderWatchTest, NoticesEachOfTheManifestFolders) {
    for (const char* folder : {"usr/lib/provisor", "usr/local/lib/provisor", "run/provisor"}) {
        const fs::path manifest = root / folder / "components.d/a.yaml";
        fs::create_directories(manifest.parent_path());
        EXPECT_TRUE(notices([&] { write_text(manifest, ""); })) << folder;
    }
}

TEST_F(FolderWatchTest, PassesOverWhatIsNoManifest) {
    fs::create_directories(manifests);
    fs::create_directories(root / "run/provisor");
    fs::create_directories(root / "var/lib/provisor/cache");
    EXPECT_FALSE(notices([&] {
        write_text(manifests / ".a.yaml.swp", "");
        write_text(manifests / ".hidden.yaml", "");
        write_text(manifests / "a.yaml~", "");
        write_text(manifests / "README", "");
        write_text(etc / "notes", "");
        write_text(root / "run/provisor/lock", "");
        write_text(root / "var/lib/provisor/cache/x.yaml", "");
        fs::create_directories(root / "etc/other");
    }));
}

TEST_F(FolderWatchTest, WaitsForAFileThatIsStillBeingWritten) {
    fs::create_directories(manifests);
    const fs::path a = manifests / "a.yaml";
    int file = -1;
    EXPECT_FALSE(notices([&] {
        file = ::open(a.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        ASSERT_EQ(::write(file, "comp", 4), 4);
    }));
    EXPECT_TRUE(notices([&] { ::close(file); }));
}

TEST_F(FolderWatchTest, FollowsFoldersThatAreMadeLater) {
    EXPECT_TRUE(notices([&] { fs::create_directory(root / "etc"); }));
    EXPECT_TRUE(notices([&] { fs::create_directory(etc); }));
    EXPECT_TRUE(notices([&] { fs::create_directory(manifests); }));
    EXPECT_TRUE(notices([&] { write_text(manifests / "a.yaml", ""); }));
}

TEST_F(FolderWatchTest, FollowsFoldersThatGoAndComeBack) {
    fs::create_directories(manifests);
    EXPECT_TRUE(notices([&] { fs::remove_all(etc); }));
    EXPECT_TRUE(notices([&] { fs::create_directories(manifests); }));
    EXPECT_TRUE(notices([&] { write_text(manifests / "a.yaml", ""); }));
    EXPECT_TRUE(notices([&] { fs::rename(manifests, etc / "elsewhere"); }));
    EXPECT_FALSE(notices([&] { write_text(etc / "elsewhere/a.yaml", "of no interest now"); }));
    EXPECT_TRUE(notices([&] { fs::create_directory(manifests); }));
}

TEST_F(FolderWatchTest, FollowsAFolderThatIsALink) {
    fs::create_directories(etc);
    fs::create_directories(root / "one");
    fs::create_directories(root / "two");
    fs::create_directory_symlink(root / "one", manifests);
    EXPECT_TRUE(notices([&] { write_text(root / "one/a.yaml", ""); }));
    EXPECT_TRUE(notices([&] {
        fs::create_directory_symlink(root / "two", etc / "new");
        fs::rename(etc / "new", manifests);
    }));
    EXPECT_TRUE(notices([&] { write_text(root / "two/a.yaml", ""); }));
    EXPECT_FALSE(notices([&] { write_text(root / "one/a.yaml", ""); }));
}

/// Watches that the kernel keeps for this descriptor: inotify(7), "/proc interfaces".
std::size_t watches_of(int fd) {
    std::istringstream lines(test::read_text("/proc/self/fdinfo/" + std::to_string(fd)));
    std::size_t watches = 0;
    for (std::string line; std::getline(lines, line);)
        watches += line.starts_with("inotify") ? 1 : 0;
    return watches;
}

TEST_F(FolderWatchTest, KeepsNothingOfWhatIsGoneOrMovedAway) {
    const auto open_files = [] {
        return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
    };
    fs::create_directories(manifests);
    watch.refresh();
    const auto files = open_files();
    const std::size_t watches = watches_of(watch.fd());
    for (int round = 0; round < 50; ++round) {
        fs::rename(etc, root / ("etc/moved" + std::to_string(round)));
        watch.refresh();
        fs::create_directories(manifests);
        watch.refresh();
        watch.drain();
    }
    EXPECT_EQ(open_files(), files);
    EXPECT_EQ(watches_of(watch.fd()), watches);
    EXPECT_GT(watches, 2U);
}

} // namespace
} // namespace provisor
