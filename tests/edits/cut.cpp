// SPDX-License-Identifier: Apache-2.0
#include "edits/cut.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <dlfcn.h>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace provisor::test {
namespace {

constexpr std::size_t never = std::numeric_limits<std::size_t>::max();
std::atomic<std::size_t> writes_left{never};
std::function<void()> say_last_words;

void before_write() {
    if (writes_left != never && writes_left-- == 0) {
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

void kill_before_write(std::size_t count, std::function<void()> last_words) {
    say_last_words = std::move(last_words);
    writes_left = count;
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
