// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "install/target.hpp"
#include "model/marker.hpp"
#include "model/paths.hpp"

#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace provisor {

/// The capabilities of the file that stands at a target, as normal_capabilities() has them; empty
/// when it has none, and where there can be none. One system call. Throws Error of kind io.
std::string read_capabilities(const Target& target);

/// What a file has beside its content, mode and owner that an administrator may have given it, and
/// that a new file in its place does not have by itself: xattr(7).
struct Attributes {
    using Named = std::pair<std::string, std::string>; ///< name and value
    std::string acl;                   ///< system.posix_acl_access; empty: the mode alone
    std::string capabilities;          ///< security.capability
    std::vector<Named> administrative; ///< trusted.*; seen with CAP_SYS_ADMIN alone
    std::vector<Named> user;           ///< user.*
    uid_t owner = 0;                   ///< of the file that had them

    bool empty() const {
        return acl.empty() && capabilities.empty() && administrative.empty() && user.empty();
    }
};

/// Those of the regular file that stands at a target; none when there is none, or when its file
/// system knows none. Throws Error of kind io.
///
/// Left out is what belongs to the content (security.ima, security.evm: signatures of other bytes),
/// to the layers of an overlay (*.overlay.*), or to the policy of a security module.
Attributes read_attributes(const Target& target);

/// Gives attributes of the file at a target to the new one that is staged for it. Each throws
/// Error of kind io that names what would be lost, and what lets it be carried over.
class AttributeCarrier {
public:
    AttributeCarrier(Attributes attributes, const Target& target, const Paths& paths)
        : attributes_(std::move(attributes)), target_(target), paths_(paths) {}

    /// Takes out what another user than root or `owner`, who will have the new file, may have set:
    /// the access control list and user.*. Returns their names, for a message; empty when there is
    /// nothing to take out.
    std::string leave_what_strangers_set(uid_t owner);
    /// user.* and trusted.*; while the new file is ours and can be written.
    void put_named(const Fd& staged) const;
    /// The access control list, with the rights of `mode` for the owner, for others, and as the
    /// mask, as chmod(1) would have it.
    void put_acl(const Fd& staged, mode_t mode) const;
    /// The capabilities that were set by hand. After the owner: chown(2) takes them away.
    void put_capabilities(const Fd& staged) const;

private:
    void put(const Fd& staged, const std::string& name, const std::string& value,
             const std::string& what, const std::string& command,
             const std::string& how_to_remove) const;

    Attributes attributes_;
    const Target& target_;
    const Paths& paths_;
};

/// Gives a staged file the capabilities that its manifest asks for. Throws Error of kind io.
void put_capabilities(const Fd& staged, const InstalledFile& file, const Target& target,
                      const Paths& paths);

} // namespace provisor
