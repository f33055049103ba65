// SPDX-License-Identifier: Apache-2.0
// sequence_campaign FIRST LAST [STEP]: runs the sequences of these seeds, and sums up.
#include "faults/sequence/sequence.hpp"
#include "faults/strike/violations.hpp"

#include <cstdio>
#include <stdexcept>

namespace provisor::test {
namespace {

constexpr const char* usage = "usage: sequences [FIRST [LAST [STEP]]]\n";

int run(const std::vector<std::string>& words) {
    if (words.empty() || words.size() > 3)
        throw std::invalid_argument("a seed or two");
    const std::uint64_t first = std::stoull(words[0]);
    const std::uint64_t last = words.size() > 1 ? std::stoull(words[1]) : first;
    const std::uint64_t step = words.size() > 2 ? std::stoull(words[2]) : 1;
    Violations violations;
    unsigned sequences = 0;
    unsigned passes = 0;
    for (std::uint64_t seed = first; seed <= last; seed += step, ++sequences) {
        const Sequence sequence = run_sequence(seed);
        passes += sequence.passes;
        for (const std::string& what : sequence.wrong)
            violations.add(std::to_string(seed), "", what);
        if (!sequence.wrong.empty() || first == last)
            for (const std::string& line : sequence.story)
                std::printf("  %s\n", line.c_str());
        std::fflush(stdout);
    }
    violations.sum_up(sequences, "tests/faults/sequences",
                      ", of " + std::to_string(passes) + " passes");
    return violations.count() == 0 ? 0 : 1;
}

} // namespace
} // namespace provisor::test

int main(int argc, char** argv) {
    using namespace provisor::test;
    return status_of("sequences", usage, [&] { return run({argv + 1, argv + argc}); });
}
