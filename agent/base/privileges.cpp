// SPDX-License-Identifier: Apache-2.0
#include "base/privileges.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <optional>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace provisor {
namespace {

void require(bool done, const char* what) {
    if (!done)
        throw system_error(errno, what);
}

void become(const Account& account) {
    const uid_t uid = account.user;
    const gid_t gid = account.group;
    require(::setgroups(0, nullptr) == 0, "give up supplementary groups");
    require(::setresgid(gid, gid, gid) == 0, "change the group");
    require(::setresuid(uid, uid, uid) == 0, "change the user");
    if (::setresuid(0, 0, 0) == 0 || ::geteuid() == 0)
        throw Error(ErrorKind::io, "root could be had back after it was given up");
}

using CapabilitySets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

CapabilitySets capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    CapabilitySets sets{};
    require(::syscall(SYS_capget, &header, sets.data()) == 0, "look at the capabilities");
    return sets;
}

bool has_any(const CapabilitySets& sets) {
    return std::any_of(sets.begin(), sets.end(), [](const __user_cap_data_struct& part) {
        return (part.effective | part.permitted | part.inheritable) != 0;
    });
}

/// Started by an unprivileged agent it may still have capabilities of that one's unit. In a unit of
/// its own it has none, and the call that would give them up is not to be had there.
void drop_capabilities() {
    require(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0,
            "clear the ambient capabilities");
    if (!has_any(capabilities()))
        return;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    CapabilitySets none{};
    require(::syscall(SYS_capset, &header, none.data()) == 0, "give up all capabilities");
}

void limit(int resource, const char* what) {
    const rlimit none{0, 0};
    require(::setrlimit(static_cast<__rlimit_resource>(resource), &none) == 0, what);
}

/// By getpwnam_r(3): commands are started by several threads at once.
std::optional<Account> account_named(const char* name) {
    std::array<char, 16384> texts;
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name, &entry, texts.data(), texts.size(), &found) != 0 || found == nullptr)
        return std::nullopt;
    return Account{entry.pw_uid, entry.pw_gid};
}

} // namespace

Account find_account(const char* name) {
    // On a system without either (an image under construction) the kernel's overflow uid is nobody,
    // too.
    constexpr unsigned overflow = 65534;
    return account_named(name).value_or(
        account_named("nobody").value_or(Account{overflow, overflow}));
}

bool is_confined_root() {
    return ::geteuid() == 0 &&
           (capabilities()[CAP_TO_INDEX(CAP_SETUID)].effective & CAP_TO_MASK(CAP_SETUID)) == 0;
}

void forbid_core_dumps() noexcept {
#ifndef PROVISOR_SANITIZED // LeakSanitizer has to look at the memory itself, to find leaks
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void drop_privileges(const char* account, int keep) {
    const pid_t parent = ::getppid();
    require(::syscall(SYS_close_range, keep + 1, ~0U, 0) == 0, "close inherited descriptors");
    if (::geteuid() == 0)
        become(find_account(account));
    drop_capabilities();
    require(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "take no new privileges");
    require(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, "be closed to other processes");
    limit(RLIMIT_CORE, "write no core");
    limit(RLIMIT_FSIZE, "write no files");
    // An attempt to write one shall fail, not kill: standard error may be a file.
    std::signal(SIGXFSZ, SIG_IGN);
    ::umask(0777);
    // After the change of user, which clears it: prctl(2). The parent may have died in the
    // meantime.
    require(::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, "die with the parent");
    if (::getppid() != parent)
        throw Error(ErrorKind::io, "the agent is gone");
}

} // namespace provisor
