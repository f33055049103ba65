// SPDX-License-Identifier: Apache-2.0
#include "base/landlock.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace provisor {
namespace {

/// linux/landlock.h of a newer kernel than Debian 12's: this asks the kernel that runs.
struct Ruleset {
    std::uint64_t handled_access_fs;
    std::uint64_t handled_access_net;
    std::uint64_t scoped;
};

/// How many rights to files each version of the interface knows, all of them numbered from 0, and
/// what it adds beside them: landlock(7), VERSIONS.
struct Version {
    unsigned file_rights;
    std::uint64_t network;
    std::uint64_t scopes;
    std::size_t size; ///< of the ruleset
};
constexpr std::uint64_t bind_tcp = 1;
constexpr std::uint64_t abstract_sockets_and_signals = 3;
constexpr std::array versions{Version{13, 0, 0, offsetof(Ruleset, handled_access_net)},
                              Version{14, 0, 0, offsetof(Ruleset, handled_access_net)},
                              Version{15, 0, 0, offsetof(Ruleset, handled_access_net)},
                              Version{15, bind_tcp, 0, offsetof(Ruleset, scoped)},
                              Version{16, bind_tcp, 0, offsetof(Ruleset, scoped)},
                              Version{16, bind_tcp, abstract_sockets_and_signals, sizeof(Ruleset)}};

void allow_reading(int ruleset, const char* path) {
    const Fd place(::open(path, O_PATH | O_CLOEXEC));
    struct stat facts {};
    if (!place || ::fstat(place.get(), &facts) != 0)
        return;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
    if (S_ISDIR(facts.st_mode))
        rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
    rule.parent_fd = place.get();
    if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        throw system_error(errno, std::string("limit what is read to '") + path + "'");
}

} // namespace

void allow_only_reading(std::span<const char* const> readable) {
    const long known =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (known < 1)
        return;
    const Version& version =
        versions.at(std::min<std::size_t>(static_cast<std::size_t>(known), versions.size()) - 1);
    const Ruleset wanted{(std::uint64_t{1} << version.file_rights) - 1, version.network,
                         version.scopes};
    const Fd ruleset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &wanted, version.size, 0)));
    if (!ruleset)
        throw system_error(errno, "limit access to files");
    for (const char* path : readable)
        allow_reading(ruleset.get(), path);
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
        throw system_error(errno, "limit access to files");
}

} // namespace provisor
