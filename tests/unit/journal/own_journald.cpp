// SPDX-License-Identifier: Apache-2.0
#include "unit/journal/own_journald.hpp"

#include <array>
#include <cstring>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor::test {
namespace {

constexpr int cannot_be_tested = 77;

/// Hides the machine's /run in this process and listens where journald would; -1 without the right
/// to.
int take_journalds_place() {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", "/run", "tmpfs", 0, nullptr) != 0)
        return -1;
    ::mkdir("/run/systemd", 0755);
    ::mkdir("/run/systemd/journal", 0755);
    const int listener = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, "/run/systemd/journal/socket", sizeof address.sun_path - 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return ::bind(listener, generic, sizeof address) == 0 ? listener : -1;
}

[[noreturn]] void be_the_child(const std::function<std::string(int)>& body, int report) {
    const int listener = take_journalds_place();
    if (listener < 0)
        ::_exit(cannot_be_tested);
    const std::string wrong = body(listener);
    [[maybe_unused]] const ssize_t told = ::write(report, wrong.data(), wrong.size());
    ::_exit(0);
}

} // namespace

std::string next_entry(int listener) {
    std::string entry(65536, '\0');
    const ssize_t got = ::recv(listener, entry.data(), entry.size(), MSG_DONTWAIT);
    entry.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return entry;
}

void with_own_journald(const std::function<std::string(int listener)>& body) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0)
        be_the_child(body, ends[1]);
    ::close(ends[1]);
    std::string wrong(4096, '\0');
    const ssize_t got = ::read(ends[0], wrong.data(), wrong.size());
    wrong.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == cannot_be_tested)
        GTEST_SKIP() << "no right to have mounts of one's own";
    EXPECT_EQ(status, 0);
    EXPECT_EQ(wrong, "");
}

} // namespace provisor::test
