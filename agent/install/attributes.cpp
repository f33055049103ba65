// SPDX-License-Identifier: Apache-2.0
#include "install/attributes.hpp"

#include "base/error.hpp"
#include "model/capabilities.hpp"
#include "model/drop_in.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <endian.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <optional>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace provisor {
namespace {

constexpr const char* acl_attribute = "system.posix_acl_access";
constexpr const char* capability_attribute = "security.capability";

/// Where there are no extended attributes nothing can have been given to a file.
bool is_unsupported(int error_number) { return error_number == ENOTSUP || error_number == ENOSYS; }

/// The names, each with a NUL behind it; listxattr(2) gives 64 KiB at most.
std::string list_names(const Fd& file, const Target& target) {
    std::string names(1024, '\0');
    for (;;) {
        const ssize_t size = ::flistxattr(file.get(), names.data(), names.size());
        if (size >= 0) {
            names.resize(static_cast<std::size_t>(size));
            return names;
        }
        if (is_unsupported(errno))
            return "";
        if (errno != ERANGE || names.size() >= XATTR_LIST_MAX)
            throw system_error(errno,
                               fmt::format("list the attributes of '{}'", target.shown.string()));
        names.resize(XATTR_LIST_MAX);
    }
}

/// Absent when it has gone meanwhile.
std::optional<std::string> read_value(const Fd& file, const std::string& name,
                                      const Target& target) {
    std::string value(256, '\0');
    for (;;) {
        const ssize_t size = ::fgetxattr(file.get(), name.c_str(), value.data(), value.size());
        if (size >= 0) {
            value.resize(static_cast<std::size_t>(size));
            return value;
        }
        if (errno == ENODATA || is_unsupported(errno))
            return std::nullopt;
        if (errno != ERANGE || value.size() >= XATTR_SIZE_MAX)
            throw system_error(
                errno, fmt::format("read the attribute {} of '{}'", name, target.shown.string()));
        value.resize(XATTR_SIZE_MAX);
    }
}

bool is_of_a_layer(const std::string& name) {
    return name.starts_with("trusted.overlay.") || name.starts_with("user.overlay.");
}

/// The same list with the rights that a mode says. Its format: linux/posix_acl_xattr.h.
std::string with_mode(std::string acl, mode_t mode) {
    for (std::size_t at = sizeof(posix_acl_xattr_header);
         at + sizeof(posix_acl_xattr_entry) <= acl.size(); at += sizeof(posix_acl_xattr_entry)) {
        posix_acl_xattr_entry entry{};
        std::memcpy(&entry, acl.data() + at, sizeof entry);
        const auto set = [&](unsigned shift) {
            entry.e_perm = htole16(static_cast<std::uint16_t>((mode >> shift) & 07));
        };
        switch (le16toh(entry.e_tag)) {
        case ACL_USER_OBJ:
            set(6);
            break;
        case ACL_MASK:
            set(3);
            break;
        case ACL_OTHER:
            set(0);
            break;
        default:
            break;
        }
        std::memcpy(acl.data() + at, &entry, sizeof entry);
    }
    return acl;
}

/// What the sandbox of our unit has to do with a refusal; empty when it has nothing.
std::string explain_sandbox(int error_number, const std::string& command, const Paths& paths) {
    // EINVAL: users and groups that its user namespace does not know.
    if (paths.own_unit.empty() || command.empty() ||
        (error_number != EPERM && error_number != EINVAL))
        return "";
    return fmt::format(" (the sandbox of {} does not let it; this adds it: {})", paths.own_unit,
                       command);
}

} // namespace

std::string read_capabilities(const Target& target) {
    std::array<char, sizeof(vfs_ns_cap_data)> value{};
    // By the name in /proc it takes one call, without opening the file.
    ssize_t size =
        ::lgetxattr(fmt::format("/proc/self/fd/{}/{}", target.folder.get(), target.name).c_str(),
                    capability_attribute, value.data(), value.size());
    if (size < 0 && (errno == ENOENT || errno == ENOTDIR))
        size = ::fgetxattr(target.open().get(), capability_attribute, value.data(), value.size());
    if (size >= 0)
        return capabilities_from_attribute({value.data(), static_cast<std::size_t>(size)});
    if (errno == ENODATA || is_unsupported(errno))
        return "";
    // Of a user namespace that ours does not know, or damaged.
    if (errno == EOVERFLOW || errno == EINVAL || errno == ERANGE)
        return "unknown";
    throw system_error(errno, fmt::format("read the capabilities of '{}'", target.shown.string()));
}

Attributes read_attributes(const Target& target) {
    Attributes found;
    const std::optional<struct stat> there = target.look();
    if (!there || !S_ISREG(there->st_mode))
        return found;
    const Fd file = target.open();
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0)
        throw system_error(errno, fmt::format("look at '{}'", target.shown.string()));
    if (!S_ISREG(facts.st_mode))
        return found;
    found.owner = facts.st_uid;
    const std::string names = list_names(file, target);
    for (std::size_t at = 0; at < names.size();) {
        const std::string name = names.c_str() + at;
        at += name.size() + 1;
        const bool is_user = name.starts_with("user.");
        const bool is_administrative = name.starts_with("trusted.");
        if ((name != acl_attribute && name != capability_attribute && !is_user &&
             !is_administrative) ||
            is_of_a_layer(name))
            continue;
        std::optional<std::string> value = read_value(file, name, target);
        if (!value)
            continue;
        if (name == acl_attribute)
            found.acl = std::move(*value);
        else if (name == capability_attribute)
            found.capabilities = std::move(*value);
        else
            (is_user ? found.user : found.administrative).emplace_back(name, std::move(*value));
    }
    return found;
}

std::string AttributeCarrier::leave_what_strangers_set(uid_t owner) {
    if (attributes_.owner == 0 || attributes_.owner == owner)
        return "";
    std::string left = attributes_.acl.empty() ? "" : "its access control list";
    for (const Attributes::Named& one : attributes_.user)
        left += (left.empty() ? "" : ", ") + one.first;
    attributes_.acl.clear();
    attributes_.user.clear();
    return left.empty() ? "" : fmt::format("{} (set by uid {})", left, attributes_.owner);
}

void AttributeCarrier::put(const Fd& staged, const std::string& name, const std::string& value,
                           const std::string& what, const std::string& command,
                           const std::string& how_to_remove) const {
    if (::fsetxattr(staged.get(), name.c_str(), value.data(), value.size(), 0) == 0)
        return;
    const int problem = errno;
    const std::string shown = target_.shown.string();
    const Error error = system_error(
        problem, fmt::format("'{}' has {}, which its new content would lose, so nothing is "
                             "replaced: set it on what is staged",
                             shown, what));
    std::string remedy = explain_sandbox(problem, command, paths_);
    if (remedy.empty())
        remedy = fmt::format("; `{} '{}'` takes it away, if nobody needs it", how_to_remove, shown);
    throw Error(error.kind(), error.what() + remedy);
}

void AttributeCarrier::put_named(const Fd& staged) const {
    for (const auto* list : {&attributes_.user, &attributes_.administrative})
        for (const auto& [name, value] : *list)
            put(staged, name, value, fmt::format("the attribute {}", name), "",
                fmt::format("setfattr -x {}", name));
}

void AttributeCarrier::put_acl(const Fd& staged, mode_t mode) const {
    if (!attributes_.acl.empty())
        put(staged, acl_attribute, with_mode(attributes_.acl, mode), "an access control list",
            accounts_command(paths_.own_unit), "setfacl -b");
}

void AttributeCarrier::put_capabilities(const Fd& staged) const {
    if (!attributes_.capabilities.empty())
        put(staged, capability_attribute, attributes_.capabilities,
            fmt::format("the capabilities {}",
                        capabilities_from_attribute(attributes_.capabilities)),
            capabilities_command(paths_.own_unit), "setcap -r");
}

void put_capabilities(const Fd& staged, const InstalledFile& file, const Target& target,
                      const Paths& paths) {
    const std::string value = capabilities_to_attribute(file.capabilities);
    if (::fsetxattr(staged.get(), capability_attribute, value.data(), value.size(), 0) == 0)
        return;
    const int problem = errno;
    const Error error =
        system_error(problem, fmt::format("stage '{}': give it the capabilities {}",
                                          target.shown.string(), file.capabilities));
    throw Error(error.kind(),
                error.what() +
                    (is_unsupported(problem)
                         ? " (its file system has none)"
                         : explain_sandbox(problem, capabilities_command(paths.own_unit), paths)));
}

} // namespace provisor
