// SPDX-License-Identifier: Apache-2.0
// Tested by tests/local/unpack/formats_test.cpp, tests/local/unpack/process_test.cpp
#pragma once

#include "unpack/artifact.hpp"
#include "wire/agent_socket.hpp"
#include "wire/unpack_messages.hpp"

#include <optional>

namespace provisor {

/// Reads the artifact to its very end and sends the wanted members' bytes to the agent: frames
/// `member`, `data` and `end` for each, and nothing more. Returns when all is well; throws Error of
/// kind unpack, size or io. `dictionary` is what the order speaks of, if it does.
void unpack_artifact(const Artifact& artifact, const std::optional<Artifact>& dictionary,
                     const UnpackOrder& order, AgentSocket& agent);

/// The program behind main(): takes one order from `socket`, does it to the artifact, and answers
/// it with frames to the last one, done or failed.
void run_unpacker(int socket, const Artifact& artifact, const std::optional<Artifact>& dictionary);

} // namespace provisor
