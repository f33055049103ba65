// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/paths.hpp"

#include <map>
#include <set>
#include <string>

namespace provisor {

/// A package of the distribution that a file belongs to.
struct Package {
    enum class Kind { deb, rpm };
    Kind kind = Kind::deb;
    std::string name;
    bool operator==(const Package&) const = default;
};

/// Which of these targets belong to a package, by the databases of dpkg and rpm (below --root), as
/// far as they are there: deb's lists of files are read, rpm is asked. A file is found by each of
/// its names, also where /bin is a link to /usr/bin; one that dpkg-divert(1) has put aside for
/// somebody else belongs to nobody. Throws Error of kind io when a database cannot be read.
std::map<std::string, Package> find_packages(const std::set<std::string>& targets,
                                             const Paths& paths);

} // namespace provisor
