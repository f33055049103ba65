// SPDX-License-Identifier: Apache-2.0
#include "base/temporary_name.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(TemporaryName, IsAnotherOneEachTimeAndIsKnown) {
    const std::string name = temporary_name();
    EXPECT_NE(name, temporary_name());
    EXPECT_TRUE(is_temporary_name(name)) << name;
}

TEST(TemporaryName, OfAnotherFormIsSomebodyElses) {
    EXPECT_TRUE(is_temporary_name(".provisor-0123456789abcdef"));
    for (const char* name :
         {"", ".provisor-", ".provisor-notes", ".provisor-0123456789abcde",
          ".provisor-0123456789abcdef0", ".provisor-0123456789ABCDEF", ".provisor-0123456789abcdeg",
          "provisor-00123456789abcdef", "x.provisor-0123456789abcdef"})
        EXPECT_FALSE(is_temporary_name(name)) << name;
}

} // namespace
} // namespace provisor
