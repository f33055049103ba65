// SPDX-License-Identifier: Apache-2.0
// strike_campaign: strikes at every call of every workload with every blow, and sums up.
#include "faults/strike/points.hpp"
#include "faults/strike/report.hpp"
#include "faults/strike/stage.hpp"
#include "faults/strike/violations.hpp"
#include "support/words.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

namespace provisor::test {
namespace {

constexpr const char* usage =
    "usage: campaign [--workloads A,B] [--kinds A,B] [--sample N] [--calls] [POINT...]\n"
    "  --workloads   only these (install, update...)\n"
    "  --kinds       only these blows (kill, kill-after, ENOSPC+...)\n"
    "  --sample N    N calls of each, spread evenly, in place of all\n"
    "  --calls       says which calls there are, and strikes nowhere\n"
    "  POINT         one point, as a violation is told: update/ENOSPC+/17\n";

struct Choice {
    std::vector<std::string> workloads;
    std::vector<std::string> kinds;
    std::size_t sample = 0; ///< 0: all
    bool only_calls = false;
    std::vector<std::string> points;
};

Choice parse(const std::vector<std::string>& words) {
    Choice choice;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!words[i].starts_with("--"))
            choice.points.push_back(words[i]);
        else if (words[i] == "--calls")
            choice.only_calls = true;
        else if (words[i] == "--workloads" && i + 1 < words.size())
            choice.workloads = words_of(words[++i], ',');
        else if (words[i] == "--kinds" && i + 1 < words.size())
            choice.kinds = words_of(words[++i], ',');
        else if (words[i] == "--sample" && i + 1 < words.size())
            choice.sample = std::stoul(words[++i]);
        else
            throw std::invalid_argument(words[i]);
    }
    return choice;
}

bool is_chosen(const std::vector<std::string>& chosen, const std::string& one) {
    return chosen.empty() || std::find(chosen.begin(), chosen.end(), one) != chosen.end();
}

class Campaign {
public:
    explicit Campaign(Choice choice) : choice_(std::move(choice)) {}

    /// Whether there was no violation.
    bool run() {
        for (const Workload& workload : workloads())
            if (is_chosen(choice_.workloads, workload.name))
                run(workload);
        sum_up();
        return violations_.count() == 0;
    }

private:
    void run(const Workload& workload);
    void run(const Workload& workload, const Blow& blow);
    void strike(const Workload& workload, const Blow& blow, std::uint64_t at);
    void sum_up() const;
    /// An origin has a thread for each connection it ever had: now and then a new one.
    Stage& stage(const Workload& workload) {
        constexpr unsigned most_strikes = 400;
        if (!stage_ || strikes_++ % most_strikes == 0)
            stage_ = std::make_unique<Stage>(workload);
        return *stage_;
    }

    Choice choice_;
    std::unique_ptr<Stage> stage_;
    unsigned strikes_ = 0;
    Violations violations_;
    std::vector<std::string> table_;
    unsigned points_ = 0;
};

void Campaign::run(const Workload& workload) {
    stage_.reset();
    if (choice_.only_calls) {
        for (const CountedCall& call : stage(workload).changes())
            std::printf("%s %s\n", workload.name, to_text(call).c_str());
        return;
    }
    if (choice_.points.empty()) {
        for (const Blow& blow : blows())
            if (is_chosen(choice_.kinds, to_text(blow)))
                run(workload, blow);
        return;
    }
    for (const std::string& point : choice_.points) {
        const std::vector<std::string> parts = words_of(point, '/');
        const auto blow = parts.size() == 3 ? parse_blow(parts[1]) : std::nullopt;
        if (!blow)
            throw std::invalid_argument(point);
        if (parts[0] == workload.name)
            strike(workload, *blow, std::stoull(parts[2]));
    }
}

void Campaign::run(const Workload& workload, const Blow& blow) {
    const unsigned points = points_;
    const std::size_t violations = violations_.count();
    std::vector<std::uint64_t> places = stage(workload).places_for(blow);
    if (choice_.sample > 0)
        places = sample(places, choice_.sample, table_.size());
    for (const std::uint64_t at : places)
        strike(workload, blow, at);
    char line[120];
    std::snprintf(line, sizeof line, "%-16s %-14s %6u points %6zu violations", workload.name,
                  to_text(blow).c_str(), points_ - points, violations_.count() - violations);
    std::printf("%s\n", line);
    std::fflush(stdout);
    table_.emplace_back(line);
}

void Campaign::strike(const Workload& workload, const Blow& blow, std::uint64_t at) {
    const Blown blown = stage(workload).strike(blow, at);
    if (!blown.struck)
        return; // processes that run side by side do not always make as many calls
    ++points_;
    const std::string name = point_name(workload.name, blow, at);
    for (const std::string& what : blown.violations)
        violations_.add(name, "at " + to_text(*blown.struck), what);
    std::fflush(stdout);
}

void Campaign::sum_up() const {
    if (choice_.only_calls)
        return;
    std::printf("\n");
    violations_.sum_up(points_, "tests/faults/campaign");
}

} // namespace
} // namespace provisor::test

int main(int argc, char** argv) {
    using namespace provisor::test;
    return status_of("campaign", usage, [&] {
        return Campaign(parse({argv + 1, argv + argc})).run() ? 0 : 1;
    });
}
