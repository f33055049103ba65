// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/rig.hpp"
#include "support/within.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <pwd.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace provisor::test {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using testing::HasSubstr;

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

/// Runs `action` once a request has reached the origin's page and its body is stalled.
class MidTransfer {
public:
    MidTransfer(Origin& origin, std::function<void()> action)
        : thread_([&origin, action = std::move(action)] {
              const auto deadline = Clock::now() + std::chrono::seconds(10);
              while (origin.log().empty() && Clock::now() < deadline)
                  std::this_thread::sleep_for(milliseconds(5));
              std::this_thread::sleep_for(milliseconds(100));
              action();
          }) {}
    MidTransfer(const MidTransfer&) = delete;
    MidTransfer& operator=(const MidTransfer&) = delete;
    ~MidTransfer() { thread_.join(); }

private:
    std::thread thread_;
};

class Process : public testing::Test {
protected:
    Process() {
        config.timeouts.stall = std::chrono::seconds(30);
        origin.serve("/app", page("content", "\"1\""));
        origin.serve("/stall", page(std::string(1000, 'x'), "\"1\"", "stall=500"));
    }
    AgentConfig config = test_config();
    Origin origin;
};

bool is_gone(int pid) { return ::kill(pid, 0) != 0; }

TEST_F(Process, IsNotStartedBeforeThereIsARequest) {
    Rig rig(config);
    EXPECT_TRUE(rig.run({}).empty());
    EXPECT_EQ(rig.transfer().fetcher_pid(), -1);
}

TEST_F(Process, HoldsNothingButItsSocket) {
    // Something that a careless library could have left open.
    const Fd careless(::open("/etc/passwd", O_RDONLY));
    ASSERT_TRUE(bool(careless));
    ::setenv("PROVISOR_TEST_SECRET", "canary", 1);
    Rig rig(config);
    ASSERT_EQ(outcome_of(rig.get(origin.url("/app?token=canary"))), "200 with 7 bytes");
    const std::string folder = "/proc/" + std::to_string(rig.transfer().fetcher_pid());
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder + "/fd")) {
        const std::string target = std::filesystem::read_symlink(entry.path()).string();
        const int number = std::stoi(entry.path().filename().string());
        if (number != 2 && !target.starts_with("socket:") && !target.starts_with("anon_inode:") &&
            !target.starts_with("pipe:"))
            files.push_back(entry.path().filename().string() + " " + target);
    }
    EXPECT_THAT(files, testing::UnorderedElementsAre("0 /dev/null", "1 /dev/null"));
    EXPECT_EQ(contents(folder + "/cmdline"), std::string("provisor-fetch\0", 15));
    EXPECT_EQ(contents(folder + "/environ").find("canary"), std::string::npos);
    ::unsetenv("PROVISOR_TEST_SECRET");
}

TEST_F(Process, GivesUpEveryPrivilegeForGood) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root has privileges to give up";
    Rig rig(config);
    ASSERT_EQ(outcome_of(rig.get(origin.url("/app"))), "200 with 7 bytes");
    const int pid = rig.transfer().fetcher_pid();
    const passwd* user = ::getpwnam("provisor-fetch");
    if (user == nullptr)
        user = ::getpwnam("nobody");
    ASSERT_NE(user, nullptr);
    const std::string uid = std::to_string(user->pw_uid);
    const std::string gid = std::to_string(user->pw_gid);
    EXPECT_EQ(proc_status(pid, "Uid"), uid + "\t" + uid + "\t" + uid + "\t" + uid);
    EXPECT_EQ(proc_status(pid, "Gid"), gid + "\t" + gid + "\t" + gid + "\t" + gid);
    EXPECT_EQ(proc_status(pid, "Groups"), "");
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
        EXPECT_EQ(proc_status(pid, set), "0000000000000000") << set;
    EXPECT_EQ(proc_status(pid, "NoNewPrivs"), "1");
    const std::string limits = contents("/proc/" + std::to_string(pid) + "/limits");
    for (const char* limit : {"Max core file size", "Max file size"}) {
        const std::string line = limits.substr(limits.find(limit), 60);
        EXPECT_THAT(line, testing::ContainsRegex("size +0 +0")) << line;
    }
    struct stat facts {};
    ASSERT_EQ(::stat(("/proc/" + std::to_string(pid) + "/mem").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, 0U) << "it can be looked into by its own user";
}

TEST_F(Process, AnInterruptInTheMiddleOfATransferEndsItWithinASecond) {
    Rig rig(config);
    rig.get(origin.url("/app"));
    origin.forget();
    const int pid = rig.transfer().fetcher_pid();
    std::atomic<Clock::time_point> raised;
    const MidTransfer then(origin, [&] {
        raised = Clock::now();
        rig.interrupt().raise();
    });
    EXPECT_THROW(rig.get(origin.url("/stall")), Interrupted);
    EXPECT_LT(Clock::now() - raised.load(), within(milliseconds(1000)));
    EXPECT_TRUE(is_gone(pid)) << "it was left behind";
    EXPECT_EQ(rig.transfer().fetcher_pid(), -1);
}

TEST_F(Process, AnInterruptThatWasRaisedBeforeSendsNothing) {
    Rig rig(config);
    rig.interrupt().raise();
    EXPECT_THROW(rig.get(origin.url("/app")), Interrupted);
    EXPECT_TRUE(origin.log().empty());
}

TEST_F(Process, WhenItIsKilledTheOneWhoseAnswerItReadFailsAndTheNextRunWorks) {
    Rig rig(config);
    rig.get(origin.url("/app"));
    origin.forget();
    std::vector<TransferRequest> requests;
    requests.push_back(rig.request(origin.url("/app")));
    requests.push_back(rig.request(origin.url("/stall")));
    std::vector<TransferResult> results;
    {
        const int pid = rig.transfer().fetcher_pid();
        const MidTransfer then(origin, [pid] { ::kill(pid, SIGKILL); });
        results = rig.run(std::move(requests));
    }
    EXPECT_EQ(outcome_of(results[0]), "200 with 7 bytes");
    EXPECT_EQ(outcome_of(results[1]),
              "http: '" + origin.url("/stall") +
                  "': while it read the answer, provisor-fetch was killed by signal 9 (Killed)");
    EXPECT_TRUE(rig.progress().snapshot().running.empty());
    EXPECT_EQ(outcome_of(rig.get(origin.url("/app"))), "200 with 7 bytes");
}

TEST_F(Process, WhenItDiesBetweenTwoBatchesNobodyNotices) {
    Rig rig(config);
    rig.get(origin.url("/app"));
    const int pid = rig.transfer().fetcher_pid();
    ::kill(pid, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
    EXPECT_EQ(outcome_of(rig.get(origin.url("/app"))), "200 with 7 bytes");
    EXPECT_NE(rig.transfer().fetcher_pid(), pid);
}

TEST_F(Process, BatchesOfPassingThreadsWork) {
    // A daemon has a thread per pass, and the program dies with the thread that started it.
    Rig rig(config);
    for (int pass = 0; pass < 3; ++pass)
        std::thread([&] {
            EXPECT_EQ(outcome_of(rig.get(origin.url("/app"))), "200 with 7 bytes");
        }).join();
}

TEST_F(Process, EndsWithItsOwner) {
    int pid = -1;
    {
        Rig rig(config);
        rig.get(origin.url("/app"));
        pid = rig.transfer().fetcher_pid();
        EXPECT_FALSE(is_gone(pid));
    }
    EXPECT_TRUE(is_gone(pid));
}

TEST_F(Process, EndsWithinASecondOfAnAgentThatWasKilled) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const pid_t agent = ::fork();
    if (agent == 0) {
        Rig rig(config);
        rig.get(origin.url("/app"));
        const int pid = rig.transfer().fetcher_pid();
        if (::write(pipe[1], &pid, sizeof pid) == sizeof pid)
            rig.get(origin.url("/stall"));
        ::_exit(0);
    }
    int pid = -1;
    ASSERT_EQ(::read(pipe[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    std::this_thread::sleep_for(milliseconds(200));
    ASSERT_FALSE(is_gone(pid));
    ::kill(agent, SIGKILL);
    ::waitpid(agent, nullptr, 0);
    const auto deadline = Clock::now() + milliseconds(1000);
    // It is init's child now; where nobody reaps it, it stays as a zombie.
    while (!is_gone(pid) && !proc_status(pid, "State").starts_with("Z") && Clock::now() < deadline)
        std::this_thread::sleep_for(milliseconds(5));
    EXPECT_TRUE(is_gone(pid) || proc_status(pid, "State").starts_with("Z"));
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST_F(Process, AProgramThatIsMissingIsNamed) {
    FetchTransfer transfer("/nonexistent/provisor-fetch", config);
    Rig rig(config);
    std::vector<TransferRequest> requests;
    requests.push_back(rig.request(origin.url("/app")));
    const TransferResult result =
        std::move(transfer.run(std::move(requests), rig.interrupt(), rig.progress()).at(0));
    EXPECT_THAT(outcome_of(result), HasSubstr("io: start '/nonexistent/provisor-fetch'"));
}

TEST_F(Process, AProgramThatTalksNonsenseIsNotBelieved) {
    const TemporaryFolder folder;
    const struct {
        const char* script;
        const char* says;
    } rows[] = {{"exit 7", "provisor-fetch exited with status 7"},
                {"cat /dev/zero >&3 2>/dev/null", "malformed frame"},
                {"yes >&3 2>/dev/null", "malformed frame"},
                // end of id 0 without a head, once it was asked
                {R"(head -c 1 <&3 >/dev/null; printf '\0\0\0\0\022\0\0\0\0\0\0\0' >&3; sleep 9)",
                 "without its head"},
                // data of id 5, which nobody asked for
                {R"(printf '\0\0\0\0\021\0\0\0\5\0\0\0' >&3; sleep 9)", "what it was not asked"},
                {R"(printf '\377\377\377\377\020\0\0\0\0\0\0\0' >&3; sleep 9)", "malformed frame"}};
    for (const auto& row : rows) {
        write_text(folder / "fetch", std::string("#!/bin/sh\n") + row.script + "\n");
        std::filesystem::permissions(folder / "fetch", std::filesystem::perms::owner_all);
        FetchTransfer transfer((folder / "fetch").string(), config);
        Rig rig(config);
        std::vector<TransferRequest> requests;
        requests.push_back(rig.request(origin.url("/app")));
        const TransferResult result =
            std::move(transfer.run(std::move(requests), rig.interrupt(), rig.progress()).at(0));
        EXPECT_THAT(outcome_of(result), HasSubstr("io: ")) << row.script;
        EXPECT_THAT(outcome_of(result), HasSubstr(row.says)) << row.script;
    }
}

TEST_F(Process, WithoutAnAgentItDoesNothing) {
    const int status = std::system(PROVISOR_FETCH " 2>/dev/null 3<&-");
    EXPECT_EQ(WEXITSTATUS(status), 2);
}

} // namespace
} // namespace provisor::test
