// SPDX-License-Identifier: Apache-2.0
// edits_campaign FIRST LAST [STEP] [--first]: makes the sequences of these seeds, and sums up; on
// standard error after each 500. With --first it ends with the first violation.
#include "edits/edits.hpp"
#include "fakes/package_database.hpp"

#include <cstdio>
#include <cstdlib>
#include <spdlog/spdlog.h>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    using namespace provisor::test;
    std::vector<std::string> words(argv + 1, argv + argc);
    const bool only_first = !words.empty() && words.back() == "--first";
    if (only_first)
        words.pop_back();
    if (words.size() < 2 || words.size() > 3) {
        std::fputs("usage: edits_campaign FIRST LAST [STEP] [--first]\n", stderr);
        return 2;
    }
    const std::uint64_t first = std::stoull(words[0]);
    const std::uint64_t last = std::stoull(words[1]);
    const std::uint64_t step = words.size() > 2 ? std::stoull(words[2]) : 1;
    hide_package_databases();
    spdlog::set_level(spdlog::level::off);
    std::uint64_t sequences = 0;
    std::uint64_t passes = 0;
    std::uint64_t violations = 0;
    const auto sum_up = [&](std::FILE* out) {
        std::fprintf(out, "%llu sequences, %llu passes, %llu violations\n",
                     static_cast<unsigned long long>(sequences),
                     static_cast<unsigned long long>(passes),
                     static_cast<unsigned long long>(violations));
    };
    for (std::uint64_t seed = first; seed <= last; seed += step) {
        const EditSequence sequence = run_edits(seed);
        ++sequences;
        passes += sequence.passes;
        violations += sequence.wrong.empty() ? 0 : 1;
        if (!sequence.wrong.empty() || first == last) {
            std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
            for (const std::string& line : sequence.story)
                std::printf("  %s\n", line.c_str());
            std::fflush(stdout);
        }
        if (only_first && violations > 0)
            break;
        if (sequences % 500 == 0)
            sum_up(stderr);
    }
    sum_up(stdout);
    return violations == 0 ? 0 : 1;
}
