// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch_process.hpp"

#include "base/error.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <vector>

namespace provisor {
namespace {

constexpr int child_socket = 3;
constexpr auto end_patience = std::chrono::milliseconds(200);

/// What the child may know of our environment: proxies, and nothing that could be a secret of
/// somebody else's.
std::vector<std::string> child_environment() {
    static constexpr std::array names{"http_proxy", "https_proxy", "all_proxy", "no_proxy",
                                      "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"};
    std::vector<std::string> environment{"LANG=C"};
    for (const char* name : names)
        if (const char* value = std::getenv(name))
            environment.push_back(fmt::format("{}={}", name, value));
    return environment;
}

/// posix_spawn's settings, with their owner.
struct SpawnSettings {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    SpawnSettings() {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
};

pid_t spawn(const std::string& program, int socket) {
    SpawnSettings settings;
    posix_spawn_file_actions_addopen(&settings.actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&settings.actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&settings.actions, socket, child_socket);
    // Also what some library of ours has opened without O_CLOEXEC.
    posix_spawn_file_actions_addclosefrom_np(&settings.actions, child_socket + 1);
    // The daemon blocks signals and the command line ignores SIGPIPE; neither is the child's
    // business.
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&settings.attributes, &none);
    posix_spawnattr_setsigdefault(&settings.attributes, &all);
    posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<std::string> environment = child_environment();
    std::vector<char*> variables;
    variables.reserve(environment.size() + 1);
    for (std::string& variable : environment)
        variables.push_back(variable.data());
    variables.push_back(nullptr);
    std::string name = "provisor-fetch";
    char* arguments[] = {name.data(), nullptr};
    pid_t pid = -1;
    if (const int problem = ::posix_spawn(&pid, program.c_str(), &settings.actions,
                                          &settings.attributes, arguments, variables.data());
        problem != 0)
        throw system_error(problem, fmt::format("start '{}'", program));
    return pid;
}

std::string describe(int status) {
    if (WIFSIGNALED(status))
        return fmt::format("was killed by signal {} ({})", WTERMSIG(status),
                           ::strsignal(WTERMSIG(status)));
    return fmt::format("exited with status {}", WEXITSTATUS(status));
}

/// The exit status once the child has ended by itself, at most a moment later; absent when it has
/// not.
std::optional<int> await(pid_t pid) {
    const auto deadline = std::chrono::steady_clock::now() + end_patience;
    for (;;) {
        int status = 0;
        if (::waitpid(pid, &status, WNOHANG) == pid)
            return status;
        if (std::chrono::steady_clock::now() > deadline)
            return std::nullopt;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

} // namespace

FetchProcess::FetchProcess(const std::string& program) {
    std::array<int, 2> pair{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
        throw system_error(errno, "make a socket for provisor-fetch");
    socket_ = Fd(pair[0]);
    Fd theirs(pair[1]);
    // Out of the way of what the child has as 0 to 3.
    if (theirs.get() <= child_socket)
        theirs = Fd(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, child_socket + 1));
    if (::fcntl(socket_.get(), F_SETFL, O_NONBLOCK) != 0)
        throw system_error(errno, "set up the socket for provisor-fetch");
    pid_ = spawn(program, theirs.get());
}

FetchProcess::~FetchProcess() {
    socket_.close();
    if (pid_ > 0 && !await(pid_))
        end();
}

std::string FetchProcess::end() {
    // It may be ending by itself right now, and then its own status is what is wanted.
    std::optional<int> status = await(pid_);
    if (!status) {
        int killed = 0;
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, &killed, 0) < 0 && errno == EINTR) {
        }
        status = killed;
    }
    pid_ = -1;
    return describe(*status);
}

} // namespace provisor
