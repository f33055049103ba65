// SPDX-License-Identifier: Apache-2.0
#include "base/command.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/kill_process.hpp"
#include "base/quantity.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor {
namespace {

using Clock = std::chrono::steady_clock;

/// The child, killed and reaped unless it was waited for.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ > 0) {
            kill_process(pid_);
            wait();
        }
    }
    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

private:
    pid_t pid_;
};

pid_t spawn(std::vector<std::string> words, std::vector<std::string> settings, int output) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    settings.emplace_back("LC_ALL=C.UTF-8");
    if (const char* path = ::getenv("PATH"); path != nullptr)
        settings.push_back(std::string("PATH=") + path);
    std::vector<char*> environment;
    environment.reserve(settings.size() + 1);
    for (std::string& setting : settings)
        environment.push_back(setting.data());
    environment.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const CPtr<posix_spawn_file_actions_t, posix_spawn_file_actions_destroy> own_actions(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    const CPtr<posix_spawnattr_t, posix_spawnattr_destroy> own_attributes(&attributes);
    sigset_t none;
    sigemptyset(&none); // the daemon blocks the signals that should end a child
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

    pid_t pid = -1;
    const int code =
        ::posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environment.data());
    if (code != 0)
        throw Error(ErrorKind::io, fmt::format("start {}: {}", argv[0], std::strerror(code)));
    return pid;
}

std::string read_until_closed(int fd, const std::string& program, Duration patience) {
    const Clock::time_point deadline = Clock::now() + patience;
    std::string text;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd readable{fd, POLLIN, 0};
        if (left.count() <= 0)
            throw Error(ErrorKind::io, fmt::format("{} did not end within {}", program,
                                                   format_time_span(patience)));
        if (::poll(&readable, 1, static_cast<int>(left.count())) <= 0)
            continue;
        std::array<std::byte, 16384> buffer{};
        const std::size_t got = read_some(fd, buffer, "output of " + program);
        if (got == 0)
            return text;
        text.append(reinterpret_cast<const char*>(buffer.data()), got);
    }
}

} // namespace

ProgramRun run_command(const std::vector<std::string>& words,
                       const std::vector<std::string>& environment, Duration patience) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw system_error(errno, "pipe for " + words.front());
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    Child child(spawn(words, environment, writing.get()));
    writing.close();
    ProgramRun result;
    result.output = read_until_closed(reading.get(), words.front(), patience);
    result.exit_status = child.wait();
    return result;
}

} // namespace provisor
