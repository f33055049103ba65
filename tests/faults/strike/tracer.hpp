// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/strike/blow.hpp"
#include "faults/strike/disk_copies.hpp"
#include "faults/strike/system_call.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

namespace provisor::test {

/// Which calls are counted, over all processes of the program together.
enum class Counted {
    changes, ///< those that change something in the file system
    helpers  ///< of all processes but the first: those, and messages that are sent and received
};

/// What is to be done, and when.
struct Orders {
    Blow blow;
    std::uint64_t at = 0; ///< the first call from this one on (they are numbered from 1) to which
                          ///< it can be done; 0 strikes none
    Counted counted = Counted::changes;
    std::chrono::seconds limit{30}; ///< then all is killed
    CopyOrders copies = {};         ///< of disks, at counted calls
};

/// A counted call.
struct CountedCall {
    std::uint64_t number = 0;
    std::string process; ///< its name
    Change change;
};

/// What was seen.
struct Findings {
    int status = 0;                    ///< exit status of the first process, or 128 and a signal
    std::vector<CountedCall> calls;    ///< up to the first that was struck
    std::optional<CountedCall> struck; ///< the first one
    std::chrono::milliseconds afterwards{}; ///< from then to the end of the first process
    bool hung = false;                      ///< the limit ended it
};

/// ptrace is not allowed here: why.
struct NotPermitted {
    std::string why;
};

/// Runs a program (found like execvp does) with all its processes under ptrace, and strikes. Throws
/// NotPermitted. Everything that it started has ended when it returns. There must be no other child
/// of this process.
Findings run_struck(const std::vector<std::string>& command, const Orders& orders);

} // namespace provisor::test
