// SPDX-License-Identifier: Apache-2.0
#include "base/containment.hpp"

#include "base/contained.hpp"
#include "base/kill_process.hpp"
#include "base/system_calls.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Everything here runs between fork and exec: no memory is asked for, nothing is locked.
namespace provisor {
namespace {

using What = ContainmentReport::What;

constexpr int output_descriptor = 3;
constexpr int report_descriptor = 4;
constexpr int life_descriptor = 5;
static_assert(life_descriptor == containment_descriptors);

constexpr rlim_t most_descriptors = 256;

/// What the kernel let us have for ourselves.
struct Spaces {
    bool processes = false;
    bool mounts = false;
};

void tell(What what, int value) noexcept {
    const ContainmentReport report{what, value};
    [[maybe_unused]] const ssize_t written = ::write(report_descriptor, &report, sizeof report);
}

[[noreturn]] void give_up(What what) noexcept {
    tell(what, errno);
    ::_exit(127);
}

void write_file(const char* path, const char* text) noexcept {
    const int file = ::open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    [[maybe_unused]] const ssize_t written = ::write(file, text, std::strlen(text));
    ::close(file);
}

/// The daemon blocks signals and the command line ignores SIGPIPE; neither is our business.
void reset_signals() noexcept {
    for (int number = 1; number < NSIG; ++number)
        std::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void arrange_descriptors(const Containment& containment) noexcept {
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int standard : {0, 1, 2})
        ::dup2(nothing, standard);
    ::dup2(containment.output, output_descriptor);
    ::dup2(containment.report, report_descriptor);
    ::dup2(containment.life, life_descriptor);
    ::syscall(SYS_close_range, containment_descriptors + 1, ~0U, 0);
}

/// Each by itself where all at once is refused; a user without rights gets them only together with
/// a user name space, in which it stays who it is.
Spaces enter_spaces(const Containment& containment) noexcept {
    const int network = containment.isolated ? CLONE_NEWNET : 0;
    const int wanted = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | network;
    if (!containment.as_root) {
        // The maps of a process that must not be dumped belong to root (proc(5)); an exec is near,
        // after which it is another program's memory anyway.
        ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        if (::unshare(wanted | CLONE_NEWUSER) != 0)
            return {};
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", containment.user_map);
        write_file("/proc/self/gid_map", containment.group_map);
        return {true, true};
    }
    if (::unshare(wanted) == 0)
        return {true, true};
    const bool processes = ::unshare(CLONE_NEWPID) == 0;
    const bool mounts = ::unshare(CLONE_NEWNS) == 0;
    for (const int one : {network, CLONE_NEWIPC, CLONE_NEWUTS})
        static_cast<void>(::unshare(one));
    return {processes, mounts};
}

/// Makes all mounts read-only and without set-id bits. By number and with a struct of our own: the
/// C library has it since 2.36, the kernel since 5.12.
void make_read_only() noexcept {
    struct {
        std::uint64_t set, clear, propagation, user_namespace;
    } const attributes{0x1 /* RDONLY */ | 0x2 /* NOSUID */, 0, 0, 0};
    constexpr unsigned recursive = 0x8000;
#ifdef SYS_mount_setattr
    ::syscall(SYS_mount_setattr, AT_FDCWD, "/", recursive, &attributes, sizeof attributes);
#endif
}

/// The file system as the command sees it: nothing to write to, the sockets of /run gone, and the
/// lent file where it is to be seen, whoever may pass the folders that it lies in. False when the
/// last is not possible.
bool arrange_view(const Containment& containment, const Spaces& spaces) noexcept {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return false;
    if (spaces.processes)
        static_cast<void>(
            ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, nullptr));
    long tree = -1;
#if defined(SYS_open_tree) && defined(SYS_move_mount)
    constexpr unsigned clone_tree = 1;
    if (containment.lent != nullptr)
        tree = ::syscall(SYS_open_tree, AT_FDCWD, containment.lent, clone_tree | O_CLOEXEC);
#endif
    bool seen = false;
    ::umask(022);
    if (containment.isolated &&
        ::mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k") == 0 &&
        tree >= 0 && ::mkdir(lent_folder, 0755) == 0) {
        ::close(::open(containment.seen, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0));
#ifdef SYS_move_mount
        constexpr unsigned from_descriptor = 4;
        seen =
            ::syscall(SYS_move_mount, tree, "", AT_FDCWD, containment.seen, from_descriptor) == 0;
#endif
    }
    // Its native socket takes any field from anybody, those of the decisions of a pass as well.
    if (!containment.isolated)
        static_cast<void>(::mount("tmpfs", "/run/systemd/journal", "tmpfs", MS_NOSUID | MS_NODEV,
                                  "mode=0755,size=4k"));
    make_read_only();
    return seen;
}

bool limit_to(__rlimit_resource resource, rlim_t value) noexcept {
    const rlimit both{value, value};
    return ::setrlimit(resource, &both) == 0;
}

/// What is written to memory, and not the addresses (RLIMIT_AS): the runtimes of Go and Java
/// reserve a gigabyte of them and use none of it.
bool limit_resources_of_command() noexcept {
    return limit_to(RLIMIT_DATA, contained_memory) && limit_to(RLIMIT_FSIZE, 0) &&
           limit_to(RLIMIT_CORE, 0) && limit_to(RLIMIT_CPU, contained_time.count()) &&
           limit_to(RLIMIT_NOFILE, most_descriptors) && limit_to(RLIMIT_NPROC, contained_processes);
}

/// By number: the C library's functions change all threads of the process (nptl(7)), under a lock
/// that a thread which does not exist here may have held while this process was forked.
bool change_account(uid_t user, gid_t group) noexcept {
#ifdef SYS_setresuid32 // those without 32 take numbers of 16 bits there: setresuid(2)
    constexpr long set_groups = SYS_setgroups32;
    constexpr long set_group = SYS_setresgid32;
    constexpr long set_user = SYS_setresuid32;
#else
    constexpr long set_groups = SYS_setgroups;
    constexpr long set_group = SYS_setresgid;
    constexpr long set_user = SYS_setresuid;
#endif
    return ::syscall(set_groups, 0, nullptr) == 0 &&
           ::syscall(set_group, group, group, group) == 0 &&
           ::syscall(set_user, user, user, user) == 0;
}

bool give_up_rights(const Containment& containment) noexcept {
    if (containment.as_root && !change_account(containment.user, containment.group))
        return false;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        return false;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    return ::syscall(SYS_capset, &header, none.data()) == 0 &&
           ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           // After the change of user, which clears it: prctl(2).
           ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0;
}

[[noreturn]] void become_command(const Containment& containment, bool seen) noexcept {
    ::setsid();
    ::dup2(output_descriptor, 1);
    ::dup2(output_descriptor, 2);
    ::close(output_descriptor);
    ::close(life_descriptor);
    ::fcntl(report_descriptor, F_SETFD, FD_CLOEXEC);
    ::umask(077);
    if (::chdir("/") != 0 || !limit_resources_of_command() || !give_up_rights(containment) ||
        !restrict_program(containment.isolated ? Sockets::local : Sockets::internet))
        give_up(What::not_confined);
    reset_signals();
    char* const* words = seen ? containment.words : containment.plain_words;
    ::execve(words[0], words, containment.environment);
    give_up(What::not_executed);
}

/// Our children: what the command left, which comes to us as the reaper of all that it started.
void kill_children() noexcept {
    const int list = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    std::array<char, 4096> text{};
    const ssize_t size = list < 0 ? 0 : ::read(list, text.data(), text.size());
    ::close(list);
    const char* at = text.data();
    const char* const end = at + (size > 0 ? size : 0);
    for (pid_t pid = 0; at < end;) {
        const auto number = std::from_chars(at, end, pid);
        if (number.ec != std::errc() || number.ptr == end)
            return;
        kill_process(pid);
        at = number.ptr + 1;
    }
}

void end_all(const Spaces& spaces, pid_t command) noexcept {
    // With the first process of its name space each other one goes: pid_namespaces(7).
    if (spaces.processes)
        return;
    kill_group(command);
    const timespec moment{0, 2'000'000};
    for (pid_t pid = 0; pid >= 0; pid = ::waitpid(-1, nullptr, WNOHANG))
        if (pid == 0) {
            kill_children();
            ::nanosleep(&moment, nullptr);
        }
}

/// Parent of the command and, where there is a name space for processes, its first one.
[[noreturn]] void lead(const Containment& containment, const Spaces& spaces) noexcept {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (!spaces.processes)
        ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const bool seen = spaces.mounts && arrange_view(containment, spaces);
    // So that the end of a child ends the wait below: a handler, and open to it only there.
    struct sigaction handler {};
    handler.sa_handler = [](int) {};
    ::sigaction(SIGCHLD, &handler, nullptr);
    sigset_t children;
    sigset_t none;
    sigemptyset(&none);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &children, nullptr);
    const pid_t command = bare_fork();
    if (command == 0)
        become_command(containment, seen);
    if (command < 0)
        give_up(What::not_confined);
    ::close(output_descriptor);
    for (;;) {
        int status = 0;
        const pid_t ended = ::waitpid(-1, &status, WNOHANG);
        if (ended == command) {
            tell(What::ended, status);
            break;
        }
        if (ended > 0)
            continue;
        pollfd life{life_descriptor, POLLIN, 0};
        if (::ppoll(&life, 1, nullptr, &none) > 0)
            break;
    }
    end_all(spaces, command);
    ::_exit(0);
}

} // namespace

pid_t bare_fork() noexcept {
#ifdef PROVISOR_SANITIZED // ThreadSanitizer has locks of its own, which fork() takes care of
    return ::fork();
#else
    return ::_Fork();
#endif
}

void keep_contained(const Containment& containment) noexcept {
    reset_signals();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    ::setsid();
    arrange_descriptors(containment);
    const Spaces spaces = enter_spaces(containment);
    const pid_t leader = bare_fork();
    if (leader == 0)
        lead(containment, spaces);
    if (leader < 0)
        give_up(What::not_confined);
    for (const int one : {output_descriptor, report_descriptor, life_descriptor})
        ::close(one);
    while (::waitpid(leader, nullptr, 0) < 0 && errno == EINTR) {
    }
    ::_exit(0);
}

} // namespace provisor
