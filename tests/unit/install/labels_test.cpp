// SPDX-License-Identifier: Apache-2.0
// Labels by a policy's file_contexts, which libselinux reads also where the kernel has no SELinux.
// That this is what an enforcing kernel takes is not shown here.
#include "install/labels.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "install/staging.hpp"
#include "support/file_attributes.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using namespace test;
using namespace std::string_literals;

constexpr const char* label_name = "security.selinux";

class LabelsTest : public testing::Test {
protected:
    LabelsTest() : folder_name(fs::canonical(folder.path()).string()) { write_policy("usr_t"); }
    void SetUp() override {
        if (Labels(policy).find(folder_name + "/opt/data", S_IFREG).empty())
            GTEST_SKIP() << "built without libselinux";
    }
    void write_policy(const std::string& data_type) {
        write_text(policy, folder_name + "/opt(/.*)?\tsystem_u:object_r:" + data_type + ":s0\n" +
                               folder_name + "/opt/bin\t-d\tsystem_u:object_r:bin_t:s0\n" +
                               folder_name + "/opt/bin/.*\t--\tsystem_u:object_r:bin_t:s0\n" +
                               folder_name + "/opt/none(/.*)?\t<<none>>\n");
    }

    TemporaryFolder folder;
    std::string folder_name;
    const fs::path policy = folder / "file_contexts";
};

TEST_F(LabelsTest, AreThoseOfThePathAndKind) {
    Labels labels(policy);
    const auto find = [&](const std::string& path, mode_t type) {
        return labels.find(folder_name + path, type);
    };
    EXPECT_EQ(find("/opt/data", S_IFREG), "system_u:object_r:usr_t:s0");
    EXPECT_EQ(find("/opt/bin/app", S_IFREG), "system_u:object_r:bin_t:s0");
    EXPECT_EQ(find("/opt/bin", S_IFDIR), "system_u:object_r:bin_t:s0");
    EXPECT_EQ(find("/opt/bin", S_IFREG), "system_u:object_r:usr_t:s0");
    EXPECT_EQ(find("/opt/none/app", S_IFREG), "") << "the policy says <<none>>";
    EXPECT_EQ(find("/elsewhere", S_IFREG), "");
}

TEST_F(LabelsTest, OfAPolicyThatChangedAreTheNewOnes) {
    Labels labels(policy);
    EXPECT_EQ(labels.find(folder_name + "/opt/data", S_IFREG), "system_u:object_r:usr_t:s0");
    fs::remove(policy);
    write_policy("etc_t");
    EXPECT_EQ(labels.find(folder_name + "/opt/data", S_IFREG), "system_u:object_r:etc_t:s0");
}

TEST_F(LabelsTest, APolicyThatCannotBeReadIsAnError) {
    Labels labels(folder / "no-such-file");
    EXPECT_THROW(labels.find("/opt/data", S_IFREG), Error);
}

TEST_F(LabelsTest, AFileAndTheDirectoriesMadeForItGetThemBeforeTheRename) {
    Paths paths;
    paths.root = folder.path();
    Labels labels(policy);
    fs::create_directories(folder / "opt");
    if (::geteuid() != 0 || !set_attribute(folder / "opt", label_name, "unlabeled\0"s))
        GTEST_SKIP() << "no labels can be set here";
    const InstalledFile file{"/opt/bin/app", sha256_of("new"), 0755, "root", "root"};
    for (int round = 0; round < 2; ++round) {
        Staging staging(paths, 0, &labels);
        staging.stage_text(file, "new");
        staging.commit();
        EXPECT_EQ(attribute(folder / "opt/bin/app", label_name), "system_u:object_r:bin_t:s0\0"s);
        EXPECT_EQ(attribute(folder / "opt/bin", label_name), "system_u:object_r:bin_t:s0\0"s);
        // Not carried over: the policy decides.
        ASSERT_TRUE(set_attribute(folder / "opt/bin/app", label_name, "tmp_t\0"s));
    }
    EXPECT_EQ(attribute(folder / "opt", label_name), "unlabeled\0"s) << "it was there before";
}

TEST_F(LabelsTest, AreNoneOnThisMachineWithoutSELinux) {
    if (fs::exists("/sys/fs/selinux/enforce"))
        GTEST_SKIP() << "SELinux is enabled here";
    EXPECT_EQ(system_labels(Paths{}), nullptr);
}

} // namespace
} // namespace provisor
