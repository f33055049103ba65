// SPDX-License-Identifier: Apache-2.0
#include "install/own_directories.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/inside_root.hpp"
#include "install/trusted_folder.hpp"

#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

void refuse_links_in(const fs::path& directory, bool outermost = true) {
    // Of the cache only root knows.
    if (::geteuid() != 0 && ::access(directory.c_str(), R_OK) != 0)
        return;
    visit_names(directory, [&](std::string_view name, EntryType type) {
        // Manifests in /run/provisor are found inside of the root, one by one.
        if (outermost && name == "components.d")
            return;
        if (type == EntryType::link)
            throw Error(ErrorKind::config,
                        fmt::format("'{}' is a link, which could lead out of the root; put what it "
                                    "leads to in its place, or set state_dir in agent.yaml",
                                    (directory / name).string()));
        if (type == EntryType::directory)
            refuse_links_in(directory / name, false);
    });
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
