// SPDX-License-Identifier: Apache-2.0
// Rows 86 to 88: the power is cut in the midst of passes, on file systems that keep what
// nobody syncs to themselves. This is a sample; tests/faults/power-cuts tries all of it.
#include "base/fd.hpp"
#include "faults/own_namespace.hpp"
#include "faults/power/outage.hpp"
#include "faults/strike/points.hpp"
#include "faults/strike/report.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <numeric>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::Each;
using testing::IsEmpty;

std::string name_of_kind(const testing::TestParamInfo<DiskKind>& info) {
    std::string name = info.param.name;
    std::erase(name, '-');
    return name;
}

/// Runs it where disks can be mounted, or skips loudly.
#define IN_OWN_MOUNTS(kind, ...)                                                                   \
    try {                                                                                          \
        const std::string trouble = in_own_namespace(CLONE_NEWNS, [&] {                            \
            keep_mounts_private();                                                                 \
            __VA_ARGS__                                                                            \
        });                                                                                        \
        if (!trouble.empty())                                                                      \
            GTEST_SKIP() << "*** no power cut on " << (kind).name << ": " << trouble << " ***";    \
    } catch (const NotPermitted& problem) {                                                        \
        GTEST_SKIP() << "*** no power cut on " << (kind).name << ": " << problem.why << " ***";    \
    }

// --- the sample

class PowerCut : public testing::TestWithParam<DiskKind> {};

/// Half of the workloads, which are others for the next kind, on one disk or on two in turn, and
/// what reaches them in all ways.
void cut_some(const DiskKind& kind) {
    const auto turn = static_cast<std::size_t>(&kind - disk_kinds().data());
    std::size_t points = 0;
    std::size_t turns = turn;
    for (std::size_t i = turn % 2; i < workloads().size(); i += 2) {
        const Layout layout = (i + turn) / 2 % 2 == 0 ? Layout::two_disks : Layout::one_disk;
        Outage outage(workloads()[i], kind, layout);
        std::vector<std::uint64_t> all(outage.calls());
        std::iota(all.begin(), all.end(), std::uint64_t{1});
        for (const Reaches reaches : all_reaches(layout))
            for (const Cut& cut : outage.cut(sample(all, 2, turns++), reaches)) {
                ++points;
                EXPECT_THAT(cut.violations, IsEmpty())
                    << workloads()[i].name << "/" << kind.name << "/" << to_text(layout) << "/"
                    << to_text(reaches) << "/" << cut.at << " before "
                    << (cut.call ? to_text(*cut.call) : "the end");
            }
    }
    EXPECT_GE(points, 35U) << "hardly any power was cut";
}

TEST_P(PowerCut, LeavesOldOrNewAndTheNextPassMakesUpForIt) {
    const auto kind = std::find_if(disk_kinds().begin(), disk_kinds().end(), [](const auto& one) {
        return std::string(one.name) == GetParam().name;
    });
    IN_OWN_MOUNTS(*kind, cut_some(*kind);)
}

INSTANTIATE_TEST_SUITE_P(Fault, PowerCut, testing::ValuesIn(disk_kinds()), name_of_kind);

// --- what cuts the power

/// Lines of sh in the folder of a disk with the file `old`, with the power cut after them.
class DiskAfterTheCut : public testing::TestWithParam<DiskKind> {
protected:
    /// What `look` sees of the disk then.
    void expect_after(const std::string& words, bool commits,
                      const std::function<void(const fs::path&)>& look) {
        const TemporaryFolder folder;
        Disk disk(GetParam(), folder / "image");
        for (const char* name : {"mounted", "copies"})
            fs::create_directory(folder / name);
        disk.mount(folder / "mounted");
        write_text(folder / "mounted/target", "old");
        disk.unmount();
        disk.mount(folder / "mounted");
        Orders orders;
        orders.copies = {
            {{disk.image(), disk.device(), disk.folder(), commits}}, folder / "copies", {}};
        EXPECT_EQ(
            run_struck({"sh", "-ec", "cd " + disk.folder().string() + "\n" + words}, orders).status,
            0);
        disk.unmount();
        fs::rename(copy_path(folder / "copies", 0, 0), disk.image());
        disk.mount(folder / "mounted");
        look(disk.folder());
        disk.unmount();
    }
    void expect_target(const std::string& words, bool commits,
                       const testing::Matcher<std::string>& content) {
        IN_OWN_MOUNTS(GetParam(), expect_after(words, commits, [&](const fs::path& folder) {
                          EXPECT_THAT(read_text(folder / "target"), content);
                      });)
    }
    static bool is(const char* name) { return GetParam().name == std::string(name); }
};

TEST_P(DiskAfterTheCut, HasWhatWasSynced) {
    expect_target("echo new >new; sync new; mv new target; sync .", false, testing::Eq("new\n"));
}

TEST_P(DiskAfterTheCut, HasNothingOfWhatWasNot) {
    IN_OWN_MOUNTS(GetParam(),
                  expect_after("echo new >new; mv target other; mv new target; mkdir made", false,
                               [](const fs::path& folder) {
                                   EXPECT_EQ(read_text(folder / "target"), "old");
                                   EXPECT_FALSE(fs::exists(folder / "other"));
                                   EXPECT_FALSE(fs::exists(folder / "made"));
                               });)
}

TEST_P(DiskAfterTheCut, HasTheNamesButNotTheContentOnceItsJournalIsThere) {
    // The defaults of ext4 and btrfs write the content of what replaces a file of their own accord.
    const bool is_careful = is("ext4") || is("btrfs");
    expect_target("echo new >new; mv new target; mkdir made", true,
                  testing::Eq(is_careful ? "new\n" : ""));
    IN_OWN_MOUNTS(GetParam(),
                  expect_after("echo new >new; mkdir made", true, [](const fs::path& folder) {
                      EXPECT_TRUE(fs::exists(folder / "made"));
                      EXPECT_TRUE(fs::exists(folder / "new"));
                      EXPECT_EQ(read_text(folder / "new"), "");
                  });)
}

INSTANTIATE_TEST_SUITE_P(Fault, DiskAfterTheCut, testing::ValuesIn(disk_kinds()), name_of_kind);

} // namespace
} // namespace provisor::test
