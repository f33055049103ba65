// SPDX-License-Identifier: Apache-2.0
#include "install/old_processes.hpp"

#include "support/temporary_folder.hpp"

#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <thread>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

/// A process of a program, until it is destroyed.
class Process {
public:
    explicit Process(const fs::path& program) {
        std::string name = program;
        std::string argument = "600";
        char* arguments[] = {name.data(), argument.data(), nullptr};
        EXPECT_EQ(::posix_spawn(&pid_, name.c_str(), nullptr, nullptr, arguments, nullptr), 0);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }

private:
    pid_t pid_ = -1;
};

class OldProcessesTest : public testing::Test {
protected:
    OldProcessesTest() { fs::copy_file(fs::canonical("/bin/sleep"), folder / "app"); }
    /// As an installation does it: another file is renamed over it.
    void replace() {
        fs::copy_file(fs::canonical("/bin/sleep"), folder / ".new");
        fs::rename(folder / ".new", folder / "app");
    }
    std::vector<OldProcess> look(const Process& process) const {
        return find_old_processes(files, process.pid(), {});
    }

    TemporaryFolder folder;
    std::vector<InstalledFile> files{{(folder / "app").string(), "", 0755, "root", "root"}};
};

TEST_F(OldProcessesTest, AreThoseOfAFileThatWasReplacedSince) {
    const Process process(folder / "app");
    EXPECT_TRUE(look(process).empty());
    replace();
    EXPECT_EQ(look(process), (std::vector{OldProcess{process.pid(), files[0].path}}));
    const Process anew(folder / "app");
    for (const OldProcess& old : look(anew))
        EXPECT_NE(old.pid, anew.pid()) << "what was started anew runs what is installed";
}

TEST_F(OldProcessesTest, AreThoseOfAFileThatIsGone) {
    const Process process(folder / "app");
    fs::remove(folder / "app");
    EXPECT_EQ(look(process).size(), 1U);
}

TEST_F(OldProcessesTest, AreFoundThroughLinksOnTheWay) {
    fs::create_directory_symlink(folder.path(), folder / "link");
    files[0].path = (folder / "link/app").string();
    const Process process(folder / "app");
    EXPECT_TRUE(look(process).empty());
    replace();
    EXPECT_EQ(look(process), (std::vector{OldProcess{process.pid(), files[0].path}}));
}

TEST_F(OldProcessesTest, AreNotThoseOfOtherFiles) {
    const Process process(fs::canonical("/bin/sleep"));
    replace();
    EXPECT_TRUE(look(process).empty());
    EXPECT_TRUE(find_old_processes(files, 0, {}).empty()) << "a unit without a process";
    EXPECT_TRUE(find_old_processes(files, 0x3fffffff, {}).empty()) << "a process that is over";
}

TEST_F(OldProcessesTest, AreAlsoThoseOfTheOthersOfItsControlGroup) {
    const Process daemon(folder / "app");
    const Process worker(folder / "app");
    replace();
    const std::string groups = read_text("/proc/" + std::to_string(daemon.pid()) + "/cgroup");
    const std::size_t begin = groups.find("0::/");
    if (begin == std::string::npos)
        GTEST_SKIP() << "*** no control groups of version 2: their processes are not tested ***";
    const std::string group = groups.substr(begin + 3, groups.find('\n', begin) - begin - 3);
    const OldProcess both[] = {{daemon.pid(), files[0].path}, {worker.pid(), files[0].path}};
    const std::string pids = std::to_string(daemon.pid()) + "\n" + std::to_string(worker.pid());
    bool mounted = false;
    // A thread that sees another folder of control groups than everybody else.
    std::thread([&] {
        mounted = ::unshare(CLONE_NEWNS) == 0 &&
                  ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                  ::mount("none", "/sys/fs/cgroup", "tmpfs", 0, nullptr) == 0;
        if (!mounted)
            return;
        const auto with = [&](const std::string& members) {
            write_text("/sys/fs/cgroup" + group + "/cgroup.procs", members);
            return look(daemon);
        };
        EXPECT_THAT(with(pids + "\n"), testing::ElementsAreArray(both));
        EXPECT_THAT(with(pids), testing::ElementsAreArray(both));
        EXPECT_THAT(with("nonsense\n" + pids), testing::ElementsAre(both[0]));
        EXPECT_THAT(with(""), testing::ElementsAre(both[0]));
        EXPECT_THAT(with("1073741823\n" + pids), testing::ElementsAreArray(both))
            << "one that is over";
    }).join();
    if (!mounted)
        GTEST_SKIP() << "*** nothing can be mounted: control groups are not tested ***";
}

TEST_F(OldProcessesTest, AreNotThoseOfDataAndOfFoldersThatAreGone) {
    const Process process(folder / "app");
    replace();
    files[0].mode = 0644;
    EXPECT_TRUE(look(process).empty()) << "a file that nobody executes";
    files[0] = {(folder / "gone/app").string(), "", 0755, "root", "root"};
    EXPECT_TRUE(look(process).empty());
}

} // namespace
} // namespace provisor::test
