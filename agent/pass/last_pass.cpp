// SPDX-License-Identifier: Apache-2.0
#include "pass/last_pass.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

namespace provisor {
namespace {

std::filesystem::path time_file(const Paths& paths) { return paths.run_dir / "last-pass"; }

} // namespace

std::optional<WallTime> last_full_pass(const Paths& paths) {
    struct stat facts {};
    if (::stat(time_file(paths).c_str(), &facts) != 0)
        return std::nullopt;
    return WallTime(std::chrono::seconds(facts.st_mtim.tv_sec));
}

void note_full_pass(const Paths& paths) {
    if (!paths.root.empty() ||
        ::utimensat(AT_FDCWD, time_file(paths).c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0)
        return;
    try {
        if (errno == ENOENT)
            replace_file(time_file(paths), "", 0644, Durable::no);
    } catch (const Error& error) {
        spdlog::debug("the time of this pass is not remembered: {}", error.what());
    }
}

} // namespace provisor
