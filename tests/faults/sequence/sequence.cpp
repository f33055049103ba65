// SPDX-License-Identifier: Apache-2.0
#include "faults/sequence/sequence.hpp"

#include "base/sha256.hpp"
#include "faults/sequence/world.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor::test {
namespace {

class Course {
public:
    explicit Course(std::uint64_t seed) : random_(seed), world_(seed) {}

    Sequence run() {
        const auto steps = 3 + random_() % 4;
        for (std::uint64_t i = 0; i < steps; ++i) {
            prepare();
            act();
        }
        world_.calm();
        converge();
        expect_rest();
        return std::move(sequence_);
    }

private:
    void tell(const std::string& line) { sequence_.story.push_back(line); }
    void wrong(const std::string& line) { sequence_.wrong.push_back(line); }

    /// What happens between two passes.
    void prepare() {
        if (random_() % 2 == 0)
            tell(world_.publish(random_));
        if (random_() % 3 == 0)
            tell(world_.damage(random_));
    }

    void act();
    RunResult run(const std::vector<std::string>& command);
    void expect_whole_files(const std::map<std::string, std::string>& before);
    void converge();
    void expect_rest();

    std::mt19937_64 random_;
    World world_;
    Sequence sequence_;
};

/// Each target is what it was, or a whole version that was published.
void Course::expect_whole_files(const std::map<std::string, std::string>& before) {
    const auto now = world_.files();
    for (const auto& [path, versions] : world_.published()) {
        const auto was = before.find(path);
        const auto is = now.find(path);
        const std::string old = was == before.end() ? "nothing" : was->second;
        const std::string present = is == now.end() ? "nothing" : is->second;
        if (present != old && !versions.contains(present))
            wrong(fmt::format("I1: {} was {} and is {}", path, old, present));
    }
}

RunResult Course::run(const std::vector<std::string>& command) {
    const auto before = world_.files();
    const RunResult run = world_.machine.run(command);
    ++sequence_.passes;
    std::string line;
    for (const std::string& word : command)
        line += word + ' ';
    line += fmt::format("ended with {} after {} ms", run.status, run.took.count());
    for (const auto& [name, told] : run.told)
        line += fmt::format("\n    {}: {}, {}{}", name, told.decision, told.reason, told.message);
    for (const std::string& asked : world_.take_log())
        line += "\n    " + asked;
    tell(line);
    expect_whole_files(before);
    return run;
}

void Course::act() {
    static const std::vector<std::vector<std::string>> commands{{"--json", "apply"},
                                                                {"--json", "apply"},
                                                                {"--json", "apply"},
                                                                {"--json", "apply"},
                                                                {"--json", "apply"},
                                                                {"--json", "apply", "--force"},
                                                                {"--json", "apply", "pinned"},
                                                                {"verify", "--repair"},
                                                                {"prune"},
                                                                {"plan"},
                                                                {"status"}};
    const bool killed = random_() % 6 == 0;
    if (killed) {
        // Of the agent alone: its helpers must end by themselves.
        const std::string time = fmt::format("0.{:03}", 5 + random_() % 80);
        world_.machine.run_under(
            {"timeout", "--foreground", "-s", random_() % 2 == 0 ? "KILL" : "TERM", time});
        tell("to be killed after " + time + " s");
    }
    const RunResult run = this->run(one_of(commands, random_));
    world_.machine.run_under({});
    constexpr std::array<int, 4> known{0, 1, 4, 130};
    if (!killed && std::find(known.begin(), known.end(), run.status) == known.end())
        wrong(fmt::format("exit status {}: {}{}", run.status, run.out, run.err));
    for (const auto& [name, told] : run.told)
        if (told.decision == "fail" && (told.kind.empty() || told.message.empty()))
            wrong("I7: " + name + " does not say why it failed");
}

void Course::converge() {
    tell("the storm is over");
    run({"--json", "apply"});
    const RunResult second = run({"--json", "apply"});
    if (second.status != 0)
        wrong(fmt::format("I4: the second healthy pass: exit status {}\n{}{}", second.status,
                          second.out, second.err));
    const auto now = world_.files();
    for (const auto& [path, wanted] : world_.wanted())
        if (!now.contains(path) || now.at(path) != wanted)
            wrong(fmt::format("I4: {} is {} and not {}", path,
                              now.contains(path) ? now.at(path) : "nothing", wanted));
    for (const auto& [path, what] : now)
        if (!world_.wanted().contains(path))
            wrong("I6: left over: " + path);
    for (const std::string& left : world_.left_over())
        wrong("I6: left over: " + left);
}

void Course::expect_rest() {
    const auto before = world_.listing();
    world_.take_log();
    const std::uint64_t sent = world_.body_bytes();
    const RunResult third = run({"--json", "apply"});
    for (const auto& [name, told] : third.told)
        if (told.decision != "unchanged")
            wrong(fmt::format("the third healthy pass: {}: {}, {}", name, told.decision,
                              told.reason));
    if (third.told.size() != World::components)
        wrong("the third healthy pass did not speak of all components");
    if (world_.body_bytes() != sent)
        wrong("the third healthy pass took a body");
    if (world_.listing() != before)
        wrong("the third healthy pass wrote something");
}

} // namespace

Sequence run_sequence(std::uint64_t seed) { return Course(seed).run(); }

} // namespace provisor::test
