// SPDX-License-Identifier: Apache-2.0
//
// What each command prints, for people and for programs, and its exit status, in the course of a
// machine's life. The texts are in golden/commands/, for somebody to read.
#include "faults/row.hpp"
#include "faults/scene.hpp"
#include "store/component_store.hpp"

#include <chrono>
#include <filesystem>
#include <gmock/gmock.h>
#include <thread>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class Commands : public testing::Test {
protected:
    /// Runs a command and adds what it prints to the text.
    void run(const Words& words) {
        const RunResult result = scene.machine.run(words);
        text += "$ provisor";
        for (const std::string& word : words)
            text += " " + word;
        text += "\n" + result.out;
        if (!result.err.empty())
            text += "--- stderr\n" + result.err;
        text += "=== exit status " + std::to_string(result.status) + "\n\n";
    }
    /// For people and for programs.
    void run_both(Words words) {
        run(words);
        words.insert(words.begin(), "--json");
        run(words);
    }
    void expect(const std::string& name) {
        expect_golden_text("commands/" + name, scene.machine, text);
        text.clear();
    }
    /// Notes that this version, which is installed, was found healthy: no unit runs below a root.
    void remember_healthy(int version) const {
        ComponentStore store(scene.machine.under("var/lib/provisor"));
        store.write_generations("app", {{.marker = *store.installed("app"),
                                         .version = std::to_string(version),
                                         .url = "https://example.com/app",
                                         .since = wall_clock()}});
    }
    void write_manifest(const std::string& name, const std::string& manifest) const {
        write_text(scene.machine.under("etc/provisor/components.d/" + name), manifest);
    }

    Scene scene;
    std::string text;
};

TEST_F(Commands, Check) {
    scene.publish(1);
    run_both({"check"});
    expect("check");
    write_manifest("wrong.yaml", "components:\n  app:\n    urll: https://example.com/app\n");
    write_manifest("ignored.yml", "components: {}\n");
    run_both({"check"});
    run_both({"check", scene.machine.under("etc/provisor/components.d/wrong.yaml").string()});
    expect("check_errors");
}

TEST_F(Commands, PlanAndApply) {
    scene.publish(1);
    run_both({"plan"});
    run_both({"plan", "--exit-code", "app"});
    run_both({"apply", "--dry-run"});
    run_both({"apply"});
    run_both({"apply"});
    run({"-q", "apply"});
    run({"apply", "nobody"});
    run_both({"plan", "--exit-code"});
    expect("plan_and_apply");
}

TEST_F(Commands, Status) {
    run_both({"status"});
    scene.install(1);
    run_both({"status", "--exit-code"});
    scene.publish(2, "status=404");
    run({"apply"});
    run_both({"status", "--exit-code"});
    run({"status", "beside"});
    run({"status", "nobody"});
    expect("status");
}

TEST_F(Commands, ShowAndHistory) {
    scene.publish(1);
    run_both({"show", "app"});
    scene.install(1);
    // The history is in order of seconds, then of names.
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    scene.install(2);
    run_both({"show", "app"});
    run({"show", "nobody"});
    run_both({"history"});
    run_both({"history", "app"});
    run({"history", "nobody"});
    expect("show_and_history");
}

TEST_F(Commands, HoldAndRelease) {
    scene.install(1);
    run({"hold", "app", "--reason", "until Monday"});
    run_both({"hold", "app"});
    run_both({"status"});
    scene.publish(2);
    run_both({"apply"});
    run({"release", "app"});
    run_both({"release", "app"});
    run({"hold", "nobody"});
    run({"release", "nobody"});
    run({"apply"});
    expect("hold_and_release");
}

TEST_F(Commands, Rollback) {
    scene.install(1);
    run({"rollback", "app"});
    remember_healthy(1);
    scene.install(2);
    run({"show", "app"});
    run({"rollback", "app", "--to", "7"});
    run({"rollback", "app"});
    EXPECT_TRUE(read_text(scene.target()) == program(1));
    run_both({"status"});
    run_both({"show", "app"});
    run({"apply"});
    EXPECT_TRUE(read_text(scene.target()) == program(1)) << "until it is released";
    run({"release", "app"});
    run({"apply"});
    EXPECT_TRUE(read_text(scene.target()) == program(2));
    run({"--json", "rollback", "app", "--to", "1"});
    EXPECT_TRUE(read_text(scene.target()) == program(1));
    run({"rollback", "nobody"});
    expect("rollback");
}

TEST_F(Commands, VerifyAndPrune) {
    scene.install(1);
    run_both({"verify"});
    write_text(scene.target(), "damaged");
    run_both({"verify"});
    run({"verify", "--repair"});
    EXPECT_TRUE(read_text(scene.target()) == program(1));
    fs::remove(scene.target());
    run({"--json", "verify", "--repair"});
    EXPECT_TRUE(read_text(scene.target()) == program(1));
    run({"verify", "nobody"});
    run_both({"prune"});
    expect("verify_and_prune");
}

TEST_F(Commands, Remove) {
    scene.install(1);
    run({"remove", "app"});
    EXPECT_TRUE(read_text(scene.target()) == program(1)) << "a manifest wants it";
    scene.app_name = "renamed";
    scene.app_lines = "    files: [{ path: /opt/renamed, mode: \"0750\" }]\n";
    scene.write_manifest();
    run_both({"status"});
    run({"remove", "app"});
    EXPECT_FALSE(fs::exists(scene.target()));
    run({"--json", "remove", "app"});
    run({"remove", "nobody"});
    expect("remove");
}

TEST_F(Commands, Doctor) {
    run_both({"doctor"});
    scene.install(1);
    run_both({"doctor"});
    // Errors come first, also those that are looked for last.
    write_manifest("ignored.yml", "components: {}\n");
    write_text(scene.machine.under("opt/file"), "in the way of a directory");
    scene.app_lines = "    files: [{ path: /opt/file/app }]\n";
    scene.write_manifest();
    run_both({"doctor"});
    scene.app_lines.clear();
    scene.write_manifest();
    const fs::path state = scene.machine.under("var/lib/provisor");
    fs::permissions(state, fs::perms::group_write, fs::perm_options::add);
    run_both({"doctor"});
    fs::permissions(state, fs::perms::group_write, fs::perm_options::remove);
    write_manifest("wrong.yaml", "components:\n  app:\n    urll: https://example.com/app\n");
    run_both({"doctor"});
    expect("doctor");
}

TEST_F(Commands, DoctorFindsAClockThatIsBehind) {
    if (!fs::exists("/usr/bin/faketime"))
        GTEST_SKIP() << "faketime is not installed";
    scene.machine.set_environment("NO_FAKE_STAT", "1");
    scene.machine.run_under({"faketime", "-f", "@2000-01-01 00:00:00"});
    run_both({"doctor"});
    expect("doctor_clock");
}

/// Their wording is that of the library that reads the command line, and differs with its version.
TEST_F(Commands, ThatDoNotExistAreRefusedAndChangeNothing) {
    scene.publish(1);
    const std::vector<Words> lines = {
        {"aply"}, {"apply", "--forse"}, {"--color", "sometimes", "apply"}, {"show"}, {}};
    for (const Words& words : lines) {
        const RunResult result = scene.machine.run(words);
        EXPECT_EQ(result.status, 2);
        EXPECT_EQ(result.out, "");
        EXPECT_NE(result.err, "");
    }
    EXPECT_TRUE(scene.asked().empty());
    EXPECT_FALSE(fs::exists(scene.target()));
}

TEST_F(Commands, AreAllInTheHelp) {
    const RunResult result = scene.machine.run({"--help"});
    EXPECT_EQ(result.status, 0);
    for (const char* name : {"apply", "plan", "status", "show", "rollback", "hold", "release",
                             "remove", "history", "check", "verify", "prune", "doctor", "agent"})
        EXPECT_THAT(result.out, testing::ContainsRegex(std::string("\n  ") + name + " +[A-Z]"));
    EXPECT_EQ(scene.machine.run({"--version"}).out.substr(0, 9), "provisor ");
}

} // namespace
} // namespace provisor::test
