// SPDX-License-Identifier: Apache-2.0
#include "pass/work.hpp"

#include <utility>

namespace provisor {

void fail(Work& work, const Error& error) {
    work.done = true;
    work.outcome.decision = Decision::fail;
    work.outcome.error = error;
    if (work.outcome.http_status == 0)
        work.outcome.http_status = error.http_status;
    work.outcome.reason = error.what();
}

void hold(Work& work, std::string reason) {
    work.done = true;
    work.outcome.decision = Decision::hold;
    work.outcome.reason = std::move(reason);
}

} // namespace provisor
