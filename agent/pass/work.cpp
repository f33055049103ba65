// SPDX-License-Identifier: Apache-2.0
#include "pass/work.hpp"

namespace provisor {

void fail(Work& work, const Error& error) {
    work.done = true;
    work.outcome.decision = Decision::fail;
    work.outcome.error = error;
    if (work.outcome.http_status == 0)
        work.outcome.http_status = error.http_status;
    work.outcome.reason = error.what();
}

} // namespace provisor
