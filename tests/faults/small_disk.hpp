// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

namespace provisor::test {

/// A file system in memory of a given size, which only a thread's own mount namespace has. That
/// something fitted in is then no matter of luck with the moment in which one looked.
class SmallDisk {
public:
    /// Mounts one on an empty folder, with room for so many files (with their folders; 0: as many
    /// as fit). For use within in_own_namespace(CLONE_NEWNS, ...).
    SmallDisk(std::filesystem::path folder, std::uint64_t size, unsigned files = 0);
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk();

    std::uint64_t free() const;
    /// From now on nothing can be written to it, or again.
    void set_read_only(bool read_only) const;
    /// The least that was free since it was made, as seen each millisecond.
    std::uint64_t least_free() const { return least_free_; }

private:
    void watch();

    std::filesystem::path folder_;
    std::atomic<std::uint64_t> least_free_;
    std::atomic<bool> over_ = false;
    std::thread watcher_;
};

} // namespace provisor::test
