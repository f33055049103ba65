// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults/scene.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <iosfwd>
#include <string>
#include <vector>

namespace provisor::test {

/// What the cache keeps of a body that was cut off: nothing; something that cannot be continued;
/// what the next pass continues, so that no byte but 64 KiB is sent twice.
enum class Part { none, kept, continued };

/// One row of the fault matrix: how the origin misbehaves, and what must come of it. Version 2 is
/// published together with the fault, over version 1 or over nothing; the pass is looked at, with
/// what must hold after any fault; then the fault ends, and the next pass must leave the tree of a
/// clean install.
struct Row {
    const char* name = "";
    std::string behavior = {}; ///< of the origin, see Behavior
    /// What else is to be made ready before the faulty pass; may be empty.
    std::string content = {}; ///< of `app`'s body meanwhile, if it is another one
    std::function<void(Scene&)> arrange = {};
    /// And taken back before the healthy one.
    std::function<void(Scene&)> mend = {};

    std::string kind = {};              ///< of the error; empty: the pass succeeds
    std::vector<std::string> says = {}; ///< what is in the message or the reason
    std::string decision =
        "fail";               ///< or "update", which is an installation over nothing, "unchanged"
    std::size_t requests = 1; ///< for `app`, in the faulty pass, at most
    std::uint64_t bytes = 0;  ///< of bodies that the origin sends then, at most
    std::uint64_t taken = bytes;           ///< and of those taken by provisor, at most
    std::chrono::milliseconds at_least{0}; ///< that the pass takes
    std::chrono::milliseconds at_most{5000};
    Part part = Part::none;
    bool golden = false; ///< its text for people is in golden/
    bool credentials = true;
    std::string configuration = {}; ///< more of agent.yaml
};

std::ostream& operator<<(std::ostream& out, const Row& row);

enum class Over { version_one, nothing };

/// Runs a row and expects all that it says.
void expect_row(const Row& row, Over over);

/// Compares what `provisor apply` prints for people in this row with its file in golden/: that of
/// "Row56WebPage" is web_page_row_56.txt.
void expect_golden(const Row& row);
/// The same of a machine as it is.
void expect_golden(const std::string& name, const Machine& machine);
/// The same of any text of this machine. Ports, directories, times, sizes and the like are replaced
/// by words. The variable PROVISOR_WRITE_GOLDEN rewrites the file.
void expect_golden_text(const std::string& name, const Machine& machine, std::string text);

/// Makes a test of each row over version 1, of each that does not wait over nothing, and one of
/// each text for people.
#define PROVISOR_FAULT_ROWS(suite, rows)                                                           \
    class suite##OverVersionOne : public testing::TestWithParam<Row> {};                           \
    TEST_P(suite##OverVersionOne, LeavesWhatMustStay) {                                            \
        expect_row(GetParam(), Over::version_one);                                                 \
    }                                                                                              \
    INSTANTIATE_TEST_SUITE_P(Fault, suite##OverVersionOne, testing::ValuesIn(rows), name_of_row);  \
    class suite##OverNothing : public testing::TestWithParam<Row> {};                              \
    TEST_P(suite##OverNothing, LeavesNothing) { expect_row(GetParam(), Over::nothing); }           \
    INSTANTIATE_TEST_SUITE_P(Fault, suite##OverNothing,                                            \
                             testing::ValuesIn(rows_over_nothing(rows)), name_of_row);             \
    class suite##Text : public testing::TestWithParam<Row> {};                                     \
    GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(suite##Text);                                    \
    TEST_P(suite##Text, IsAsInTheGoldenFile) { expect_golden(GetParam()); }                        \
    INSTANTIATE_TEST_SUITE_P(Fault, suite##Text, testing::ValuesIn(golden_rows(rows)), name_of_row)

/// Those that do not wait, and of several that fail alike the one with a golden text.
std::vector<Row> rows_over_nothing(std::vector<Row> rows);
std::vector<Row> golden_rows(std::vector<Row> rows);
std::string name_of_row(const testing::TestParamInfo<Row>& info);

} // namespace provisor::test
