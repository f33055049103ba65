// SPDX-License-Identifier: Apache-2.0
// strike: runs a program under ptrace and strikes at one of the system calls with which its
// processes change the file system.
#include "faults/strike/report.hpp"
#include "faults/strike/tracer.hpp"
#include "support/words.hpp"

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace provisor::test {
namespace {

constexpr int not_permitted = 125;
constexpr const char* usage =
    "usage: strike [--at N] [--do BLOW] [--helpers] [--limit SECONDS] "
    "[--report FILE]\n"
    "              [--disk IMAGE:loopN:FOLDER[:commit]... --copies FOLDER --copy-at N,N...] "
    "PROGRAM [ARGUMENT...]\n"
    "BLOW: kill killone term short ENOSPC EIO EDQUOT EROFS EMFILE ENOMEM "
    "EINTR, each with -after or +\n"
    "Without --at it counts.\n"
    "Disks are copied as a power cut at these calls, and after the end, "
    "would leave them.\n";

struct CommandLine {
    Orders orders;
    std::string report;
    std::vector<std::string> program;
};

/// Whether it is an option for copies.
bool take_copy_option(const std::string& option, const std::string& value, CopyOrders& copies) {
    if (option == "--copies") {
        copies.folder = value;
    } else if (option == "--copy-at") {
        for (const std::string& number : words_of(value, ','))
            copies.at.insert(std::stoull(number));
    } else if (option == "--disk") {
        const std::vector<std::string> parts = words_of(value, ':');
        if (parts.size() < 3)
            throw std::invalid_argument(value);
        copies.disks.push_back({parts[0], parts[1], parts[2], parts.size() > 3});
    } else
        return false;
    return true;
}

CommandLine parse(std::vector<std::string> words) {
    CommandLine line;
    while (!words.empty() && words.front().starts_with("--")) {
        const std::string option = words.front();
        words.erase(words.begin());
        if (option == "--helpers") {
            line.orders.counted = Counted::helpers;
            continue;
        }
        const std::string value = words.empty() ? "" : words.front();
        if (!words.empty())
            words.erase(words.begin());
        const auto blow = parse_blow(value);
        if (option == "--at")
            line.orders.at = std::stoull(value);
        else if (option == "--limit")
            line.orders.limit = std::chrono::seconds(std::stoi(value));
        else if (option == "--report")
            line.report = value;
        else if (option == "--do" && blow)
            line.orders.blow = *blow;
        else if (!take_copy_option(option, value, line.orders.copies))
            throw std::invalid_argument(option);
    }
    if (words.empty())
        throw std::invalid_argument("no program");
    line.program = words;
    return line;
}

} // namespace
} // namespace provisor::test

int main(int argc, char** argv) {
    using namespace provisor::test;
    try {
        const CommandLine line = parse({argv + 1, argv + argc});
        const Findings findings = run_struck(line.program, line.orders);
        write_report(line.report.empty() ? "/dev/stderr" : line.report, findings);
        return findings.status;
    } catch (const NotPermitted& problem) {
        std::fprintf(stderr, "strike: %s\n", problem.why.c_str());
        return not_permitted;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "strike: %s\n%s", problem.what(), usage);
        return not_permitted - 1;
    }
}
