// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "model/paths.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>

namespace provisor {

/// The labels that the policy of SELinux has for files by their paths: selabel_file(5). A build
/// without libselinux knows none.
class Labels {
public:
    /// Of the policy in force.
    Labels();
    /// Of a file_contexts file.
    explicit Labels(std::filesystem::path file_contexts);
    Labels(const Labels&) = delete;
    Labels& operator=(const Labels&) = delete;
    ~Labels();

    /// The label for a new file or directory (`type`: S_IFREG, S_IFDIR) at a real path; empty when
    /// the policy has none. Throws Error of kind io.
    std::string find(const std::string& path, mode_t type);
    /// Gives it that label, unless the policy has none, or its file system knows no labels. Throws
    /// Error of kind io.
    void put(const Fd& file, const std::string& path, mode_t type);

private:
    struct Policy;
    std::unique_ptr<Policy> policy_;
};

/// Those of this machine; null when SELinux is not enabled, when we are not root, and below --root:
/// the policy of an image is that of the image, which labels its files when it starts.
Labels* system_labels(const Paths& paths);

} // namespace provisor
