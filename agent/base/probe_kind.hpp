// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace provisor {

/// What one attempt of a health probe over the network does: `http` asks with a GET and is
/// answered, `tcp` makes a connection.
enum class ProbeKind { http, tcp };

} // namespace provisor
