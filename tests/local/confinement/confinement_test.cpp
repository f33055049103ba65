// SPDX-License-Identifier: Apache-2.0
// Somebody who has taken over provisor-fetch or provisor-unpack can do nothing to the
// machine. Where systemd starts them, their units are in the way as well
// (tests/system/stories/privileges.sh); this is what they do by themselves.
#include "base/fd.hpp"
#include "local/confinement/attempts.hpp"
#include "support/temporary_folder.hpp"
#include "wire/agent_socket.hpp"
#include "wire/handed_files.hpp"

#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/landlock.h>
#include <map>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

std::array<char, 16> memory_of_victim{};

/// A process of root's that sleeps.
class Victim {
public:
    Victim() : pid_(::fork()) {
        while (pid_ == 0)
            ::pause();
    }
    Victim(const Victim&) = delete;
    Victim& operator=(const Victim&) = delete;
    ~Victim() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    pid_t pid() const { return pid_; }
    bool lives() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

private:
    pid_t pid_;
};

class Confined : public testing::Test {
protected:
    Confined() {
        fs::permissions(scratch.path(), fs::perms::all);
        const std::size_t count = forbidden_attempts().size() + attempts_on_readable_files().size();
        for (std::size_t i = 0; i < count; ++i) {
            const fs::path file = scratch / ("file" + std::to_string(i));
            const fs::path folder = scratch / ("folder" + std::to_string(i));
            write_text(file, "content");
            fs::create_directory(folder);
            fs::permissions(file, fs::perms::all);
            fs::permissions(folder, fs::perms::all);
        }
        before = picture();
    }

    /// Names, modes, owners and contents of all that is there.
    std::map<std::string, std::string> picture() const {
        std::map<std::string, std::string> all;
        for (const auto& entry : fs::recursive_directory_iterator(scratch.path())) {
            struct stat facts {};
            EXPECT_EQ(::lstat(entry.path().c_str(), &facts), 0);
            std::ostringstream text;
            text << std::oct << facts.st_mode << ' ' << facts.st_uid << ' ' << facts.st_nlink << ' '
                 << facts.st_mtime << ' '
                 << (entry.is_regular_file() ? read_text(entry.path()) : "");
            all[entry.path().string()] = text.str();
        }
        return all;
    }

    /// Starts a probe as the agent starts its programs, hands `files` over, and returns what it
    /// tells of each attempt and need.
    std::map<std::string, std::string> run(const char* probe, const std::vector<int>& files = {},
                                           const char* mode = "confined") {
        std::array<int, 2> pair{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
        const Fd ours(pair[0]);
        Fd theirs(pair[1]);
        std::ostringstream address;
        address << static_cast<const void*>(memory_of_victim.data());
        std::vector<std::string> words{
            probe,         scratch.path().string(), std::to_string(victim.pid()),
            address.str(), std::to_string(port()),  mode};
        std::vector<char*> arguments;
        for (std::string& word : words)
            arguments.push_back(word.data());
        arguments.push_back(nullptr);
        const pid_t pid = ::fork();
        if (pid == 0) {
            const int away = ::fcntl(theirs.get(), F_DUPFD, agent_descriptor + 1);
            if (::dup2(away, agent_descriptor) == agent_descriptor)
                ::execv(probe, arguments.data());
            ::_exit(98);
        }
        theirs.close();
        if (!files.empty())
            hand_over_files(ours.get(), files);
        std::map<std::string, std::string> told = read_lines(ours.get());
        int status = 0;
        ::waitpid(pid, &status, 0);
        told["exit"] = std::to_string(status);
        return told;
    }

    int port() const {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
        return ntohs(address.sin_port);
    }

    /// All are refused, and nothing has come of them.
    void expect_refused(const std::map<std::string, std::string>& told) const {
        std::size_t refused = 0;
        for (const Attempt& attempt : forbidden_attempts()) {
            const auto line = told.find(attempt.name);
            const std::string result = line == told.end() ? "nothing was told" : line->second;
            const bool is_refused =
                result == "EPERM" || result == "EACCES" ||
                // As if the kernel had no such call, so that another is tried.
                (result == "ENOSYS" && attempt.name == std::string("fork with clone3"));
            EXPECT_TRUE(is_refused) << attempt.name << ": " << result;
            refused += is_refused ? 1 : 0;
        }
        EXPECT_EQ(refused, 53U);
        EXPECT_EQ(told.at("exit"), "0");
        EXPECT_EQ(picture(), before);
        EXPECT_TRUE(victim.lives());
    }

    static std::map<std::string, std::string> read_lines(int socket) {
        std::string text;
        std::array<char, 4096> part{};
        for (ssize_t got = 0; (got = ::recv(socket, part.data(), part.size(), 0)) > 0;)
            text.append(part.data(), static_cast<std::size_t>(got));
        std::map<std::string, std::string> lines;
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);)
            lines[line.substr(0, line.find(": "))] = line.substr(line.find(": ") + 2);
        return lines;
    }

    static Fd listening() {
        Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(socket.get(), 8), 0);
        return socket;
    }

    const TemporaryFolder scratch;
    const Victim victim;
    const Fd listener = listening();
    std::map<std::string, std::string> before;
};

TEST_F(Confined, AFetcherThatWasTakenOverIsRefusedFiftyThings) {
    const auto told = run(PROBE_FETCH);
    expect_refused(told);
    for (const char* need :
         {"read what is trusted", "look a name up", "connect to an origin", "start a thread"})
        EXPECT_EQ(told.count(need) == 1 ? told.at(need) : "not told", "works") << need;
}

TEST_F(Confined, AnUnpackerThatWasTakenOverIsRefusedFiftyThings) {
    const Fd artifact(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const Fd dictionary(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const auto told = run(PROBE_UNPACK, {artifact.get(), dictionary.get()});
    expect_refused(told);
    for (const char* need : {"read the artifact", "read the dictionary", "use memory"})
        EXPECT_EQ(told.count(need) == 1 ? told.at(need) : "not told", "works") << need;
    for (const Attempt& attempt : attempts_on_readable_files())
        EXPECT_EQ(told.at(attempt.name), "EPERM") << attempt.name;
}

TEST_F(Confined, AFetcherReadsNothingOfOthersEvenIfEverybodyMay) {
    if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
        GTEST_SKIP() << "this kernel has no Landlock";
    const auto told = run(PROBE_FETCH);
    for (const Attempt& attempt : attempts_on_readable_files())
        EXPECT_EQ(told.at(attempt.name), "EACCES") << attempt.name;
}

/// Else they would prove nothing.
TEST_F(Confined, WithoutConfinementTheAttemptsSucceed) {
    const auto told = run(PROBE_FETCH, {}, "free");
    if (::geteuid() != 0 || told.count("no namespaces") != 0)
        GTEST_SKIP() << "not everything is allowed here";
    std::size_t done = 0;
    std::string others;
    for (const Attempt& attempt : forbidden_attempts()) {
        done += told.at(attempt.name) == "done" ? 1 : 0;
        if (told.at(attempt.name) != "done")
            others += std::string(attempt.name) + ": " + told.at(attempt.name) + "; ";
    }
    // A few things are not in every kernel and on every file system.
    EXPECT_GE(done, 48U) << others;
    std::printf("%zu of 53 succeed without confinement. %s\n", done, others.c_str());
    for (const Attempt& attempt : attempts_on_readable_files())
        EXPECT_EQ(told.at(attempt.name), "done") << attempt.name;
    EXPECT_NE(picture(), before);
}

} // namespace
} // namespace provisor::test
