// SPDX-License-Identifier: Apache-2.0
#include "local/confinement/attempts.hpp"

#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace provisor::test {
namespace {

constexpr int socket_to_agent = 3;

long open_with(const std::string& path, int flags) { return ::open(path.c_str(), flags, 0666); }

long open_for_writing_by_openat2(const Quarry& quarry) {
    open_how how{};
    how.flags = O_WRONLY;
    return ::syscall(SYS_openat2, AT_FDCWD, quarry.file.c_str(), &how, sizeof how);
}

long give_away(const Quarry& quarry) { return ::chown(quarry.file.c_str(), 12345, 12345); }

long execute(const Quarry&) {
    char name[] = "true";
    char* arguments[] = {name, nullptr};
    char* environment[] = {nullptr};
    return ::execve("/bin/true", arguments, environment);
}

long execute_open_file(const Quarry&) {
    char name[] = "true";
    char* arguments[] = {name, nullptr};
    char* environment[] = {nullptr};
    const int program = ::open("/bin/true", O_PATH | O_CLOEXEC);
    return ::syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
}

/// The child of a fork that was not refused.
long in_parent(long pid) {
    if (pid == 0)
        ::_exit(0);
    return pid;
}

long fork_by_clone3(const Quarry&) {
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    return in_parent(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

long memory_of(const Quarry& quarry, long number) {
    static std::array<char, 16> here;
    iovec ours{here.data(), here.size()};
    iovec theirs{quarry.memory, here.size()};
    return ::syscall(number, quarry.victim, &ours, 1, &theirs, 1, 0);
}

long limit_victim(const Quarry& quarry) {
    const rlimit none{0, 0};
    return ::prlimit(quarry.victim, RLIMIT_MSGQUEUE, &none, nullptr);
}

long take_capabilities(const Quarry&) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> wanted{};
    wanted[0].effective = wanted[0].permitted = CAP_TO_MASK(CAP_SYS_ADMIN);
    return ::syscall(SYS_capset, &header, wanted.data());
}

int client_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

long bind_port(const Quarry&) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = client_socket();
    return socket < 0 ? -1
                      : ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

long listen_for_others(const Quarry&) {
    const int socket = client_socket();
    return socket < 0 ? -1 : ::listen(socket, 1);
}

long make_bpf_map(const Quarry&) {
    bpf_attr attributes{};
    attributes.map_type = BPF_MAP_TYPE_ARRAY;
    attributes.key_size = attributes.value_size = 4;
    attributes.max_entries = 1;
    return ::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
}

long make_io_uring(const Quarry&) {
    io_uring_params parameters{};
    return ::syscall(SYS_io_uring_setup, 1, &parameters);
}

constexpr std::size_t page_size = 65536;

void* memory_for(int access) {
    return ::mmap(nullptr, page_size, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

long map_executable_memory(const Quarry&) {
    return memory_for(PROT_READ | PROT_WRITE | PROT_EXEC) == MAP_FAILED ? -1 : 0;
}

long make_memory_executable(const Quarry&) {
    return ::mprotect(memory_for(PROT_READ | PROT_WRITE), page_size, PROT_READ | PROT_EXEC);
}

long make_memory_executable_by_key(const Quarry&) {
    return ::syscall(SYS_pkey_mprotect, memory_for(PROT_READ | PROT_WRITE), page_size,
                     PROT_READ | PROT_EXEC, -1);
}

constexpr std::array forbidden{
    Attempt{"open a file for writing", [](const Quarry& q) { return open_with(q.file, O_WRONLY); }},
    Attempt{"open a file for reading and writing",
            [](const Quarry& q) { return open_with(q.file, O_RDWR); }},
    Attempt{"open a file for writing with openat2", open_for_writing_by_openat2},
    Attempt{"append to a file",
            [](const Quarry& q) { return open_with(q.file, O_WRONLY | O_APPEND); }},
    Attempt{"empty a file by opening it",
            [](const Quarry& q) { return open_with(q.file, O_RDONLY | O_TRUNC); }},
    Attempt{"make a file",
            [](const Quarry& q) { return open_with(q.folder + "/new", O_WRONLY | O_CREAT); }},
    Attempt{"make a file without a name",
            [](const Quarry& q) { return open_with(q.folder, O_RDWR | O_TMPFILE); }},
    Attempt{"shorten a file",
            [](const Quarry& q) -> long { return ::truncate(q.file.c_str(), 1); }},
    Attempt{"remove a file", [](const Quarry& q) -> long { return ::unlink(q.file.c_str()); }},
    Attempt{"remove a folder", [](const Quarry& q) -> long { return ::rmdir(q.folder.c_str()); }},
    Attempt{"rename a file",
            [](const Quarry& q) -> long {
                return ::rename(q.file.c_str(), (q.folder + "/new").c_str());
            }},
    Attempt{"give a file a second name",
            [](const Quarry& q) -> long {
                return ::link(q.file.c_str(), (q.folder + "/new").c_str());
            }},
    Attempt{"make a symbolic link",
            [](const Quarry& q) -> long {
                return ::symlink("/etc/shadow", (q.folder + "/new").c_str());
            }},
    Attempt{"make a folder",
            [](const Quarry& q) -> long { return ::mkdir((q.folder + "/new").c_str(), 0777); }},
    Attempt{"make a device",
            [](const Quarry& q) -> long {
                return ::mknod((q.folder + "/new").c_str(), S_IFCHR | 0666, 0x103);
            }},
    Attempt{"make a named pipe",
            [](const Quarry& q) -> long { return ::mkfifo((q.folder + "/new").c_str(), 0666); }},
    Attempt{"change the mode of a file",
            [](const Quarry& q) -> long { return ::chmod(q.file.c_str(), 0777); }},
    Attempt{"change the mode of what is open",
            [](const Quarry&) -> long { return ::fchmod(socket_to_agent, 0777); }},
    Attempt{"give a file away", give_away},
    Attempt{
        "set an attribute of a file",
        [](const Quarry& q) -> long { return ::setxattr(q.file.c_str(), "user.test", "x", 1, 0); }},
    Attempt{
        "set the times of a file",
        [](const Quarry& q) -> long { return ::utimensat(AT_FDCWD, q.file.c_str(), nullptr, 0); }},
    Attempt{"read /etc/shadow", [](const Quarry&) { return open_with("/etc/shadow", O_RDONLY); }},
    Attempt{"change the root folder",
            [](const Quarry& q) -> long { return ::chroot(q.folder.c_str()); }},
    Attempt{"change the folder", [](const Quarry& q) -> long { return ::chdir(q.folder.c_str()); }},

    Attempt{"start another program", execute},
    Attempt{"start an open program", execute_open_file},
    Attempt{"fork", [](const Quarry&) { return in_parent(::fork()); }},
    Attempt{"fork with clone3", fork_by_clone3},
    Attempt{"trace another process",
            [](const Quarry& q) -> long { return ::ptrace(PTRACE_SEIZE, q.victim, nullptr, 0); }},
    Attempt{"read the memory of another process",
            [](const Quarry& q) { return memory_of(q, SYS_process_vm_readv); }},
    Attempt{"write the memory of another process",
            [](const Quarry& q) { return memory_of(q, SYS_process_vm_writev); }},
    Attempt{"open the memory of another process",
            [](const Quarry& q) {
                return open_with("/proc/" + std::to_string(q.victim) + "/mem", O_RDONLY);
            }},
    Attempt{"send a signal to another process",
            [](const Quarry& q) -> long { return ::kill(q.victim, SIGURG); }},
    Attempt{"send a signal to another thread",
            [](const Quarry& q) { return ::syscall(SYS_tgkill, q.victim, q.victim, SIGURG); }},
    Attempt{"get hold of another process",
            [](const Quarry& q) { return ::syscall(SYS_pidfd_open, q.victim, 0); }},
    Attempt{"limit another process", limit_victim},

    Attempt{"become root", [](const Quarry&) -> long { return ::setresuid(0, 0, 0); }},
    Attempt{"get the group of root", [](const Quarry&) -> long { return ::setresgid(0, 0, 0); }},
    Attempt{"get further groups",
            [](const Quarry&) -> long {
                const gid_t root = 0;
                return ::setgroups(1, &root);
            }},
    Attempt{"get capabilities", take_capabilities},
    Attempt{"mount something",
            [](const Quarry& q) -> long {
                return ::mount("tmpfs", q.folder.c_str(), "tmpfs", 0, nullptr);
            }},
    Attempt{"make a user namespace",
            [](const Quarry&) -> long { return ::unshare(CLONE_NEWUSER); }},

    Attempt{"open a netlink socket",
            [](const Quarry&) -> long { return ::socket(AF_NETLINK, SOCK_RAW, 0); }},
    Attempt{"open a packet socket",
            [](const Quarry&) -> long { return ::socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)); }},
    Attempt{"open a raw socket",
            [](const Quarry&) -> long { return ::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }},
    Attempt{"take a port", bind_port},
    Attempt{"listen", listen_for_others},

    Attempt{"map executable memory", map_executable_memory},
    Attempt{"make memory executable", make_memory_executable},
    Attempt{"make memory executable with a key", make_memory_executable_by_key},

    Attempt{"use bpf", make_bpf_map},
    Attempt{"use the keys of the kernel",
            [](const Quarry&) {
                return ::syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 1);
            }},
    Attempt{"use io_uring", make_io_uring},
};
static_assert(forbidden.size() == 53);

constexpr std::array readable{
    Attempt{"read a file of others", [](const Quarry& q) { return open_with(q.file, O_RDONLY); }},
    Attempt{"list a folder of others",
            [](const Quarry& q) { return open_with(q.folder, O_RDONLY | O_DIRECTORY); }},
    Attempt{"read about another process",
            [](const Quarry& q) {
                return open_with("/proc/" + std::to_string(q.victim) + "/status", O_RDONLY);
            }},
};

} // namespace

std::span<const Attempt> forbidden_attempts() { return forbidden; }

std::span<const Attempt> attempts_on_readable_files() { return readable; }

} // namespace provisor::test
