// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/disk_copies.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <sstream>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <thread>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

/// How much was written to a device (Documentation/block/stat.rst: the 5th number counts writes,
/// the 7th their sectors, the 9th is what is under way).
struct Traffic {
    std::string written;
    bool is_quiet = false;
};

Traffic traffic_of(const std::string& device) {
    std::ifstream text("/sys/block/" + device + "/stat");
    std::array<std::uint64_t, 9> numbers{};
    for (std::uint64_t& number : numbers)
        text >> number;
    if (!text)
        throw std::runtime_error("the traffic of " + device + " is not known");
    return {std::to_string(numbers[4]) + " " + std::to_string(numbers[6]), numbers[8] == 0};
}

Traffic traffic_of(const std::vector<TracedDisk>& disks) {
    Traffic all{"", true};
    for (const TracedDisk& disk : disks) {
        const Traffic one = traffic_of(disk.device);
        all.written += one.written + " ";
        all.is_quiet = all.is_quiet && one.is_quiet;
    }
    return all;
}

void sync_again_if_interrupted(int fd) {
    while (::fsync(fd) != 0)
        if (errno != EINTR)
            throw std::runtime_error("fsync");
}

/// One file that is synced takes the whole journal with it, but on btrfs, which has a log for it.
void commit_journal(const fs::path& folder, std::uint64_t tick) {
    const Fd file(
        ::open((folder / ".tick").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file || ::pwrite(file.get(), &tick, sizeof tick, 0) != sizeof tick)
        throw std::runtime_error("nothing can be written to " + folder.string());
    struct statfs facts {};
    if (::fstatfs(file.get(), &facts) == 0 && facts.f_type == BTRFS_SUPER_MAGIC) {
        __u64 transaction = 0;
        if (::ioctl(file.get(), BTRFS_IOC_START_SYNC, &transaction) != 0 ||
            ::ioctl(file.get(), BTRFS_IOC_WAIT_SYNC, &transaction) != 0)
            throw std::runtime_error("btrfs does not commit");
        return;
    }
    sync_again_if_interrupted(file.get());
}

} // namespace

fs::path copy_path(const fs::path& folder, std::uint64_t at, std::size_t disk) {
    return folder / (std::to_string(at) + "." + std::to_string(disk));
}

void copy_sparse(const fs::path& from, const fs::path& to) {
    const Fd in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    const Fd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const off_t size = in ? ::lseek(in.get(), 0, SEEK_END) : -1;
    if (!out || size < 0 || ::ftruncate(out.get(), size) != 0)
        throw std::runtime_error("copy " + from.string());
    std::vector<char> buffer(std::size_t{1} << 20U);
    for (off_t at = ::lseek(in.get(), 0, SEEK_DATA); at >= 0 && at < size;) {
        const off_t hole = ::lseek(in.get(), at, SEEK_HOLE);
        while (at < hole) {
            const std::size_t wanted = std::min(buffer.size(), static_cast<std::size_t>(hole - at));
            const ssize_t got = ::pread(in.get(), buffer.data(), wanted, at);
            if (got <= 0 ||
                ::pwrite(out.get(), buffer.data(), static_cast<std::size_t>(got), at) != got)
                throw std::runtime_error("no room for a copy of " + from.string());
            at += got;
        }
        at = ::lseek(in.get(), at, SEEK_DATA);
    }
}

void DiskCopier::take(std::uint64_t at) {
    if (orders_.disks.empty() || (at != 0 && !orders_.at.contains(at)))
        return;
    for (const TracedDisk& disk : orders_.disks)
        if (disk.commits)
            commit_journal(disk.folder, ++ticks_);
    // What other processes of the program sync meanwhile has an end, and copies of what changes
    // under them would be of no instant.
    for (;;) {
        const Traffic before = traffic_of(orders_.disks);
        if (before.is_quiet && before.written == written_before_ && at != 0)
            return;
        if (before.is_quiet) {
            for (std::size_t i = 0; i < orders_.disks.size(); ++i)
                copy_sparse(orders_.disks[i].image, copy_path(orders_.folder, at, i));
            const Traffic after = traffic_of(orders_.disks);
            if (after.is_quiet && after.written == before.written) {
                written_before_ = before.written;
                return;
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

} // namespace provisor::test
