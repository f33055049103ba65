// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace provisor::test {

/// What is done to a program at one of its system calls. As text, "ENOSPC+" or "kill-after":
///
///   kill      all its processes are killed: the machine runs out of memory, without the power cut
///   killone   only the process that made the call
///   term      the first process, the agent, gets SIGTERM
///   short     a write takes half of its bytes
///   ENOSPC... the call is not made and fails with this error
///   -after    at the end of the call, which was made (and whose result is then the error)
///   +         and so do all calls after it that can end so
struct Blow {
    enum class Kind { none, kill, kill_one, term, short_write, error };
    Kind kind = Kind::none;
    int error = 0; ///< of Kind::error
    bool after = false;
    bool for_ever = false;
    bool operator==(const Blow&) const = default;
};

/// Absent for text that is none.
std::optional<Blow> parse_blow(const std::string& text);
std::string to_text(const Blow& blow);

/// "ENOSPC" and the like, of those that a blow can have; empty for others.
std::string error_name(int error);

} // namespace provisor::test
