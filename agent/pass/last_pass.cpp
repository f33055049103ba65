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

std::filesystem::path last_pass_file(const Paths& paths) { return paths.run_dir / "last-pass"; }

} // namespace

std::optional<WallTime> last_full_pass(const Paths& paths) {
    struct stat facts {};
    if (::stat(last_pass_file(paths).c_str(), &facts) != 0)
        return std::nullopt;
    return WallTime(std::chrono::seconds(facts.st_mtim.tv_sec));
}

void note_full_pass(const Paths& paths) {
    if (!paths.root.empty() ||
        ::utimensat(AT_FDCWD, last_pass_file(paths).c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0)
        return;
    try {
        if (errno == ENOENT)
            replace_file(last_pass_file(paths), "", 0644, Durable::no);
    } catch (const Error& error) {
        spdlog::debug("the time of this pass is not remembered: {}", error.what());
    }
}

} // namespace provisor
