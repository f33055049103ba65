// SPDX-License-Identifier: Apache-2.0
#include "units/systemctl.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"

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

constexpr auto patience = std::chrono::minutes(1);

/// The child, killed and reaped unless it was waited for.
class Child {
public:
    explicit Child(pid_t pid) : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
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

pid_t spawn(const std::vector<std::string>& arguments, int output) {
    std::vector<std::string> words{"systemctl"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    // Its messages are read here, so they must neither go to the journal nor be translated.
    std::vector<std::string> settings{"SYSTEMD_LOG_TARGET=console", "SYSTEMD_COLORS=0",
                                      "SYSTEMD_PAGER=", "LC_ALL=C.UTF-8"};
    if (const char* path = ::getenv("PATH"); path != nullptr)
        settings.push_back(std::string("PATH=") + path);
    std::vector<char*> environment;
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
        ::posix_spawnp(&pid, "systemctl", &actions, &attributes, argv.data(), environment.data());
    if (code != 0)
        throw Error(ErrorKind::unit,
                    fmt::format("start systemctl, which enables units below a root folder: {}",
                                std::strerror(code)));
    return pid;
}

std::string read_until_closed(int fd) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::string text;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd readable{fd, POLLIN, 0};
        if (left.count() <= 0)
            throw Error(ErrorKind::unit, "systemctl did not end within a minute");
        if (::poll(&readable, 1, static_cast<int>(left.count())) <= 0)
            continue;
        std::array<std::byte, 4096> buffer{};
        const std::size_t got = read_some(fd, buffer, "output of systemctl");
        if (got == 0)
            return text;
        text.append(reinterpret_cast<const char*>(buffer.data()), got);
    }
}

} // namespace

SystemctlResult run_systemctl(const std::vector<std::string>& arguments) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw system_error(errno, "pipe for systemctl");
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    Child child(spawn(arguments, writing.get()));
    writing.close();
    SystemctlResult result;
    result.output = read_until_closed(reading.get());
    result.exit_status = child.wait();
    return result;
}

} // namespace provisor
