// SPDX-License-Identifier: Apache-2.0
#include "install/packages.hpp"

#include "base/command.hpp"
#include "base/error.hpp"
#include "support/temporary_folder.hpp"

#include <filesystem>
#include <gtest/gtest.h>

namespace provisor {

// For the messages of failed tests.
static void PrintTo(const Package& package, std::ostream* out) {
    *out << (package.kind == Package::Kind::deb ? "deb " : "rpm ") << package.name;
}

namespace test {
namespace {

namespace fs = std::filesystem;
using Found = std::map<std::string, Package>;

/// A system below a folder.
class PackagesTest : public testing::Test {
protected:
    PackagesTest() {
        paths.root = folder.path();
        fs::create_directories(folder / "usr/bin");
        fs::create_directories(folder / "usr/local/bin");
        fs::create_directory_symlink("usr/bin", folder / "bin");
    }
    void add_deb(const std::string& list, const std::string& lines) {
        fs::create_directories(folder / "var/lib/dpkg/info");
        write_text(folder / "var/lib/dpkg/info" / (list + ".list"), lines);
    }
    Found find(const std::set<std::string>& targets) const { return find_packages(targets, paths); }

    TemporaryFolder folder;
    Paths paths;
};

TEST_F(PackagesTest, OfDebsAreFoundByTheirLists) {
    add_deb("nodejs", "/.\n/usr\n/usr/bin\n/usr/bin/node\n");
    add_deb("libc6:amd64", "/usr/bin/ldd\n");
    EXPECT_EQ(find({"/usr/bin/node", "/usr/bin/ldd", "/usr/bin/no", "/usr/local/bin/node"}),
              (Found{{"/usr/bin/node", {Package::Kind::deb, "nodejs"}},
                     {"/usr/bin/ldd", {Package::Kind::deb, "libc6"}}}));
}

TEST_F(PackagesTest, AreFoundByEachNameOfTheFile) {
    add_deb("old", "/bin/ls\n");
    add_deb("new", "/usr/bin/node\n");
    fs::create_directory_symlink("usr/bin", folder / "programs");
    EXPECT_EQ(find({"/usr/bin/ls", "/bin/node"}),
              (Found{{"/usr/bin/ls", {Package::Kind::deb, "old"}},
                     {"/bin/node", {Package::Kind::deb, "new"}}}));
    EXPECT_EQ(find({"/programs/ls"}), (Found{{"/programs/ls", {Package::Kind::deb, "old"}}}));
}

TEST_F(PackagesTest, AreNotMixedUpWhereBinIsAFolderOfItsOwn) {
    fs::remove(folder / "bin");
    fs::create_directory(folder / "bin");
    add_deb("old", "/bin/ls\n");
    EXPECT_EQ(find({"/usr/bin/ls"}), Found{});
    EXPECT_EQ(find({"/bin/ls"}), (Found{{"/bin/ls", {Package::Kind::deb, "old"}}}));
}

TEST_F(PackagesTest, DoNotHaveWhatWasDivertedForSomebodyElse) {
    add_deb("nodejs", "/usr/bin/node\n/usr/bin/npm\n");
    add_deb("other", "/usr/bin/npm\n");
    write_text(folder / "var/lib/dpkg/diversions",
               "/usr/bin/node\n/usr/bin/node.distrib\n:\n/usr/bin/npm\n/usr/bin/npm.old\nother\n");
    EXPECT_EQ(find({"/usr/bin/node", "/usr/bin/npm"}),
              (Found{{"/usr/bin/npm", {Package::Kind::deb, "other"}}}));
}

TEST_F(PackagesTest, AreNoneWhereThereIsNoDatabase) {
    EXPECT_EQ(find({"/usr/bin/node"}), Found{});
    EXPECT_EQ(find({}), Found{});
}

TEST_F(PackagesTest, OfRpmsAreAskedFor) {
    const auto run = [](const std::vector<std::string>& words) {
        return run_command(words, {}, std::chrono::minutes(1));
    };
    try {
        run({"rpmbuild", "--version"});
    } catch (const Error&) {
        GTEST_SKIP() << "no rpmbuild on this machine";
    }
    write_text(folder / "thing.spec",
               "Name: thing\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n"
               "%description\nx\n%install\nmkdir -p %{buildroot}/usr/bin\n"
               "echo x >%{buildroot}/usr/bin/thing\necho x >%{buildroot}/usr/bin/more\n"
               "%files\n/usr/bin/thing\n/usr/bin/more\n");
    const std::string top = (folder / "build").string();
    ProgramRun done = run({"rpmbuild", "-bb", "--define", "_topdir " + top, "--define",
                           "_rpmdir " + top, (folder / "thing.spec").string()});
    ASSERT_EQ(done.exit_status, 0) << done.output;
    done = run({"rpm", "--dbpath", (folder / "var/lib/rpm").string(), "--justdb", "--nodeps",
                "--ignoresize", "--install", top + "/noarch/thing-1-1.noarch.rpm"});
    ASSERT_EQ(done.exit_status, 0) << done.output;
    EXPECT_EQ(find({"/usr/bin/thing", "/bin/more", "/usr/bin/none"}),
              (Found{{"/usr/bin/thing", {Package::Kind::rpm, "thing"}},
                     {"/bin/more", {Package::Kind::rpm, "thing"}}}));
}

TEST(Command, LeavesItsStatusAndWhatItWrote) {
    const ProgramRun result = run_command({"sh", "-c", "echo out; echo $X >&2; exit 3"},
                                          {"X=given"}, std::chrono::seconds(10));
    EXPECT_EQ(result.exit_status, 3);
    EXPECT_EQ(result.output, "out\ngiven\n");
    EXPECT_THROW(run_command({"no-such-program"}, {}, std::chrono::seconds(10)), Error);
    EXPECT_THROW(run_command({"sleep", "60"}, {}, std::chrono::milliseconds(50)), Error);
}

} // namespace
} // namespace test
} // namespace provisor
