// SPDX-License-Identifier: Apache-2.0
#include "edits/cut.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <dlfcn.h>
#include <limits>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor::test {
namespace {

constexpr std::size_t never = std::numeric_limits<std::size_t>::max();
std::atomic<std::size_t> writes_left{never};
std::function<void()> say_last_words;

void before_write() {
    if (writes_left != never && writes_left-- == 0) {
        writes_left = never; // what is said is not cut
        say_last_words();
        ::raise(SIGKILL);
    }
}

/// The function of the C library that one of the same name here stands before.
template <typename... Arguments>
auto next(const char* name) {
    return reinterpret_cast<int (*)(Arguments...)>(::dlsym(RTLD_NEXT, name));
}

} // namespace

bool run_cut(std::size_t count, const std::function<void()>& work,
             const std::function<void()>& last_words) {
    const pid_t child = ::fork();
    if (child < 0)
        throw std::runtime_error("fork failed");
    if (child == 0) {
        try {
            say_last_words = last_words;
            writes_left = count;
            work();
            writes_left = never;
            last_words();
            ::_exit(0);
        } catch (...) {
            ::_exit(1);
        }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    if (!killed && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        throw std::runtime_error("a process that was to be cut ended with " +
                                 std::to_string(status));
    return killed;
}

} // namespace provisor::test

// These stand before those of the C library, also for the standard library of C++.

using namespace provisor::test;

extern "C" int fsync(int file) {
    static const auto real = next<int>("fsync");
    before_write();
    return real(file);
}

extern "C" int fchmod(int file, mode_t mode) noexcept {
    static const auto real = next<int, mode_t>("fchmod");
    before_write();
    return real(file, mode);
}

extern "C" int fchown(int file, uid_t user, gid_t group) noexcept {
    static const auto real = next<int, uid_t, gid_t>("fchown");
    before_write();
    return real(file, user, group);
}

extern "C" int mkdir(const char* path, mode_t mode) noexcept {
    static const auto real = next<const char*, mode_t>("mkdir");
    before_write();
    return real(path, mode);
}

extern "C" int mkdirat(int folder, const char* path, mode_t mode) noexcept {
    static const auto real = next<int, const char*, mode_t>("mkdirat");
    before_write();
    return real(folder, path, mode);
}

extern "C" int rename(const char* from, const char* to) noexcept {
    static const auto real = next<const char*, const char*>("rename");
    before_write();
    return real(from, to);
}

extern "C" int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
    static const auto real = next<int, const char*, int, const char*>("renameat");
    before_write();
    return real(from_folder, from, to_folder, to);
}

extern "C" int unlink(const char* path) noexcept {
    static const auto real = next<const char*>("unlink");
    before_write();
    return real(path);
}

extern "C" int unlinkat(int folder, const char* path, int flags) noexcept {
    static const auto real = next<int, const char*, int>("unlinkat");
    before_write();
    return real(folder, path, flags);
}

extern "C" int remove(const char* path) noexcept {
    static const auto real = next<const char*>("remove");
    before_write();
    return real(path);
}
