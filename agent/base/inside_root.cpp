// SPDX-License-Identifier: Apache-2.0
#include "base/inside_root.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/path_walk.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

/// The same where there is no openat2(2): before Linux 5.6, and under valgrind.
Fd open_by_walk(const fs::path& root, const fs::path& path, int flags) {
    PathWalk walk(root);
    const auto open = [&](const char* name) {
        return Fd(::openat(walk.here().get(), name, flags | O_CLOEXEC | O_NOFOLLOW));
    };
    switch (walk.go(path)) {
    case PathWalk::End::directory:
        return open(".");
    case PathWalk::End::other:
        return open(walk.file().c_str());
    case PathWalk::End::missing:
    case PathWalk::End::dangling:
        break;
    }
    errno = ENOENT;
    return {};
}

} // namespace

std::optional<fs::path> name_inside(const fs::path& root, const fs::path& path) {
    if (root.empty())
        return path;
    const fs::path relative = path.lexically_relative(root);
    if (relative.empty() || *relative.begin() == "..")
        return std::nullopt;
    return relative == "." ? fs::path("/") : "/" / relative;
}

Fd open_inside(const fs::path& root, const fs::path& path, int flags) {
    if (root.empty())
        return Fd(::open(path.c_str(), flags | O_CLOEXEC));
    const Fd base(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!base)
        return {};
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const fs::path relative = path.relative_path();
    Fd opened(static_cast<int>(::syscall(
        SYS_openat2, base.get(), relative.empty() ? "." : relative.c_str(), &how, sizeof how)));
    return opened || errno != ENOSYS ? std::move(opened) : open_by_walk(root, path, flags);
}

std::optional<std::string> read_inside(const fs::path& root, const fs::path& path,
                                       std::uint64_t limit) {
    const std::string what = fmt::format(
        "read '{}'", root.empty() ? path.string() : (root / path.relative_path()).string());
    // O_NONBLOCK: what is a FIFO there must not hold up what is done here.
    const Fd file = open_inside(root, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (file)
        return read_to_end(file.get(), limit, what);
    if (errno == ENOENT || errno == ENOTDIR)
        return std::nullopt;
    throw system_error(errno, what);
}

fs::path real_path_inside(const fs::path& root, const fs::path& path) {
    if (root.empty())
        return path;
    PathWalk walk(root);
    switch (walk.go(path)) {
    case PathWalk::End::directory:
        return walk.shown(walk.name());
    case PathWalk::End::other:
        return walk.shown(walk.name() / walk.file());
    case PathWalk::End::missing:
    case PathWalk::End::dangling:
        break;
    }
    const fs::path rest = walk.rest();
    if (std::find(rest.begin(), rest.end(), "..") != rest.end())
        throw Error(ErrorKind::io,
                    fmt::format("link '{}' leads through '{}', which is not there; make it",
                                walk.shown(walk.last_link()),
                                walk.shown(walk.name() / *rest.begin())));
    return walk.shown(walk.name() / rest);
}

} // namespace provisor
