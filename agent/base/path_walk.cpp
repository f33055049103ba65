// SPDX-License-Identifier: Apache-2.0
#include "base/path_walk.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
constexpr unsigned most_links = 40; // path_resolution(7)

struct stat facts_of(const Fd& directory, const std::string& shown) {
    struct stat facts {};
    if (::fstat(directory.get(), &facts) != 0)
        throw system_error(errno, fmt::format("look at '{}'", shown));
    return facts;
}

} // namespace

PathWalk::PathWalk(const fs::path& root, WayChecks checks)
    : shown_root_(root), checks_(std::move(checks)),
      root_(open_directory(root.empty() ? "/" : root)),
      root_facts_(facts_of(root_, root.string())) {
    begin_at_root();
    if (checks_.enter)
        checks_.enter(facts_, name_);
}

PathWalk::End PathWalk::go(const fs::path& path) {
    add(path);
    while (!names_.empty()) {
        const std::string name = names_.front();
        const bool of_link = of_links_ > 0;
        switch (step(name)) {
        case Step::missing:
            return of_link ? End::dangling : End::missing;
        case Step::other:
            file_ = name;
            return End::other;
        case Step::entered:
        case Step::followed:
            break;
        }
    }
    return End::directory;
}

fs::path PathWalk::rest() const {
    fs::path rest;
    for (const std::string& name : names_)
        rest /= name;
    return rest;
}

bool PathWalk::is_at_root() const {
    return facts_.st_dev == root_facts_.st_dev && facts_.st_ino == root_facts_.st_ino;
}

std::string PathWalk::shown(const fs::path& name) const {
    return shown_root_.empty() ? name.string() : (shown_root_ / name.relative_path()).string();
}

void PathWalk::begin_at_root() {
    here_ = Fd(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    facts_ = root_facts_;
    name_ = "/";
}

void PathWalk::add(const fs::path& way) {
    std::list<std::string> names;
    for (const fs::path& part : way.relative_path())
        if (!part.empty() && part != ".")
            names.push_back(part.string());
    names_.splice(names_.begin(), names);
}

/// Takes the first of the names, unless it is missing.
PathWalk::Step PathWalk::step(const std::string& name) {
    const auto take = [this] {
        names_.pop_front();
        of_links_ -= of_links_ > 0 ? 1 : 0;
    };
    if (name == ".." && is_at_root()) {
        take();
        return Step::entered;
    }
    struct stat next {};
    if (::fstatat(here_.get(), name.c_str(), &next, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return Step::missing;
        throw system_error(errno, fmt::format("look at '{}'", shown(name_ / name)));
    }
    if (!S_ISDIR(next.st_mode) && !S_ISLNK(next.st_mode) && names_.size() == 1) {
        take();
        return Step::other;
    }
    take();
    if (S_ISLNK(next.st_mode)) {
        follow(name, next);
        return Step::followed;
    }
    Fd directory(
        ::openat(here_.get(), name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory)
        throw system_error(errno, fmt::format("open directory '{}'", shown(name_ / name)));
    here_ = std::move(directory);
    name_ = name == ".." ? name_.parent_path() : name_ / name;
    facts_ = facts_of(here_, shown(name_));
    if (checks_.enter)
        checks_.enter(facts_, name_);
    return Step::entered;
}

void PathWalk::follow(const std::string& name, const struct stat& link) {
    if (checks_.follow)
        checks_.follow(facts_, link, name_ / name);
    last_link_ = name_ / name;
    char text[PATH_MAX];
    const ssize_t size = ::readlinkat(here_.get(), name.c_str(), text, sizeof text);
    if (size < 0 || ++links_ > most_links)
        throw system_error(size < 0 ? errno : ELOOP,
                           fmt::format("follow link '{}'", shown(last_link_)));
    const fs::path to(std::string(text, static_cast<std::size_t>(size)));
    if (to.is_absolute())
        begin_at_root();
    const std::size_t before = names_.size();
    add(to);
    of_links_ += names_.size() - before;
}

} // namespace provisor
