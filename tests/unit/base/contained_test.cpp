// SPDX-License-Identifier: Apache-2.0
// Commands of strangers as processes of our own: what they may not do, and that nothing of them
// stays.
#include "base/contained_process.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/privileges.hpp"
#include "base/system_calls.hpp"
#include "support/temporary_folder.hpp"
#include "support/within.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using End = CommandResult::End;
using test::read_text;
using test::TemporaryFolder;
using test::write_text;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

bool is_root() { return ::geteuid() == 0; }

/// "sleep 600.PID": nobody else's, who runs the same tests at the same time.
const std::string nap = "sleep 600." + std::to_string(::getpid());
const std::string lent_name = "app-" + std::to_string(::getpid());
const std::string seen = std::string(lent_folder) + "/" + lent_name;

/// Whether a process with this in its command line is there.
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

class Contained : public testing::Test {
protected:
    /// A script in a folder that only we may enter, lent to the command.
    ContainedCommand script(const std::string& text) {
        const fs::path file = folder / "staged";
        fs::remove(file);
        write_text(file, "#!/bin/sh\n" + text + "\n");
        EXPECT_TRUE(!is_root() || ::chown(file.c_str(), static_cast<uid_t>(-1),
                                          find_account(command_account).group) == 0);
        fs::permissions(file, fs::perms(0550));
        ContainedCommand command{"check-app", "a test", {lent_word}, LentFile{file, lent_name}};
        command.timeout = 20s;
        return command;
    }
    CommandResult run(const std::string& text) {
        return run_contained_process(script(text), interrupt);
    }

    TemporaryFolder folder;
    Interrupt interrupt;
};

TEST_F(Contained, RunsWhatItIsLentUnderANameOfItsOwn) {
    ContainedCommand command = script("echo \"$0 $*\"; echo to stderr >&2; exit 3");
    command.words = {lent_word, "--file={staged}", "a b"};
    const CommandResult result = run_contained_process(command, interrupt);
    EXPECT_EQ(describe(result), "exit status 3");
    EXPECT_FALSE(result.good());
    EXPECT_EQ(result.output, seen + " --file=" + seen + " a b\nto stderr\n");
    EXPECT_EQ(result.output_size, result.output.size());
}

TEST_F(Contained, IsGoodWithExitStatusZeroAlone) {
    EXPECT_TRUE(run("exit 0").good());
    EXPECT_FALSE(run("exit 1").good());
    EXPECT_FALSE(run("kill -TERM $$").good());
}

/// As `provisor --user` is: without rights, and with its memory closed against dumps.
TEST_F(Contained, StaysWhoItIsWhenItIsStartedByAUserWhoseMemoryMustNotBeDumped) {
    constexpr uid_t somebody = 1234;
    const pid_t child = ::fork();
    if (child == 0) {
        if (is_root() && (::setresgid(somebody, somebody, somebody) != 0 ||
                          ::setresuid(somebody, somebody, somebody) != 0))
            ::_exit(2);
        forbid_core_dumps();
        ContainedCommand command{"check-app", "a test", {"/usr/bin/id", "-u"}, {}};
        command.timeout = 20s;
        const CommandResult result = run_contained_process(command, interrupt);
        ::_exit(result.good() && result.output == std::to_string(::geteuid()) + "\n" ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST_F(Contained, IsNobodyInParticularAndCanBecomeNobodyElse) {
    const CommandResult result =
        run("id -u; grep -E 'CapPrm|CapEff|NoNewPrivs|Groups' /proc/self/status");
    const std::string uid =
        std::to_string(is_root() ? find_account(command_account).user : ::geteuid());
    EXPECT_THAT(result.output, testing::StartsWith(uid + "\n"));
    EXPECT_THAT(result.output, HasSubstr("CapPrm:\t0000000000000000"));
    EXPECT_THAT(result.output, HasSubstr("CapEff:\t0000000000000000"));
    EXPECT_THAT(result.output, HasSubstr("NoNewPrivs:\t1"));
    if (is_root()) {
        EXPECT_NE(uid, "0");
        EXPECT_THAT(result.output, Not(HasSubstr("Groups:\t0")));
    }
}

TEST_F(Contained, HasAnEnvironmentAndDescriptorsThatTellNothing) {
    ::setenv("SECRET", "canary", 1);
    const Fd left_open(::open("/dev/null", O_RDONLY)); // not O_CLOEXEC
    const CommandResult result = run("env | sort | grep -v ^_= ; pwd; exec ls /proc/self/fd");
    ::unsetenv("SECRET");
    // ls reads the folder as 3.
    EXPECT_EQ(result.output,
              "HOME=/\nLANG=C.UTF-8\n"
              "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/\n/\n"
              "0\n1\n2\n3\n");
}

TEST_F(Contained, ThatIsKilledIsToldWithItsSignal) {
    EXPECT_EQ(describe(run("kill -SEGV $$")), "killed by signal 11 (Segmentation fault)");
}

TEST_F(Contained, ThatHangsEndsAtItsTimeout) {
    ContainedCommand command =
        script("trap '' TERM INT; echo begun; while :; do " + nap + "; done");
    command.timeout = 500ms;
    const auto begun = std::chrono::steady_clock::now();
    const CommandResult result = run_contained_process(command, interrupt);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, test::within(3s));
    EXPECT_EQ(describe(result), "timed out after 500ms");
    EXPECT_EQ(result.output, "begun\n") << "what it had printed until then is kept";
    EXPECT_FALSE(runs(nap));
}

TEST_F(Contained, LeavesNothingRunning) {
    const CommandResult result = run("setsid " + nap +
                                     " >/dev/null 2>&1 </dev/null & (setsid "
                                     "setsid " +
                                     nap + " &) ; sleep 0.1");
    EXPECT_TRUE(result.good()) << describe(result) << result.output;
    EXPECT_FALSE(runs(nap));
}

TEST_F(Contained, ThatMultipliesWithoutEndIsEndedWithAllOfIt) {
    ContainedCommand command = script("f() { f | f & }; f; " + nap);
    command.timeout = 1s;
    const auto begun = std::chrono::steady_clock::now();
    const CommandResult result = run_contained_process(command, interrupt);
    EXPECT_FALSE(result.good());
    EXPECT_LT(std::chrono::steady_clock::now() - begun, test::within(6s));
    EXPECT_FALSE(runs((folder / "staged").string()));
    EXPECT_FALSE(runs(seen));
}

TEST_F(Contained, ThatFloodsItsOutputIsEnded) {
    const auto begun = std::chrono::steady_clock::now();
    const CommandResult result = run("yes 'no end " + lent_name + "'");
    EXPECT_EQ(describe(result), "ended because it printed more than 1.0 MiB");
    EXPECT_EQ(result.output.size(), contained_output_kept);
    EXPECT_LE(result.output_size, contained_output_limit + 16 * 1024);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, test::within(5s));
    EXPECT_FALSE(runs("yes no end " + lent_name));
}

TEST_F(Contained, PrintsMuchWithoutHarm) {
    const CommandResult result = run("head -c 500000 /dev/zero; exit 0");
    EXPECT_TRUE(result.good()) << describe(result);
    EXPECT_EQ(result.output.size(), contained_output_kept);
    EXPECT_EQ(result.output_size, 500'000U);
}

TEST_F(Contained, WritesNoFile) {
    const std::string places =
        folder.path().string() + " /tmp /var/tmp /dev/shm /run /run/staged .";
    const CommandResult result =
        run("for d in " + places +
            "; do echo x 2>/dev/null >$d/provisor-was-here && echo wrote in $d; done; "
            "echo x 2>/dev/null >>$0 && echo wrote to itself; rm -f $0; exit 5");
    EXPECT_EQ(describe(result), "exit status 5");
    EXPECT_EQ(result.output.find("wrote"), std::string::npos) << result.output;
    for (const char* place : {"/tmp", "/var/tmp", "/dev/shm", "/run", "/"})
        EXPECT_FALSE(fs::exists(fs::path(place) / "provisor-was-here")) << place;
    EXPECT_TRUE(fs::exists(folder / "staged"));
    EXPECT_FALSE(fs::exists("/run/staged"));
}

TEST_F(Contained, CannotKillUs) {
    const std::string us = std::to_string(::getpid());
    const CommandResult result =
        run("kill -KILL $PPID; kill -KILL 1; kill -KILL " + us + "; exit 4");
    EXPECT_EQ(describe(result), "exit status 4") << result.output;
}

TEST_F(Contained, ReachesNoNetwork) {
    const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
    ContainedCommand command = script("");
    command.words = {"/bin/bash", "-c",
                     "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(ntohs(address.sin_port))};
    const CommandResult result = run_contained_process(command, interrupt);
    EXPECT_FALSE(result.good());
    EXPECT_THAT(result.output, AnyOf(HasSubstr("not permitted"), HasSubstr("bash")));
    EXPECT_EQ(::accept(listener.get(), nullptr, nullptr), -1) << "somebody has connected";
}

TEST_F(Contained, ReachesThisMachineWhenItMay) {
    const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
    ContainedCommand command = script("");
    command.lent.reset();
    command.reach = Reach::this_machine;
    command.words = {"/bin/bash", "-c",
                     "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(ntohs(address.sin_port))};
    const CommandResult result = run_contained_process(command, interrupt);
    EXPECT_TRUE(result.good()) << describe(result) << result.output;
    const Fd accepted(::accept(listener.get(), nullptr, nullptr));
    EXPECT_TRUE(accepted);
    command.words = {"/usr/bin/perl", "-e", "socket(S, 17, 3, 0) and exit 0; print $!; exit 9"};
    EXPECT_EQ(describe(run_contained_process(command, interrupt)), "exit status 9") << "no packets";
}

TEST_F(Contained, HasLittleMemory) {
    ContainedCommand command = script("");
    command.words = {"/usr/bin/perl", "-e", "$x = 'a' x (400 << 20); print 'got it'"};
    const CommandResult result = run_contained_process(command, interrupt);
    EXPECT_FALSE(result.good());
    EXPECT_THAT(result.output, Not(HasSubstr("got it")));
}

TEST_F(Contained, EndsWithAnInterruptWithinASecond) {
    const ContainedCommand command = script(nap);
    std::thread later([&] {
        std::this_thread::sleep_for(200ms);
        interrupt.raise();
    });
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THROW(run_contained_process(command, interrupt), Interrupted);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, test::within(1200ms));
    later.join();
    EXPECT_FALSE(runs(nap));
}

TEST_F(Contained, ThatIsNotThereIsToldSo) {
    ContainedCommand command = script("");
    command.words = {"/is/not/there", "--version"};
    const CommandResult result = run_contained_process(command, interrupt);
    EXPECT_EQ(describe(result), "could not be started: '/is/not/there': No such file or directory");
    EXPECT_FALSE(result.good());
}

/// Where no name space is to be had, as in a unit with RestrictNamespaces=.
void without_spaces(const std::function<bool()>& holds) {
    EXPECT_EXIT(
        {
            const bool arranged =
                ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && restrict_program(Sockets::local);
            std::_Exit(arranged && holds() ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(Contained, LeavesNothingRunningWithoutNameSpacesEither) {
    ContainedCommand command = script("");
    command.words = {"/bin/sh", "-c",
                     "for each in 1 2 3; do (setsid setsid " + nap +
                         " >/dev/null 2>&1 &); done; sleep 0.2; exit 6"};
    command.lent.reset();
    without_spaces([&] {
        const CommandResult result = run_contained_process(command, interrupt);
        std::cerr << describe(result) << result.output << '\n';
        return describe(result) == "exit status 6" && !runs(nap);
    });
    command.words = {"/bin/sh", "-c", "f() { f | f & }; f; " + nap};
    command.timeout = 1s;
    without_spaces([&] { return !run_contained_process(command, interrupt).good() && !runs(nap); });
}

TEST_F(Contained, WritesAndConnectsNowhereWithoutNameSpacesEither) {
    ContainedCommand command = script("");
    command.lent.reset();
    command.words = {
        "/bin/sh", "-c",
        "(echo x >/tmp/provisor-was-here) 2>/dev/null && exit 1; rm -f /tmp/provisor-was-here; "
        "bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' 2>&1; exit 6"};
    without_spaces([&] {
        const CommandResult result = run_contained_process(command, interrupt);
        std::cerr << describe(result) << result.output << '\n';
        return describe(result) == "exit status 6" &&
               result.output.find("refused") == std::string::npos;
    });
}

// A process that is made while another thread holds a lock of the C library must not need it.
TEST_F(Contained, SideBySideEndsAsEachByItself) {
    ContainedCommand command{"health-app", "a test", {"/bin/true"}};
    command.timeout = 5s;
    const std::vector<ContainedCommand> commands(8, command);
    for (int round = 0; round < 30; ++round)
        for (const CommandResult& result : run_contained_processes(commands, interrupt))
            ASSERT_TRUE(result.good()) << describe(result) << " in round " << round;
}

TEST(ShownOutput, IsOneLineOfWhatCanBeShown) {
    CommandResult result;
    EXPECT_EQ(shown_output(result), "");
    result.output = "\n  \nfirst\r\n\x1b[31mred\x1b[0m\n\xe2\x80\xae\nlast";
    result.output_size = result.output.size();
    EXPECT_EQ(shown_output(result), "first | \\x1b[31mred\\x1b[0m | \\xe2\\x80\\xae | last");
}

TEST(ShownOutput, StaysBelowWhatTheJournalShowsOfAField) {
    CommandResult result;
    result.output = std::string(4096, '\x1b');
    result.output_size = 1 << 20;
    const std::string shown = shown_output(result);
    EXPECT_LE(shown.size(), 3 * 1024 + 8);
    EXPECT_THAT(shown, testing::EndsWith("…"));
    result.output = "a\n";
    EXPECT_EQ(shown_output(result), "a…") << "there was more";
}

} // namespace
} // namespace provisor
