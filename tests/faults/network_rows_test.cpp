// SPDX-License-Identifier: Apache-2.0
// Rows 1 to 12: what the network does.
#include "faults/row.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using std::chrono::milliseconds;

const std::vector<Row> rows{
    {.name = "Row07OrderlyCutInTheMiddle",
     .behavior = "cut=100000",
     .kind = "http",
     .says = {"ended after 100000 of 200000 bytes"},
     .bytes = 100'000,
     .resumes = true,
     .golden = true},
    {.name = "Row04SilenceAfterAccept",
     .behavior = "hang",
     .kind = "timeout",
     .says = {"less than 1 KiB/s for 1 s"},
     .at_least = milliseconds(950),
     .at_most = milliseconds(2000),
     .golden = true},
};

PROVISOR_FAULT_ROWS(NetworkRows, rows);

} // namespace
} // namespace provisor::test
