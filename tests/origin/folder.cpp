// SPDX-License-Identifier: Apache-2.0
#include "origin/folder.hpp"

#include "base/fd.hpp"
#include "base/sha256.hpp"

#include <fcntl.h>
#include <fstream>
#include <iterator>

namespace provisor::test {
namespace {

bool same(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
           a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

std::string http_date(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 64> text{};
    const std::size_t size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text.data(), size};
}

std::string read_all(int fd, std::size_t size) {
    std::string content(size, '\0');
    std::size_t filled = 0;
    while (filled < size) {
        const std::size_t got = read_some(
            fd, std::as_writable_bytes(std::span(content).subspan(filled)), "read a served file");
        if (got == 0)
            break;
        filled += got;
    }
    content.resize(filled);
    return content;
}

} // namespace

std::optional<Page> Folder::find(const std::string& path) {
    if ((path + "/").find("/../") != std::string::npos)
        return std::nullopt;
    const Fd file(::open((root_.string() + path).c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts {};
    if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
        return std::nullopt;
    const std::lock_guard lock(mutex_);
    Known& known = known_[path];
    if (!known.page.content || !same(known.facts, facts)) {
        known.facts = facts;
        known.page = page(read_all(file.get(), static_cast<std::size_t>(facts.st_size)));
        known.page.etag = '"' + sha256_of(*known.page.content).substr(0, 32) + '"';
        known.page.last_modified = http_date(facts.st_mtim.tv_sec);
    }
    Page found = known.page;
    found.behavior = behavior_of(path);
    return found;
}

std::string Folder::behavior_of(const std::string& path) const {
    if (behaviors_.empty())
        return "";
    std::ifstream lines(behaviors_);
    for (std::string where, behavior; lines >> where >> behavior;)
        if (where == path)
            return behavior;
    return "";
}

} // namespace provisor::test
