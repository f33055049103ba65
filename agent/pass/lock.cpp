// SPDX-License-Identifier: Apache-2.0
#include "pass/lock.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace provisor {
namespace {

/// flock knows no time limit and no second thing to wait for, so waiting is asking again; a fifth
/// of a second is nothing against the length of the pass that is waited for.
constexpr int wait_step_ms = 200;

} // namespace

std::optional<PassLock> PassLock::acquire(const Paths& paths, Wait wait,
                                          const Interrupt& interrupt) {
    make_directories(paths.run_dir, 0755, Durable::no);
    const std::filesystem::path path = paths.run_dir / "lock";
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file)
        throw system_error(errno, fmt::format("open lock '{}'", path.string()));
    while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK)
            throw system_error(errno, fmt::format("lock '{}'", path.string()));
        if (wait == Wait::no)
            return std::nullopt;
        pollfd stop{interrupt.fd(), POLLIN, 0};
        ::poll(&stop, 1, wait_step_ms);
        interrupt.check();
    }
    return PassLock(std::move(file));
}

std::optional<int> PassLock::holder(const Paths& paths) {
    struct stat facts {};
    if (::stat((paths.run_dir / "lock").c_str(), &facts) != 0)
        return std::nullopt;
    const std::string file =
        fmt::format("{:02x}:{:02x}:{}", major(facts.st_dev), minor(facts.st_dev), facts.st_ino);
    // "1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF" (proc(5)); "->" for one that waits.
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        std::istringstream words(line);
        std::string number;
        std::string kind;
        std::string word;
        int pid = 0;
        std::string where;
        if (words >> number >> kind >> word >> word >> pid >> where && kind == "FLOCK" &&
            where == file)
            return pid;
    }
    return std::nullopt;
}

} // namespace provisor
