// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace provisor::test {

inline constexpr const char* acl_name = "system.posix_acl_access";
inline constexpr const char* capability_name = "security.capability";

/// Absent when the file has no such attribute.
inline std::optional<std::string> attribute(const std::filesystem::path& path, const char* name) {
    std::string value(4096, '\0');
    const ssize_t size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
    if (size < 0)
        return std::nullopt;
    value.resize(static_cast<std::size_t>(size));
    return value;
}

inline bool set_attribute(const std::filesystem::path& path, const char* name,
                          std::string_view value) {
    return ::lsetxattr(path.c_str(), name, value.data(), value.size(), 0) == 0;
}

/// An access control list that gives a user `named` beside the three of a mode, as it is stored:
/// little-endian entries of tag, rights and id (linux/posix_acl_xattr.h).
inline std::string acl_for(std::uint32_t user, unsigned named, unsigned owner = 7,
                           unsigned group = 5, unsigned mask = 7, unsigned others = 5) {
    std::string acl{"\2\0\0\0", 4};
    const auto add = [&](unsigned tag, unsigned rights, std::uint32_t id) {
        for (const unsigned part : {tag, rights})
            acl += {static_cast<char>(part), '\0'};
        for (unsigned shift = 0; shift < 32; shift += 8)
            acl += static_cast<char>((id >> shift) & 0xff);
    };
    constexpr std::uint32_t nobody_named = 0xffffffff;
    add(0x01, owner, nobody_named);
    add(0x02, named, user);
    add(0x04, group, nobody_named);
    add(0x10, mask, nobody_named);
    add(0x20, others, nobody_named);
    return acl;
}

/// Whether tests may set lists, attributes and capabilities in this directory.
inline bool takes_attributes(const std::filesystem::path& directory) {
    const std::filesystem::path probe = directory / "takes-attributes";
    { std::ofstream made(probe); }
    const bool takes =
        set_attribute(probe, "user.test", "x") &&
        set_attribute(probe, acl_name, acl_for(65534, 5)) &&
        set_attribute(probe, capability_name, {"\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20});
    std::filesystem::remove(probe);
    return takes;
}

inline mode_t mode_of(const std::filesystem::path& path) {
    struct stat facts {};
    return ::lstat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777 : 0;
}

} // namespace provisor::test
