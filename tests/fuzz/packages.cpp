// SPDX-License-Identifier: Apache-2.0
// The database of dpkg: its list of diversions, an empty line, and a package's list of files.
#include "install/packages.hpp"

#include "fuzz/target.hpp"
#include "support/temporary_folder.hpp"

#include <vector>

namespace provisor::fuzz {
namespace {

constexpr const char* target = "/opt/app";

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    for (Input input(text); !input.over();)
        lines.emplace_back(input.line());
    return lines;
}

/// Whether the last diversion of the target gives it to somebody else, by the three lines of each.
bool is_diverted(std::string_view diversions) {
    const std::vector<std::string> lines = lines_of(diversions);
    bool diverted = false;
    for (std::size_t i = 0; i + 2 < lines.size(); i += 3)
        if (lines[i] == target)
            diverted = lines[i + 2] != "app";
    return diverted;
}

} // namespace

void packages(std::string_view input) {
    static const test::TemporaryFolder root;
    const std::size_t gap = std::min(input.find("\n\n"), input.size());
    const std::string diversions(input.substr(0, gap));
    const std::string list(input.substr(std::min(gap + 2, input.size())));
    test::write_text(root / "var/lib/dpkg/diversions", diversions);
    test::write_text(root / "var/lib/dpkg/info/app:amd64.list", list);
    std::filesystem::create_directories(root / "opt");
    Paths paths;
    paths.root = root.path();
    bool listed = false;
    for (const std::string& line : lines_of(list))
        listed = listed || line == target;
    const auto found = find_packages({target}, paths);
    require(found.size() == (listed && !is_diverted(diversions) ? 1U : 0U),
            "a file is a package's when its list says so and no diversion denies it");
    if (!found.empty())
        require(found.begin()->first == target && found.begin()->second.name == "app",
                "and it is that package's");
}

} // namespace provisor::fuzz
