// SPDX-License-Identifier: Apache-2.0
// Rows 83 and 107: programs that do not pass their own check, in every bad way, as processes (below
// a root folder there is no service manager to ask).
#include "faults/row.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// A program whose check does this; as large as every other one.
std::string checking(const std::string& body) {
    return "#!/bin/sh\n" + body + "\nexit 0\n" + program(2);
}

struct CheckRow {
    const char* name = "";
    std::string body;              ///< of the check
    std::vector<std::string> says; ///< in the message
    std::vector<std::string> lacks = {};
    std::string kind = "check"; ///< empty: it passes
    bool golden = false;        ///< its text for people is in golden/
};

std::ostream& operator<<(std::ostream& out, const CheckRow& row) { return out << row.name; }

const std::vector<CheckRow> rows{
    {"Row107Fails",
     "echo 'the configuration is not readable'; echo 'giving up' >&2; exit 3",
     {"`{staged} --self-test`: exit status 3",
      "it printed: the configuration is not readable | giving up"},
     {},
     "check",
     true},
    {"Row107FailsWithoutAWord", "exit 1", {"exit status 1"}, {"it printed"}},
    {"Row107IsKilled",
     "kill -SEGV $$",
     {"killed by signal 11 (Segmentation fault)"},
     {},
     "check",
     true},
    {"Row107Floods",
     "yes 'all work and no play'",
     {"ended because it printed more than 1.0 MiB", "all work and no play"},
     {},
     "check",
     true},
    {"Row107Escapes",
     "printf '\\033]0;owned\\007\\033[2J\\342\\200\\256txt\\n'; exit 1",
     {"it printed: \\x1b]0;owned\\x07\\x1b[2J\\xe2\\x80\\xaetxt"},
     {"\x1b", "\xe2\x80\xae"},
     "check",
     true},
    {"Row107Writes",
     "for d in . / /tmp /var/tmp /dev/shm /run ${0%/*}; do (echo x >$d/provisor-was-here) "
     "2>/dev/null && echo wrote in $d; done; (echo x >>$0) 2>/dev/null && echo wrote itself; exit "
     "1",
     {"exit status 1"},
     {"wrote"}},
    {"Row107Kills",
     "for p in $PPID 1 -1; do kill -KILL $p 2>/dev/null; done; echo alive; exit 1",
     {"exit status 1", "alive"}},
    {"Row107Forks",
     "f() { f 2>/dev/null | f 2>/dev/null & }; f 2>/dev/null; exit 1",
     {"exit status 1"}},
    {"Row107LeavesADaemon", "setsid sleep 603.25 >/dev/null 2>&1 & exit 0", {}, {}, ""},
    {"Row107OpensASocket",
     "bash -c 'exec 3<>/dev/tcp/127.0.0.1/80' 2>&1 && exit 0; exit 1",
     {"exit status 1"},
     {"refused"}},
    {"Row107IsRoot", "test \"$(id -u)\" = 0 || exit 5", {"exit status 5"}},
};

bool runs(const std::string& words) {
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator("/proc", gone)) {
        std::string line = read_text(entry.path() / "cmdline");
        std::replace(line.begin(), line.end(), '\0', ' ');
        if (line.find(words) != std::string::npos)
            return true;
    }
    return false;
}

void expect_nothing_outside(const Scene& scene) {
    for (const char* place : {"/", "/tmp", "/var/tmp", "/dev/shm", "/run"})
        EXPECT_FALSE(fs::exists(fs::path(place) / "provisor-was-here")) << place;
    EXPECT_FALSE(fs::exists(scene.machine.under("opt/provisor-was-here")));
    EXPECT_FALSE(runs("sleep 603.25"));
    EXPECT_FALSE(runs("/run/staged/app"));
    expect_clean(scene.machine);
}

/// What was in place is; what is known of the origin is as good as before.
void expect_as_before(const Scene& scene, const State& before) {
    const State now = state_of(scene);
    EXPECT_TRUE(now.content == before.content) << now.content.substr(0, 60);
    EXPECT_EQ(now.mode, before.mode);
    EXPECT_EQ(now.marker, before.marker);
}

void expect_refused(Scene& scene, const CheckRow& row, const State& before) {
    const RunResult run = scene.machine.apply();
    const Told& told = run.told.at("app");
    EXPECT_EQ(run.status, 1);
    EXPECT_EQ(told.decision, "fail");
    EXPECT_EQ(told.kind, row.kind) << told.message;
    for (const std::string& part : row.says)
        EXPECT_THAT(told.message, HasSubstr(part));
    for (const std::string& part : row.lacks)
        EXPECT_THAT(told.message, Not(HasSubstr(part)));
    EXPECT_LE(told.message.size(), 4096U);
    EXPECT_THAT(told.url, HasSubstr("127.0.0.1"));
    EXPECT_FALSE(told.next_try.empty());
    EXPECT_LT(run.took, std::chrono::seconds(10));
    expect_as_before(scene, before);
    expect_beside_unharmed(scene, run, 2);
    expect_nothing_outside(scene);
}

void publish_faulty(Scene& scene, const std::string& body) {
    scene.publish(2);
    scene.origin.serve("/app", page(checking(body), "\"bad\""));
    scene.origin.forget();
}

void prepare(Scene& scene) { scene.app_lines = "    check: [\"{staged}\", \"--self-test\"]\n"; }

std::string name_of_check(const testing::TestParamInfo<CheckRow>& info) { return info.param.name; }

class CheckRows : public testing::TestWithParam<CheckRow> {};

void expect_check_row(const CheckRow& row, Over over) {
    Scene scene;
    prepare(scene);
    if (over == Over::version_one)
        scene.install(1);
    publish_faulty(scene, row.body);
    const State before = state_of(scene);
    if (row.kind.empty()) {
        const RunResult run = scene.machine.apply();
        EXPECT_EQ(run.status, 0) << run.out;
        expect_nothing_outside(scene);
        return;
    }
    expect_refused(scene, row, before);
    EXPECT_EQ(scene.asked().size(), 1U);
    // Tried again, since nothing is waited for here: without a transfer.
    const std::uint64_t sent = scene.sent();
    expect_refused(scene, row, before);
    EXPECT_EQ(scene.sent(), sent) << "it was transferred twice";
    scene.publish(2);
    const RunResult healthy = scene.machine.apply();
    EXPECT_EQ(healthy.status, 0) << healthy.out << healthy.err;
    expect_like_clean_install(scene);
}

TEST_P(CheckRows, LeaveWhatMustStay) { expect_check_row(GetParam(), Over::version_one); }
TEST_P(CheckRows, LeaveNothingWhereNothingWas) { expect_check_row(GetParam(), Over::nothing); }

class CheckText : public testing::TestWithParam<CheckRow> {};

TEST_P(CheckText, IsAsInTheGoldenFile) {
    Scene scene;
    prepare(scene);
    scene.install(1);
    publish_faulty(scene, GetParam().body);
    expect_golden(GetParam().name, scene.machine);
}

std::vector<CheckRow> with_golden_text() {
    std::vector<CheckRow> golden = rows;
    std::erase_if(golden, [](const CheckRow& row) { return !row.golden; });
    return golden;
}

INSTANTIATE_TEST_SUITE_P(Fault, CheckText, testing::ValuesIn(with_golden_text()), name_of_check);
INSTANTIATE_TEST_SUITE_P(Fault, CheckRows, testing::ValuesIn(rows), name_of_check);

TEST(CheckFault, ThatHangsEndsAfterThirtySeconds) {
    Scene scene;
    prepare(scene);
    scene.install(1);
    publish_faulty(scene, "trap '' TERM INT HUP; echo waiting; sleep 603.25; sleep 603.25");
    const State before = state_of(scene);
    const auto begun = std::chrono::steady_clock::now();
    expect_golden("Row107Hangs", scene.machine);
    const auto took = std::chrono::steady_clock::now() - begun;
    EXPECT_GE(took, std::chrono::seconds(30));
    EXPECT_LT(took, std::chrono::seconds(34));
    expect_as_before(scene, before);
    expect_nothing_outside(scene);
}

/// Where programs are installed, mounted so that none can be run, as `provisor` sees it.
void mount_noexec(Scene& scene) {
    fs::create_directories(scene.machine.under("opt"));
    const std::string opt = scene.machine.under("opt").string();
    scene.machine.run_under({"unshare", "--mount", "sh", "-c",
                             "mount --bind " + opt + " " + opt +
                                 " && mount -o remount,bind,noexec " + opt + " && exec \"$@\"",
                             "sh"});
}

TEST(CheckFault, CannotBeRunOnAMountWithoutExecution) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root mounts";
    Scene scene;
    prepare(scene);
    scene.install(1);
    mount_noexec(scene);
    publish_faulty(scene, "exit 0");
    const State before = state_of(scene);
    expect_refused(scene, {"", "", {"Permission denied", "opt' is mounted noexec"}}, before);
    expect_golden("Row83Noexec", scene.machine);
}

TEST(CheckFault, OfAnotherProgramRunsOnAMountWithoutExecution) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root mounts";
    Scene scene;
    scene.app_lines = "    check: [\"/bin/sh\", \"-n\", \"{staged}\"]\n";
    mount_noexec(scene);
    scene.publish(2);
    scene.origin.serve("/app", page("#!/bin/sh\nif then\n" + program(2), "\"bad\""));
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.told.at("app").kind, "check");
    EXPECT_THAT(run.told.at("app").message, HasSubstr("Syntax error"));
    scene.origin.serve("/app", page("#!/bin/sh\nexit 0\n", "\"good\""));
    EXPECT_EQ(scene.machine.apply().status, 0);
    EXPECT_EQ(read_text(scene.target()), "#!/bin/sh\nexit 0\n");
}

} // namespace
} // namespace provisor::test
