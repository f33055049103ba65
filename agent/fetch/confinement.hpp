// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace provisor {

/// Gives up what provisor-fetch does not need, for good. From then on it is another user (started
/// by root), and does nothing but reading what a client of HTTP and TLS reads of a machine
/// (certificates, libraries, how names are looked up), connecting and talking to others, threads,
/// memory, and ending. Throws Error of kind io.
void confine_fetcher();

} // namespace provisor
