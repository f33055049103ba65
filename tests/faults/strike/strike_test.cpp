// SPDX-License-Identifier: Apache-2.0
// Rows 61, 65, 66, 68 to 72, 84, 85 and 87: blows at the system calls of provisor and its helpers.
// This is a sample that moves through all of them; tests/faults/campaign tries them all.
#include "faults/strike/points.hpp"
#include "faults/strike/report.hpp"
#include "faults/strike/stage.hpp"
#include "support/temporary_folder.hpp"

#include <cerrno>
#include <gmock/gmock.h>
#include <set>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class Strike : public testing::TestWithParam<std::size_t> {};

TEST_P(Strike, LeavesOldOrNewAndTheNextPassMakesUpForIt) {
    const Workload& workload = workloads().at(GetParam());
    try {
        Stage stage(workload);
        std::size_t points = 0;
        for (std::size_t i = 0; i < blows().size(); ++i) {
            const Blow& blow = blows()[i];
            const std::size_t count = blow.kind == Blow::Kind::kill ? 3 : 1;
            for (const std::uint64_t at :
                 sample(stage.places_for(blow), count, GetParam() * blows().size() + i)) {
                const Blown blown = stage.strike(blow, at);
                points += blown.struck ? 1 : 0;
                EXPECT_THAT(blown.violations, IsEmpty())
                    << point_name(workload.name, blow, at) << " at "
                    << (blown.struck ? to_text(*blown.struck) : "");
            }
        }
        EXPECT_GE(points, 15U) << "hardly anything was struck";
    } catch (const NotPermitted& problem) {
        GTEST_SKIP() << "*** not one blow was struck: " << problem.why << " ***";
    }
}

INSTANTIATE_TEST_SUITE_P(Fault, Strike, testing::Range(std::size_t{0}, workloads().size()),
                         [](const auto& row) {
                             std::string name = workloads().at(row.param).name;
                             std::erase(name, '-');
                             return name;
                         });

TEST(Interruption, Row69EachSortOfCallIsMadeAgain) {
    try {
        Stage stage(workloads().at(1));
        const Blow interrupted{Blow::Kind::error, EINTR};
        std::set<std::string> seen;
        for (const std::uint64_t at : stage.places_for(interrupted)) {
            const CountedCall& call = stage.changes().at(at - 1);
            if (!seen.insert(call.change.name).second)
                continue;
            EXPECT_THAT(stage.strike(interrupted, at).violations, IsEmpty()) << to_text(call);
        }
        EXPECT_THAT(seen, testing::IsSupersetOf({"ftruncate", "write", "fsync"}));
    } catch (const NotPermitted& problem) {
        GTEST_SKIP() << "*** " << problem.why << " ***";
    }
}

// --- what strikes

/// Runs a line of sh in an empty folder. Its standard error may be a file, which does not count.
class Striking : public testing::Test {
protected:
    void SetUp() override {
        try {
            run_struck({"true"}, {});
        } catch (const NotPermitted& problem) {
            GTEST_SKIP() << "*** " << problem.why << " ***";
        }
    }
    Findings run(const std::string& words, const std::string& blow = "none", std::uint64_t at = 0) {
        Orders orders;
        orders.blow = parse_blow(blow).value();
        orders.at = at;
        return run_struck(
            {"sh", "-c", "exec 2>/dev/null; cd " + folder.path().string() + "\n" + words}, orders);
    }
    bool is_there(const std::string& name) const {
        return fs::symlink_status(folder / name).type() != fs::file_type::not_found;
    }
    std::vector<std::string> names(const Findings& findings) const {
        std::vector<std::string> names;
        for (const CountedCall& call : findings.calls)
            names.push_back(call.process + " " + call.change.name + " " +
                            fs::path(call.change.path).filename().string());
        return names;
    }

    TemporaryFolder folder;
    const std::string line = "echo a >a; mv a b; ln -s b c";
};

TEST_F(Striking, CountsWhatAnyProcessChangesAndNothingElse) {
    const Findings findings =
        run("echo a >a; cat a | cat >/dev/null; ls >/dev/null; (mv a b); echo x | rm b");
    EXPECT_EQ(findings.status, 0);
    EXPECT_THAT(names(findings),
                ElementsAre("sh openat a", "sh write a", "mv renameat2 b", "rm unlinkat b"));
    EXPECT_FALSE(findings.struck);
}

TEST_F(Striking, KillsAllBeforeTheCall) {
    const Findings findings = run("(sleep 60 & echo a >a; mv a b); wait", "kill", 3);
    EXPECT_EQ(findings.status, 137);
    EXPECT_TRUE(is_there("a"));
    EXPECT_FALSE(is_there("b"));
    EXPECT_EQ(findings.struck->change.name, "renameat2");
    EXPECT_LT(findings.afterwards.count(), 10'000) << "something outlived it";
}

TEST_F(Striking, KillsAllAfterTheCall) {
    EXPECT_EQ(run(line, "kill-after", 3).status, 137);
    EXPECT_FALSE(is_there("a"));
    EXPECT_TRUE(is_there("b"));
    EXPECT_FALSE(is_there("c"));
}

TEST_F(Striking, KillsOneAndLeavesTheOthers) {
    EXPECT_EQ(run(line, "killone", 3).status, 0);
    EXPECT_TRUE(is_there("a"));
    EXPECT_TRUE(is_there("c"));
}

TEST_F(Striking, TellsTheFirstProcessToEnd) {
    const Findings findings = run("trap 'echo t >t; exit 5' TERM; " + line, "term", 3);
    EXPECT_EQ(findings.status, 5);
    EXPECT_TRUE(is_there("t"));
    EXPECT_FALSE(is_there("c"));
}

TEST_F(Striking, FailsOnce) {
    EXPECT_EQ(run(line, "ENOSPC", 3).status, 0);
    EXPECT_TRUE(is_there("a"));
    EXPECT_FALSE(is_there("b"));
    EXPECT_TRUE(is_there("c"));
}

TEST_F(Striking, FailsFromThenOnWhereverThatCanBe) {
    EXPECT_EQ(run(line + "; rm a", "ENOSPC+", 3).status, 0) << "a file can always be removed";
    EXPECT_FALSE(is_there("a"));
    EXPECT_FALSE(is_there("b"));
    EXPECT_FALSE(is_there("c"));
}

TEST_F(Striking, FailsAfterTheCall) {
    EXPECT_EQ(run("echo a >a; mv a b || echo failed >c", "EIO-after", 3).status, 0);
    EXPECT_TRUE(is_there("b"));
    EXPECT_TRUE(is_there("c"));
}

TEST_F(Striking, TakesTheFirstCallThatCanBeStruckSo) {
    const Findings findings = run(line, "ENOSPC", 1);
    EXPECT_EQ(findings.struck->number, 1U);
    const Findings removal = run("rm b; " + line, "EDQUOT", 1);
    EXPECT_EQ(removal.struck->change.name, "openat") << "not the removal";
}

TEST_F(Striking, CutsAWriteInHalf) {
    write_text(folder / "in", std::string(1000, 'x'));
    EXPECT_EQ(run("dd if=in of=out bs=1000", "short", 1).status, 0);
    EXPECT_EQ(fs::file_size(folder / "out"), 1000U) << "dd writes the rest";
    const Findings findings = run("dd if=in of=out bs=1000");
    const Findings cut = run("dd if=in of=out bs=1000", "short", 1);
    EXPECT_EQ(cut.struck->change.size, 1000U);
    EXPECT_EQ(findings.status, 0);
}

TEST_F(Striking, SaysSoWhereItIsNotPermitted) {
    // Whom somebody traces nobody else can.
    EXPECT_EQ(run("exec " STRIKE " sh -c 'echo a >a'").status, 125);
    EXPECT_FALSE(is_there("a"));
}

TEST_F(Striking, EndsWhatHangs) {
    Orders orders;
    orders.limit = std::chrono::seconds(1);
    EXPECT_TRUE(run_struck({"sleep", "60"}, orders).hung);
}

} // namespace
} // namespace provisor::test
