// SPDX-License-Identifier: Apache-2.0
#include "install/observe.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "install/accounts.hpp"
#include "install/attributes.hpp"
#include "install/target.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>

namespace provisor {
namespace {

constexpr std::int64_t nanoseconds = 1'000'000'000;

Fingerprint fingerprint_of(const struct stat& facts) {
    return {facts.st_dev, facts.st_ino, static_cast<std::uint64_t>(facts.st_size),
            facts.st_mtim.tv_sec * nanoseconds + facts.st_mtim.tv_nsec,
            facts.st_ctim.tv_sec * nanoseconds + facts.st_ctim.tv_nsec};
}

std::string kind_of(mode_t mode) {
    if (S_ISLNK(mode))
        return "a symbolic link; provisor does not write through links: name the file it points "
               "to, or remove the link";
    if (S_ISDIR(mode))
        return "a directory";
    if (S_ISFIFO(mode))
        return "a FIFO";
    if (S_ISSOCK(mode))
        return "a socket";
    return "a device";
}

HashedFile hash_target(const std::string& path, const Target& target, const Interrupt& interrupt) {
    const Fd file = target.open();
    // The fingerprint is taken before the bytes are read: a write in between makes it stale, never
    // wrong.
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0)
        throw system_error(errno, fmt::format("look at '{}'", target.shown.string()));
    const std::string what = fmt::format("read '{}'", target.shown.string());
    return {path, fingerprint_of(facts), sha256_of_fd(file.get(), interrupt, what)};
}

} // namespace

bool target_exists(const std::string& path, const Paths& paths) {
    const std::optional<Target> target = find_target(path, paths);
    return target && target->look();
}

FoundFiles observe_files(const std::vector<InstalledFile>& expected, const Paths& paths,
                         const Record& known, Rehash rehash, const Interrupt& interrupt) {
    FoundFiles found;
    for (const InstalledFile& wanted : expected) {
        const std::optional<Target> target = find_target(wanted.path, paths);
        const std::optional<struct stat> facts = target ? target->look() : std::nullopt;
        if (!facts)
            continue;
        if (!S_ISREG(facts->st_mode))
            throw Error(ErrorKind::io,
                        fmt::format("'{}' is {}", target->shown.string(), kind_of(facts->st_mode)));
        const HashedFile* seen = known.find_hashed(wanted.path);
        const bool trusted = rehash == Rehash::when_touched && seen != nullptr &&
                             seen->fingerprint == fingerprint_of(*facts);
        HashedFile hashed = trusted ? *seen : hash_target(wanted.path, *target, interrupt);
        InstalledFile actual{wanted.path, hashed.sha256, facts->st_mode & 07777, wanted.owner,
                             wanted.group};
        if (can_change_owner()) {
            const Ownership due = resolve_ownership(wanted.owner, wanted.group, paths.root);
            if (facts->st_uid != due.user)
                actual.owner = std::to_string(facts->st_uid);
            if (facts->st_gid != due.group)
                actual.group = std::to_string(facts->st_gid);
        }
        // What nobody asked for an administrator may set as he likes.
        if (!wanted.capabilities.empty())
            actual.capabilities = read_capabilities(*target);
        found.files.emplace(wanted.path, std::move(actual));
        found.hashed.push_back(std::move(hashed));
    }
    return found;
}

} // namespace provisor
