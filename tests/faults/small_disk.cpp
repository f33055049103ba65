// SPDX-License-Identifier: Apache-2.0
#include "faults/small_disk.hpp"

#include "faults/own_namespace.hpp"

#include <algorithm>
#include <chrono>
#include <sys/mount.h>
#include <sys/statvfs.h>

namespace provisor::test {

SmallDisk::SmallDisk(std::filesystem::path folder, std::uint64_t size, unsigned files)
    : folder_(std::move(folder)), least_free_(size) {
    std::filesystem::create_directories(folder_);
    const std::string options =
        "mode=0711,size=" + std::to_string(size) + ",nr_inodes=" + std::to_string(files);
    // Without the first nobody else would be spared it.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", folder_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
        throw NoNamespace(std::string("no tmpfs can be mounted: ") + std::strerror(errno));
    watcher_ = std::thread([this] { watch(); });
}

SmallDisk::~SmallDisk() {
    over_ = true;
    watcher_.join();
    ::umount2(folder_.c_str(), MNT_DETACH);
}

std::uint64_t SmallDisk::free() const {
    struct statvfs facts {};
    if (::statvfs(folder_.c_str(), &facts) != 0)
        throw std::runtime_error("statvfs");
    return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

void SmallDisk::set_read_only(bool read_only) const {
    const auto flags = static_cast<unsigned long>(read_only ? MS_RDONLY : 0);
    if (::mount(nullptr, folder_.c_str(), nullptr, MS_REMOUNT | flags, nullptr) != 0)
        throw std::runtime_error(std::string("remount: ") + std::strerror(errno));
}

void SmallDisk::watch() {
    while (!over_) {
        least_free_ = std::min<std::uint64_t>(least_free_, free());
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

} // namespace provisor::test
