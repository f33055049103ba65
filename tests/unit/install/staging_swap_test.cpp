// SPDX-License-Identifier: Apache-2.0
// Members of a group that may write the directory of a target put files of their own under the
// temporary name.
#include "install/staging.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"

#include <atomic>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using test::read_text;
using test::TemporaryFolder;
using test::write_text;
using testing::HasSubstr;

constexpr uid_t member = 4711;

class StagingBesideAGroup : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "*** not root: what other users put in the way is not tested ***";
        paths.root = folder.path();
        fs::create_directories(folder / "opt");
        ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
        ASSERT_EQ(::chown((folder / "opt").c_str(), 0, member), 0);
        ASSERT_EQ(::chmod((folder / "opt").c_str(), 0775), 0);
        write_text(folder / "opt/app", "old");
    }

    /// Takes each temporary name for a file of the calling user; returns how many.
    unsigned swap_temporaries() const {
        unsigned swapped = 0;
        std::error_code problem;
        for (const auto& entry : fs::directory_iterator(folder / "opt", problem)) {
            if (!entry.path().filename().string().starts_with(".provisor-") ||
                ::unlink(entry.path().c_str()) != 0)
                continue;
            const Fd theirs(::open(entry.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                   static_cast<mode_t>(0755)));
            swapped += theirs && ::write(theirs.get(), "theirs", 6) == 6 ? 1 : 0;
        }
        return swapped;
    }
    void swap_as_a_member() const {
        test::run_as_user(member, [&] { EXPECT_EQ(swap_temporaries(), 1U); });
    }
    /// What somebody else has written never becomes a file of root's.
    void expect_nothing_of_theirs_is_roots() const {
        std::error_code problem;
        for (const auto& entry : fs::directory_iterator(folder / "opt")) {
            struct stat facts {};
            if (::lstat(entry.path().c_str(), &facts) != 0 || facts.st_uid != 0)
                continue;
            const std::string content = read_text(entry.path());
            EXPECT_TRUE(content == "old" || content == "new") << entry.path() << ": " << content;
        }
    }
    static std::string failure_of(const auto& work) {
        try {
            work();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::io);
            return error.what();
        }
        return "none";
    }

    InstalledFile app{"/opt/app", sha256_of("new"), 0755, "root", "root"};
    TemporaryFolder folder;
    Paths paths;
};

TEST_F(StagingBesideAGroup, AFileThatIsSwappedBeforeTheRenameIsNotInstalled) {
    Staging staging(paths);
    staging.stage_text(app, "new");
    swap_as_a_member();
    EXPECT_THAT(failure_of([&] { staging.commit(); }), HasSubstr("somebody replaced '"));
    EXPECT_EQ(read_text(folder / "opt/app"), "old");
    expect_nothing_of_theirs_is_roots();
}

TEST_F(StagingBesideAGroup, AFileThatIsSwappedWhileItIsLentIsNotTakenBack) {
    Staging staging(paths);
    staging.stage_text(app, "new");
    staging.lend(app.path, 65534);
    swap_as_a_member();
    EXPECT_THAT(failure_of([&] { staging.take_back(app.path); }), HasSubstr("somebody replaced '"));
    expect_nothing_of_theirs_is_roots();
    EXPECT_THAT(failure_of([&] { staging.commit(); }), HasSubstr("somebody replaced '"));
    EXPECT_EQ(read_text(folder / "opt/app"), "old");
    expect_nothing_of_theirs_is_roots();
}

TEST_F(StagingBesideAGroup, AFileThatIsSwappedIsNotLent) {
    Staging staging(paths);
    staging.stage_text(app, "new");
    swap_as_a_member();
    EXPECT_THAT(failure_of([&] { staging.lend(app.path, 65534); }),
                HasSubstr("somebody replaced '"));
    expect_nothing_of_theirs_is_roots();
}

TEST_F(StagingBesideAGroup, WhoeverSwapsAtAnyMomentGainsNothing) {
    std::atomic<bool> over = false;
    std::atomic<unsigned> swapped = 0;
    std::thread swapper([&] {
        test::run_as_user(member, [&] {
            while (!over)
                swapped += swap_temporaries();
        });
    });
    unsigned installed = 0;
    unsigned refused = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (unsigned round = 0;
         (round < 400 || installed == 0 || refused == 0) && std::chrono::steady_clock::now() < end;
         ++round) {
        write_text(folder / "opt/app", "old");
        const std::string why = failure_of([&] {
            Staging staging(paths);
            staging.stage_text(app, "new");
            if (round % 2 == 0) {
                staging.lend(app.path, 65534);
                staging.take_back(app.path);
            }
            staging.commit();
        });
        (why == "none" ? installed : refused) += 1;
        if (why == "none") {
            EXPECT_EQ(read_text(folder / "opt/app"), "new") << "not told of";
        }
        expect_nothing_of_theirs_is_roots();
        if (::testing::Test::HasFailure())
            break;
        fs::remove(folder / "opt/app");
    }
    over = true;
    swapper.join();
    EXPECT_GT(swapped, 0U);
    EXPECT_GT(refused, 0U) << "the swapper was never quick enough: nothing is shown";
}

} // namespace
} // namespace provisor
