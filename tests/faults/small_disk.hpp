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
    /// Mounts one on an empty folder. For use within in_own_namespace(CLONE_NEWNS, ...).
    SmallDisk(std::filesystem::path folder, std::uint64_t size);
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk();

    std::uint64_t free() const;
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
