// SPDX-License-Identifier: Apache-2.0
// Random faults, one after the other. A sample; tests/faults/sequences runs as many as are
// wanted.
#include "faults/sequence/sequence.hpp"

#include <gtest/gtest.h>

namespace provisor::test {
namespace {

class Storms : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Storms, EndAndTwoPassesLaterEverythingIsWellAndNothingWrongWasEverInPlace) {
    const Sequence sequence = run_sequence(GetParam());
    for (const std::string& what : sequence.wrong)
        ADD_FAILURE() << what;
    EXPECT_GE(sequence.passes, 6U);
    if (HasFailure())
        for (const std::string& line : sequence.story)
            std::printf("%s\n", line.c_str());
}

INSTANTIATE_TEST_SUITE_P(Fault, Storms, testing::Range<std::uint64_t>(1, 41));

} // namespace
} // namespace provisor::test
