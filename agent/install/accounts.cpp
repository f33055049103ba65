// SPDX-License-Identifier: Apache-2.0
#include "install/accounts.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "base/inside_root.hpp"

#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <optional>
#include <pwd.h>
#include <unistd.h>

namespace provisor {
namespace {

std::optional<unsigned> as_number(const std::string& text) {
    unsigned value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, value);
    return problem == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

using File = CPtr<FILE, std::fclose>;

/// Null when it is not there.
File open_list(const std::filesystem::path& root, const char* path) {
    Fd fd = open_inside(root, path, O_RDONLY);
    File file(fd ? ::fdopen(fd.get(), "r") : nullptr);
    if (file)
        fd.release();
    return file;
}

std::optional<uid_t> find_user(const std::string& name, const std::filesystem::path& root) {
    if (root.empty()) {
        const passwd* entry = ::getpwnam(name.c_str());
        return entry != nullptr ? std::optional(entry->pw_uid) : std::nullopt;
    }
    const File file = open_list(root, "/etc/passwd");
    while (const passwd* entry = file ? ::fgetpwent(file.get()) : nullptr)
        if (name == entry->pw_name)
            return entry->pw_uid;
    return std::nullopt;
}

std::optional<gid_t> find_group(const std::string& name, const std::filesystem::path& root) {
    if (root.empty()) {
        const group* entry = ::getgrnam(name.c_str());
        return entry != nullptr ? std::optional(entry->gr_gid) : std::nullopt;
    }
    const File file = open_list(root, "/etc/group");
    while (const group* entry = file ? ::fgetgrent(file.get()) : nullptr)
        if (name == entry->gr_name)
            return entry->gr_gid;
    return std::nullopt;
}

} // namespace

Ownership resolve_ownership(const std::string& owner, const std::string& group,
                            const std::filesystem::path& root) {
    const auto user_id = owner == "root" ? std::optional<unsigned>(0) : as_number(owner);
    const auto group_id = group == "root" ? std::optional<unsigned>(0) : as_number(group);
    const std::optional<uid_t> user = user_id ? user_id : find_user(owner, root);
    const std::optional<gid_t> its_group = group_id ? group_id : find_group(group, root);
    if (!user)
        throw Error(ErrorKind::io, fmt::format("there is no user '{}' on this machine", owner));
    if (!its_group)
        throw Error(ErrorKind::io, fmt::format("there is no group '{}' on this machine", group));
    return {*user, *its_group};
}

bool can_change_owner() { return ::geteuid() == 0; }

} // namespace provisor
