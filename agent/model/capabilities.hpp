// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace provisor {

// The capabilities of a program file: capabilities(7), "File capabilities".

/// What is wrong with a text that is to name the capabilities of a file, in words that also say
/// what is expected; absent when it is fine. The form is that of cap_from_text(3), of which a file
/// takes less: it has the effective flag for all of its capabilities or for none.
std::optional<std::string> find_capabilities_fault(std::string_view text);

/// The one text for what `text` names: names in the order of their numbers, those with the same
/// flags together, "cap_chown,cap_net_raw=ep". It does not depend on the version of libcap, so that
/// it can be part of a marker's identity. A text that is at fault stays as it is.
std::string normal_capabilities(const std::string& text);

/// The value of the extended attribute security.capability for a text without a fault.
std::string capabilities_to_attribute(const std::string& text);

/// The normal text for a value of security.capability; empty when there is none in it. What is
/// for another user namespace than that of the machine has " [rootid=N]" at the end, as getcap(8)
/// has it; a value that is not understood is "unknown".
std::string capabilities_from_attribute(std::string_view value);

} // namespace provisor
