// SPDX-License-Identifier: Apache-2.0
#include "pass/lock.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>

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

} // namespace provisor
