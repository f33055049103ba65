// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace provisor::test {

/// A mounted file system that lies in a file, the image, behind a loop device.
struct TracedDisk {
    std::filesystem::path image;
    std::string device; ///< "loop3"
    std::filesystem::path folder;
    /// Before each copy its journal is brought on disk: what was renamed, made and removed is then
    /// durable, while the content of files that nobody synced is not.
    bool commits = false;
};

/// Where the power is to be cut.
struct CopyOrders {
    std::vector<TracedDisk> disks;
    std::filesystem::path folder; ///< of the copies
    std::set<std::uint64_t> at;   ///< at the entry of these calls, and always after the last one
};

/// Of the disk with this number, counted from 0, at that call; 0 is after the end.
std::filesystem::path copy_path(const std::filesystem::path& folder, std::uint64_t at,
                                std::size_t disk);

/// Copies a file with its holes.
void copy_sparse(const std::filesystem::path& from, const std::filesystem::path& to);

/// Copies images as a power cut would leave the disks: with what the kernel has written to the
/// device and without what it only has in memory.
class DiskCopier {
public:
    explicit DiskCopier(CopyOrders orders) : orders_(std::move(orders)) {}

    /// The copies for this call, when they are ordered; none when nothing was written to any disk
    /// since the last ones, of which they would be the same. At the end they are always made.
    void take(std::uint64_t at);

private:
    CopyOrders orders_;
    std::string written_before_;
    std::uint64_t ticks_ = 0;
};

} // namespace provisor::test
