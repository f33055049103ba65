// SPDX-License-Identifier: Apache-2.0
#include "faults/power/disk.hpp"

#include "base/fd.hpp"
#include "faults/own_namespace.hpp"
#include "support/shell.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>
#include <utility>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

std::string problem(const std::string& what) { return what + ": " + std::strerror(errno); }

/// A loop device in front of the image, which goes when nobody uses it any more.
std::pair<Fd, int> attach(const fs::path& image) {
    const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    const Fd file(::open(image.c_str(), O_RDWR | O_CLOEXEC));
    if (!control || !file)
        throw NoNamespace(problem("no loop device"));
    constexpr int tries = 50;
    for (int i = 0; i < tries; ++i) {
        const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
        Fd device(::open(("/dev/loop" + std::to_string(number)).c_str(), O_RDWR | O_CLOEXEC));
        if (number < 0 || !device)
            throw NoNamespace(problem("no loop device"));
        loop_config config{};
        config.fd = static_cast<__u32>(file.get());
        config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
        if (::ioctl(device.get(), LOOP_CONFIGURE, &config) == 0)
            return {std::move(device), number};
        // Somebody else took it meanwhile.
        if (errno != EBUSY)
            break;
    }
    throw NoNamespace(problem("no loop device can be set up"));
}

} // namespace

const std::vector<DiskKind>& disk_kinds() {
    static const std::vector<DiskKind> all{
        {"ext4", "ext4", "mkfs.ext4 -q -F", 64 * mebibyte, "commit=600"},
        // What is renamed over a file is not written to disk of its own accord.
        {"ext4-bare", "ext4", "mkfs.ext4 -q -F", 64 * mebibyte, "commit=600,noauto_da_alloc"},
        {"xfs", "xfs", "mkfs.xfs -q -f -m reflink=0 -l size=64m", 320 * mebibyte, "nouuid"},
        {"btrfs", "btrfs", "mkfs.btrfs -q -f -m single", 128 * mebibyte, "commit=600"},
    };
    return all;
}

Disk::Disk(const DiskKind& kind, fs::path image) : kind_(kind), image_(std::move(image)) {
    bool done = ::truncate(image_.c_str(), 0) == 0 || errno == ENOENT;
    const Fd file(::open(image_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    done = done && file && ::ftruncate(file.get(), static_cast<off_t>(kind.size)) == 0;
    const std::string said =
        shell("export PATH=$PATH:/usr/sbin:/sbin; " + std::string(kind.format) + " '" +
                  image_.string() + "' && fallocate --dig-holes '" + image_.string() + "'",
              done);
    if (!done)
        throw NoNamespace(kind_.name + (": " + said));
}

Disk::~Disk() {
    if (!folder_.empty())
        ::umount2(folder_.c_str(), MNT_DETACH);
}

void Disk::mount(const fs::path& folder, const std::string& more_options) {
    const auto [loop, number] = attach(image_);
    const std::string device = "loop" + std::to_string(number);
    std::string options = kind_.options;
    if (!more_options.empty())
        options += "," + more_options;
    if (::mount(("/dev/" + device).c_str(), folder.c_str(), kind_.type, MS_NOATIME,
                options.c_str()) != 0)
        throw NoNamespace(
            problem(std::string("no ") + kind_.type + " can be mounted (" + options + ")"));
    device_ = device;
    folder_ = folder;
}

void Disk::unmount() {
    if (folder_.empty())
        return;
    if (::umount2(folder_.c_str(), 0) != 0)
        throw std::runtime_error(problem("umount " + folder_.string()));
    folder_.clear();
    device_.clear();
}

void keep_mounts_private() {
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        throw NoNamespace(problem("mounts are not private"));
}

std::string why_missing(const DiskKind& kind) {
    return in_own_namespace(CLONE_NEWNS, [&] {
        keep_mounts_private();
        const TemporaryFolder folder;
        fs::create_directory(folder / "mounted");
        Disk disk(kind, folder / "image");
        disk.mount(folder / "mounted");
        disk.unmount();
    });
}

} // namespace provisor::test
