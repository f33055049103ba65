// SPDX-License-Identifier: Apache-2.0
#include "install/labels.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "install/accounts.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <fmt/format.h>
#include <selinux/label.h>
#include <selinux/selinux.h>
#include <sys/stat.h>
#include <vector>

namespace provisor {
namespace {

using Handle = CPtr<selabel_handle, selabel_close>;
using Context = CPtr<char, freecon>;
using Stamp = std::vector<std::uint64_t>;

/// Changes when one of the files changes that a policy's labels come from.
Stamp stamp_of(const std::string& file_contexts) {
    Stamp stamp;
    for (const char* ending : {"", ".bin", ".local", ".homedirs", ".subs", ".subs_dist"}) {
        struct stat facts {};
        if (::stat((file_contexts + ending).c_str(), &facts) == 0)
            for (const auto part : {facts.st_ino, static_cast<ino_t>(facts.st_mtim.tv_sec),
                                    static_cast<ino_t>(facts.st_mtim.tv_nsec)})
                stamp.push_back(part);
        else
            stamp.push_back(0);
    }
    return stamp;
}

} // namespace

/// To read it takes up to a tenth of a second: kept until it changes, since a daemon outlives
/// `semanage fcontext` and updates of the policy.
struct Labels::Policy {
    std::string file_contexts; ///< empty: of the policy in force
    Handle handle;
    Stamp stamp;

    selabel_handle* open() {
        const bool is_in_force = file_contexts.empty();
        Stamp now = stamp_of(is_in_force ? ::selinux_file_context_path() : file_contexts);
        if (handle && stamp == now)
            return handle.get();
        const selinux_opt path{SELABEL_OPT_PATH, file_contexts.c_str()};
        handle.reset(::selabel_open(SELABEL_CTX_FILE, &path, is_in_force ? 0 : 1));
        if (!handle)
            throw system_error(errno, "read the file labels of the SELinux policy");
        stamp = std::move(now);
        return handle.get();
    }
};

Labels::Labels() : policy_(std::make_unique<Policy>()) {}
Labels::Labels(std::filesystem::path file_contexts) : policy_(std::make_unique<Policy>()) {
    policy_->file_contexts = file_contexts.string();
}
Labels::~Labels() = default;

std::string Labels::find(const std::string& path, mode_t type) {
    char* found = nullptr;
    if (::selabel_lookup_raw(policy_->open(), &found, path.c_str(), static_cast<int>(type)) == 0)
        return Context(found).get();
    // Also what the policy says "<<none>>" of.
    if (errno == ENOENT)
        return "";
    throw system_error(errno, fmt::format("find the SELinux label of '{}'", path));
}

void Labels::put(const Fd& file, const std::string& path, mode_t type) {
    const std::string label = find(path, type);
    if (label.empty() || ::fsetfilecon_raw(file.get(), label.c_str()) == 0 || errno == ENOTSUP)
        return;
    throw system_error(errno, fmt::format("give '{}' its SELinux label {}", path, label));
}

Labels* system_labels(const Paths& paths) {
    if (!paths.root.empty() || !can_change_owner() || ::is_selinux_enabled() != 1)
        return nullptr;
    static Labels labels;
    return &labels;
}

} // namespace provisor
