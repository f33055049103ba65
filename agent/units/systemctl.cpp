// SPDX-License-Identifier: Apache-2.0
#include "units/systemctl.hpp"

#include "base/command.hpp"
#include "base/error.hpp"

#include <fmt/format.h>

namespace provisor {

SystemctlResult run_systemctl(const std::vector<std::string>& arguments) {
    std::vector<std::string> words{"systemctl"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    try {
        // Its messages are read here, so they must not go to the journal.
        ProgramRun result =
            run_command(words, {"SYSTEMD_LOG_TARGET=console", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER="},
                        std::chrono::minutes(1));
        return {result.exit_status, std::move(result.output)};
    } catch (const Error& error) {
        throw Error(ErrorKind::unit,
                    fmt::format("{} (it enables units below a root directory)", error.what()));
    }
}

} // namespace provisor
