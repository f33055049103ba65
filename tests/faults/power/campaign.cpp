// SPDX-License-Identifier: Apache-2.0
// power_campaign: cuts the power at every call of every workload on every disk, and sums up.
#include "faults/own_namespace.hpp"
#include "faults/power/outage.hpp"
#include "faults/strike/points.hpp"
#include "faults/strike/report.hpp"
#include "faults/strike/violations.hpp"
#include "support/words.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>

namespace provisor::test {
namespace {

constexpr const char* usage =
    "usage: power-cuts [--workloads A,B] [--disks A,B] [--layouts A,B] [--reaches A,B]\n"
    "                  [--sample N] [POINT...]\n"
    "  --workloads   only these (install, update...)\n"
    "  --disks       only these (ext4, ext4-bare, xfs, btrfs)\n"
    "  --layouts     one-disk or two-disks: targets and state on one each\n"
    "  --reaches     what reaches the disk beside what was synced: nothing, journals,\n"
    "                journal-of-state, journal-of-targets\n"
    "  --sample N    N calls of each, spread evenly, in place of all\n"
    "  POINT         one point, as a violation is told: update/xfs/two-disks/journals/17\n";

struct Choice {
    std::map<std::string, std::vector<std::string>> only; ///< by option
    std::size_t sample = 0;                               ///< 0: all
    std::vector<std::string> points;

    bool has(const std::string& option, const std::string& one) const {
        const auto chosen = only.find(option);
        return chosen == only.end() ||
               std::find(chosen->second.begin(), chosen->second.end(), one) != chosen->second.end();
    }
};

Choice parse(const std::vector<std::string>& words) {
    Choice choice;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (!word.starts_with("--")) {
            if (words_of(word, '/').size() != 5)
                throw std::invalid_argument(word);
            choice.points.push_back(word);
        } else if (i + 1 < words.size() && word == "--sample")
            choice.sample = std::stoul(words[++i]);
        else if (i + 1 < words.size() && (word == "--workloads" || word == "--disks" ||
                                          word == "--layouts" || word == "--reaches"))
            choice.only[word] = words_of(words[++i], ',');
        else
            throw std::invalid_argument(word);
    }
    return choice;
}

/// Of one file system.
struct Sum {
    unsigned points = 0;
    unsigned states = 0; ///< of the disks that were different
    std::size_t violations = 0;
    std::string missing; ///< why there were none
};

class Campaign {
public:
    explicit Campaign(Choice choice) : choice_(std::move(choice)) {}

    /// Whether there was no violation.
    bool run() {
        for (const DiskKind& kind : disk_kinds())
            if (choice_.has("--disks", kind.name))
                run(kind);
        sum_up();
        return violations_.count() == 0;
    }
    bool tried_some() const {
        return std::any_of(sums_.begin(), sums_.end(),
                           [](const auto& sum) { return sum.second.points > 0; });
    }

private:
    void run(const DiskKind& kind);
    void run(const Workload& workload, const DiskKind& kind, Layout layout);
    std::vector<std::uint64_t> places(const std::string& name, std::uint64_t calls);
    void tell(const std::string& name, const Cut& cut, Sum& sum);
    void sum_up() const;

    Choice choice_;
    std::map<std::string, Sum> sums_;
    Violations violations_;
    std::size_t turn_ = 0;
};

void Campaign::run(const DiskKind& kind) {
    sums_[kind.name].missing = why_missing(kind);
    if (!sums_[kind.name].missing.empty()) {
        std::printf("*** %s is SKIPPED: %s ***\n", kind.name, sums_[kind.name].missing.c_str());
        return;
    }
    for (const Layout layout : {Layout::one_disk, Layout::two_disks})
        for (const Workload& workload : workloads())
            if (choice_.has("--layouts", to_text(layout)) &&
                choice_.has("--workloads", workload.name))
                run(workload, kind, layout);
}

std::vector<std::uint64_t> Campaign::places(const std::string& name, std::uint64_t calls) {
    std::vector<std::uint64_t> all(calls);
    std::iota(all.begin(), all.end(), std::uint64_t{1});
    if (choice_.points.empty())
        return choice_.sample == 0 ? all : sample(all, choice_.sample, turn_++);
    std::vector<std::uint64_t> chosen;
    for (const std::string& point : choice_.points)
        if (point.starts_with(name + "/"))
            chosen.push_back(std::stoull(point.substr(name.size() + 1)));
    return chosen;
}

void Campaign::run(const Workload& workload, const DiskKind& kind, Layout layout) {
    const std::string start =
        std::string(workload.name) + "/" + kind.name + "/" + to_text(layout) + "/";
    if (!choice_.points.empty() &&
        std::none_of(choice_.points.begin(), choice_.points.end(),
                     [&](const auto& one) { return one.starts_with(start); }))
        return;
    // As many copies as fit into the memory, and as keep no transfer waiting for long.
    constexpr std::size_t at_once = 40;
    Sum& sum = sums_[kind.name];
    const Sum before = sum;
    const std::string trouble = in_own_namespace(CLONE_NEWNS, [&] {
        keep_mounts_private();
        Outage outage(workload, kind, layout);
        for (const Reaches reaches : all_reaches(layout)) {
            if (!choice_.has("--reaches", to_text(reaches)))
                continue;
            const std::string name = start + to_text(reaches);
            const std::vector<std::uint64_t> all = places(name, outage.calls());
            for (std::size_t i = 0; i < all.size(); i += at_once) {
                const auto from = all.begin() + static_cast<std::ptrdiff_t>(i);
                const std::size_t count = std::min(at_once, all.size() - i);
                for (const Cut& cut :
                     outage.cut({from, from + static_cast<std::ptrdiff_t>(count)}, reaches))
                    tell(name, cut, sum);
            }
        }
    });
    if (!trouble.empty())
        throw std::runtime_error(start + ": " + trouble);
    std::printf("%-16s %-10s %-10s %6u points %6u states %4zu violations\n", workload.name,
                kind.name, to_text(layout), sum.points - before.points, sum.states - before.states,
                sum.violations - before.violations);
    std::fflush(stdout);
}

void Campaign::tell(const std::string& name, const Cut& cut, Sum& sum) {
    ++sum.points;
    sum.states += cut.is_new ? 1 : 0;
    sum.violations += cut.violations.size();
    const std::string point = name + "/" + std::to_string(cut.at);
    for (const std::string& what : cut.violations)
        violations_.add(point, "before " + (cut.call ? to_text(*cut.call) : "the end"), what);
    std::fflush(stdout);
}

void Campaign::sum_up() const {
    std::printf("\n");
    unsigned points = 0;
    unsigned missing = 0;
    for (const auto& [name, sum] : sums_) {
        points += sum.points;
        missing += sum.missing.empty() ? 0 : 1;
        if (sum.missing.empty())
            std::printf("%-10s %6u points %6u states of the disks %4zu violations\n", name.c_str(),
                        sum.points, sum.states, sum.violations);
        else
            std::printf("%-10s *** SKIPPED: %s ***\n", name.c_str(), sum.missing.c_str());
    }
    violations_.sum_up(points, "tests/faults/power-cuts",
                       ", " + std::to_string(missing) + " file systems skipped");
}

} // namespace
} // namespace provisor::test

int main(int argc, char** argv) {
    using namespace provisor::test;
    return status_of("power-cuts", usage, [&] {
        Campaign campaign(parse({argv + 1, argv + argc}));
        const bool clean = campaign.run();
        if (!campaign.tried_some())
            return 77;
        return clean ? 0 : 1;
    });
}
