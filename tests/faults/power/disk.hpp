// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace provisor::test {

/// A file system, as it is made and mounted.
struct DiskKind {
    const char* name;
    const char* type;    ///< for mount(2)
    const char* format;  ///< the command that makes it, without the name of its image
    std::uint64_t size;  ///< of the image
    const char* options; ///< for mount(2)
};

/// Those on which the power is cut. They keep to themselves for as long as they can what nobody
/// syncs.
const std::vector<DiskKind>& disk_kinds();

/// A file system in a file, behind a loop device. For use within in_own_namespace(CLONE_NEWNS, ...)
/// after keep_mounts_private(). What is not to be had here (no root, no loop device, no mkfs, a
/// kernel without the file system) throws NoNamespace with the reason.
class Disk {
public:
    /// Makes it in a file that is not there.
    Disk(const DiskKind& kind, std::filesystem::path image);
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;
    ~Disk();

    /// Mounts it, as it is after a crash or an orderly end, with further options for mount(2).
    void mount(const std::filesystem::path& folder, const std::string& more_options = "");
    /// An orderly end: all is written back.
    void unmount();

    const std::filesystem::path& image() const { return image_; }
    /// While it is mounted: "loop3".
    const std::string& device() const { return device_; }
    const std::filesystem::path& folder() const { return folder_; }

private:
    const DiskKind& kind_;
    std::filesystem::path image_;
    std::filesystem::path folder_;
    std::string device_;
};

/// What this thread mounts from now on nobody else sees.
void keep_mounts_private();

/// Why there is no such disk here; "" when there is one.
std::string why_missing(const DiskKind& kind);

} // namespace provisor::test
