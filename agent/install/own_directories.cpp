// SPDX-License-Identifier: Apache-2.0
#include "install/own_directories.hpp"

#include "base/error.hpp"
#include "base/inside_root.hpp"
#include "install/trusted_folder.hpp"

#include <cerrno>
#include <fmt/format.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

void refuse_links_in(const fs::path& directory) {
    std::error_code problem;
    for (fs::recursive_directory_iterator entry(directory, problem), end; !problem && entry != end;
         entry.increment(problem)) {
        // Manifests in /run/provisor are found inside of the root, one by one.
        if (entry->path().filename() == "components.d" && entry.depth() == 0)
            entry.disable_recursion_pending();
        else if (entry->is_symlink(problem))
            throw Error(ErrorKind::config,
                        fmt::format("'{}' is a link, which could lead out of the root; put what it "
                                    "leads to in its place, or set state_dir in agent.yaml",
                                    entry->path().string()));
    }
    if (problem && problem.value() != ENOENT && problem.value() != ENOTDIR &&
        problem.value() != EACCES)
        throw system_error(problem.value(), fmt::format("read '{}'", directory.string()));
}

} // namespace

fs::path own_directory(const std::string& path, const Paths& paths) {
    if (paths.root.empty())
        return path;
    require_trusted_way((fs::path(path) / "file").string(), paths, Writers::group);
    fs::path real = real_path_inside(paths.root, path);
    refuse_links_in(real);
    return real;
}

void resolve_own_directories(Paths& paths) {
    for (fs::path* directory : {&paths.state_dir, &paths.run_dir})
        if (const auto inside = name_inside(paths.root, *directory))
            *directory = own_directory(inside->string(), paths);
}

} // namespace provisor
