// SPDX-License-Identifier: Apache-2.0
// A sample of random edits of manifests; tests/edits/run makes as many as are wanted.
#include "edits/edits.hpp"
#include "fakes/package_database.hpp"

#include <gtest/gtest.h>

namespace provisor::test {
namespace {

TEST(Edits, LeaveEveryFileWithItsOwnerAndNoneAbsent) {
    constexpr std::uint64_t sequences = 300;
    hide_package_databases();
    unsigned passes = 0;
    for (std::uint64_t seed = 1; seed <= sequences; ++seed) {
        const EditSequence sequence = run_edits(seed);
        passes += sequence.passes;
        for (const std::string& what : sequence.wrong)
            ADD_FAILURE() << "seed " << seed << ": " << what;
        if (!sequence.wrong.empty())
            for (const std::string& line : sequence.story)
                std::printf("  %s\n", line.c_str());
    }
    EXPECT_GE(passes, 5 * sequences);
}

} // namespace
} // namespace provisor::test
