// SPDX-License-Identifier: Apache-2.0
#include "pass/work.hpp"

#include "model/shown_url.hpp"

namespace provisor {

void fail(Work& work, const Error& error) {
    work.done = true;
    work.outcome.decision = Decision::fail;
    // Wherever it comes from, libcurl or a command of the manifest: it is shown to everybody.
    work.outcome.error = error.retold(shown_text(error.what()));
    if (work.outcome.http_status == 0)
        work.outcome.http_status = error.http_status;
    work.outcome.reason = work.outcome.error->what();
}

void hold(Work& work, const std::string& reason) {
    work.done = true;
    work.outcome.decision = Decision::hold;
    work.outcome.reason = shown_text(reason);
}

} // namespace provisor
