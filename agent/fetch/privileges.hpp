// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace provisor {

/// Gives up everything that parsing bytes from the network does not need: as root changes to the
/// user provisor-fetch (or nobody) for good, takes no new privileges, writes no files and no core,
/// closes every descriptor but 0 to 2 and `keep`, and dies with its parent. Throws Error of kind io
/// when any of it fails: it must not run then.
void drop_privileges(int keep);

} // namespace provisor
