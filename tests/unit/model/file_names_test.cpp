// SPDX-License-Identifier: Apache-2.0
#include "model/file_names.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(FileNames, OfCopiesAndHiddenFilesAreLeftovers) {
    for (const char* name :
         {".x.yaml", ".#x.yaml", "#x.yaml#", "x.yaml~", "x.yaml.bak", "x.yaml.dpkg-old",
          "x.yaml.dpkg-dist", "x.yaml.ucf-dist", "x.yaml.rpmsave", "x.yaml.rpmnew", "x.yaml.swp",
          "README", "README.md", "lost+found"})
        EXPECT_TRUE(is_leftover(name)) << name;
    for (const char* name : {"x.yaml", "x.yml", "x.json", "x.yaml.disabled", "x", "#x.yaml"})
        EXPECT_FALSE(is_leftover(name)) << name;
}

TEST(FileNames, TellWhatWasMeant) {
    EXPECT_EQ(meant_name("10-policy.yml", manifest_names), "10-policy.yaml");
    EXPECT_EQ(meant_name("x.YAML", manifest_names), "x.yaml");
    EXPECT_EQ(meant_name("x.yaml.json", manifest_names), "x.yaml");
    EXPECT_EQ(meant_name("vendor.PUB", key_names), "vendor.pub");
    EXPECT_EQ(meant_name("vendor.asc", key_names), std::nullopt);
    EXPECT_EQ(meant_name("x.yaml.disabled", manifest_names), std::nullopt);
    EXPECT_EQ(meant_name(".yml", manifest_names), std::nullopt) << "nothing would be left of it";
}

} // namespace
} // namespace provisor
