// SPDX-License-Identifier: Apache-2.0
#include "transfer/helper_process.hpp"

#include "base/error.hpp"
#include "base/kill_process.hpp"
#include "wire/agent_socket.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>

namespace provisor {
namespace {

constexpr auto end_patience = std::chrono::milliseconds(200);

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

pid_t spawn(const HelperProgram& program, int socket) {
    SpawnSettings settings;
    posix_spawn_file_actions_addopen(&settings.actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&settings.actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&settings.actions, socket, agent_descriptor);
    // Also what some library of ours has opened without O_CLOEXEC.
    posix_spawn_file_actions_addclosefrom_np(&settings.actions, agent_descriptor + 1);
    // The daemon blocks signals and the command line ignores SIGPIPE; neither is the child's
    // business.
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&settings.attributes, &none);
    posix_spawnattr_setsigdefault(&settings.attributes, &all);
    posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string language = "LANG=C";
    char* variables[] = {language.data(), nullptr};
    std::string name = program.name;
    char* arguments[] = {name.data(), nullptr};
    pid_t pid = -1;
    if (const int problem = ::posix_spawn(&pid, program.place.c_str(), &settings.actions,
                                          &settings.attributes, arguments, variables);
        problem != 0)
        throw system_error(problem, fmt::format("start '{}'", program.place));
    return pid;
}

/// Another number for the same, out of the way of what the child has as 0 to 3.
Fd copied_away(int fd, const std::string& name) {
    Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, agent_descriptor + 1));
    if (!copy)
        throw system_error(errno, fmt::format("hand a descriptor to {}", name));
    return copy;
}

/// A connection to a socket of systemd. The units behind it are what it is told to start.
Fd connected(const HelperProgram& program) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (program.place.size() >= sizeof address.sun_path)
        throw Error(ErrorKind::io, fmt::format("connect to '{}': too long a path", program.place));
    program.place.copy(address.sun_path, sizeof address.sun_path - 1);
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const Error error = system_error(errno, fmt::format("connect to '{}'", program.place));
        throw Error(error.kind(), fmt::format("{} (`systemctl start {}.socket` should make it)",
                                              error.what(), program.name));
    }
    return socket;
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

Error nonsense(const char* what) { return {ErrorKind::io, fmt::format("it sent {}", what)}; }

HelperProcess::HelperProcess(const HelperProgram& program) : name_(program.name) {
    if (program.place.ends_with(socket_suffix)) {
        socket_ = connected(program);
        return;
    }
    std::array<int, 2> pair{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
        throw system_error(errno, fmt::format("make a socket for {}", program.name));
    socket_ = Fd(pair[0]);
    Fd theirs(pair[1]);
    if (theirs.get() <= agent_descriptor)
        theirs = copied_away(theirs.get(), program.name);
    if (::fcntl(socket_.get(), F_SETFL, O_NONBLOCK) != 0)
        throw system_error(errno, fmt::format("set up the socket for {}", program.name));
    pid_ = spawn(program, theirs.get());
}

HelperProcess::~HelperProcess() {
    socket_.close();
    if (pid_ > 0 && !await(pid_))
        end();
}

void HelperProcess::hang_up() { ::shutdown(socket_.get(), SHUT_RDWR); }

Error HelperProcess::end(const Error& error) {
    const std::string what = error.what();
    const std::string how = end();
    return {error.kind(), what.empty() ? fmt::format("{} {}", name_, how)
                                       : fmt::format("{}: {} (it {})", name_, what, how)};
}

std::string HelperProcess::end() {
    if (pid_ < 0) {
        socket_.close();
        return fmt::format("was ended; `journalctl -u '{}@*'` has what systemd knows of that",
                           name_);
    }
    // It may be ending by itself right now, and then its own status is what is wanted.
    std::optional<int> status = await(pid_);
    if (!status) {
        int killed = 0;
        kill_process(pid_);
        while (::waitpid(pid_, &killed, 0) < 0 && errno == EINTR) {
        }
        status = killed;
    }
    pid_ = -1;
    return describe(*status);
}

} // namespace provisor
