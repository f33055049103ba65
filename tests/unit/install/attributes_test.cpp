// SPDX-License-Identifier: Apache-2.0
// What a file has beside content, mode and owner, when another takes its place.
#include "install/attributes.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "install/observe.hpp"
#include "install/staging.hpp"
#include "model/capabilities.hpp"
#include "model/drop_in.hpp"
#include "support/file_attributes.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using namespace test;
using testing::HasSubstr;
using testing::Not;

const std::string net_raw = capabilities_to_attribute("cap_net_raw=ep");

class AttributesTest : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0 || !takes_attributes(folder.path()))
            GTEST_SKIP() << "it takes root, and a file system with attributes below "
                         << folder.path();
        paths.root = folder.path();
        write_text(target, "old");
        fs::permissions(target, static_cast<fs::perms>(0755));
    }
    InstalledFile file(mode_t mode = 0755, const std::string& capabilities = "") {
        return {"/opt/app", sha256_of("new"), mode, "root", "root", capabilities};
    }
    /// Replaces the target; the message of what was refused.
    std::string replace(const InstalledFile& wanted, Labels* labels = nullptr) {
        try {
            Staging staging(paths, 0, labels);
            staging.stage_text(wanted, "new");
            staging.commit();
            left = staging.left_behind();
            return "";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::io);
            return error.what();
        }
    }
    bool has_temporaries() {
        for (const auto& entry : fs::directory_iterator(folder / "opt"))
            if (entry.path().filename().string().starts_with(".provisor-"))
                return true;
        return false;
    }

    TemporaryFolder folder;
    Paths paths;
    const fs::path target = folder / "opt/app";
    std::vector<std::string> left;
    Interrupt interrupt;
};

TEST_F(AttributesTest, WhatAnAdministratorGaveAFileItsNewContentHasToo) {
    ASSERT_TRUE(set_attribute(target, "user.note", "mine"));
    ASSERT_TRUE(set_attribute(target, "trusted.note", "root's"));
    ASSERT_TRUE(set_attribute(target, acl_name, acl_for(1500, 5)));
    fs::permissions(target, static_cast<fs::perms>(0755));
    ASSERT_TRUE(set_attribute(target, capability_name, net_raw));
    const auto acl = attribute(target, acl_name);
    EXPECT_EQ(replace(file()), "");
    EXPECT_EQ(read_text(target), "new");
    EXPECT_EQ(attribute(target, "user.note"), "mine");
    EXPECT_EQ(attribute(target, "trusted.note"), "root's");
    EXPECT_EQ(attribute(target, acl_name), acl);
    EXPECT_EQ(attribute(target, capability_name), net_raw);
    EXPECT_EQ(mode_of(target), 0755U);
    EXPECT_TRUE(left.empty());
}

TEST_F(AttributesTest, AListIsBoundedByTheModeOfTheManifest) {
    // Mode 0777 to the eye: somebody else may write it.
    ASSERT_TRUE(set_attribute(target, acl_name, acl_for(1500, 7)));
    EXPECT_EQ(replace(file(04750)), "");
    EXPECT_EQ(mode_of(target), 04750U);
    EXPECT_EQ(attribute(target, acl_name), acl_for(1500, 7, 7, 5, 5, 0)) << "the mask is r-x";
}

TEST_F(AttributesTest, SignaturesOfTheOldContentAreNotThoseOfTheNew) {
    // What the layers of an overlay say of a file is not to be copied either.
    for (const char* name : {"security.ima", "security.evm", "trusted.overlay.origin"})
        if (!set_attribute(target, name, std::string(20, '\3')))
            GTEST_SKIP() << "the kernel takes no " << name;
    EXPECT_EQ(replace(file()), "");
    for (const char* name : {"security.ima", "security.evm", "trusted.overlay.origin"})
        EXPECT_EQ(attribute(target, name), std::nullopt) << name;
}

TEST_F(AttributesTest, CapabilitiesOfTheManifestAreSetAndNotCarriedOver) {
    ASSERT_TRUE(set_attribute(target, capability_name, net_raw));
    EXPECT_EQ(replace(file(0755, "cap_net_bind_service=ep")), "");
    EXPECT_EQ(attribute(target, capability_name),
              capabilities_to_attribute("cap_net_bind_service=ep"));
    InstalledFile given = file(0750, "cap_kill=ep");
    given.owner = "65534";
    EXPECT_EQ(replace(given), "");
    EXPECT_EQ(attribute(target, capability_name), capabilities_to_attribute("cap_kill=ep"))
        << "chown(2) takes them away";
}

TEST_F(AttributesTest, CapabilitiesThatNobodySetByHandGoWithTheManifestThatAskedForThem) {
    ASSERT_TRUE(set_attribute(target, capability_name, net_raw));
    Staging staging(paths, 0, nullptr);
    staging.stage_text(file(), "new");
    staging.drop_capabilities("/opt/app");
    staging.commit();
    EXPECT_EQ(attribute(target, capability_name), std::nullopt);
}

TEST_F(AttributesTest, AFileThatIsLentHasNoCapabilities) {
    ASSERT_TRUE(set_attribute(target, capability_name, net_raw));
    Staging staging(paths, 0, nullptr);
    staging.stage_text(file(0755, "cap_kill=ep"), "new");
    EXPECT_EQ(attribute(staging.lend("/opt/app", 65534), capability_name), std::nullopt);
    staging.take_back("/opt/app");
    staging.commit();
    EXPECT_EQ(attribute(target, capability_name), capabilities_to_attribute("cap_kill=ep"));
}

TEST_F(AttributesTest, WhatCannotBeCarriedOverIsRefusedAndNothingIsReplaced) {
    paths.own_unit = "provisor.service";
    ASSERT_TRUE(set_attribute(target, capability_name, net_raw));
    const auto before = list_tree(target);
    run_without_capabilities([&] {
        const std::string message = replace(file());
        EXPECT_THAT(message, HasSubstr("'" + target.string() +
                                       "' has the capabilities "
                                       "cap_net_raw=ep"));
        EXPECT_THAT(message, HasSubstr("nothing is replaced"));
        EXPECT_THAT(message, HasSubstr(capabilities_command("provisor.service")));
        paths.own_unit.clear();
        EXPECT_THAT(replace(file()), HasSubstr("`setcap -r '" + target.string() + "'`"));
    });
    EXPECT_EQ(list_tree(target), before);
    EXPECT_EQ(attribute(target, capability_name), net_raw);
    EXPECT_FALSE(has_temporaries());
}

TEST_F(AttributesTest, WhatTheManifestAsksForIsRefusedWithTheCommandThatLetsIt) {
    paths.own_unit = "provisor-apply.service";
    const auto before = list_tree(target);
    run_without_capabilities([&] {
        const std::string message = replace(file(0755, "cap_kill=ep"));
        EXPECT_THAT(message, HasSubstr("give it the capabilities cap_kill=ep"));
        EXPECT_THAT(message, HasSubstr(capabilities_command("provisor-apply.service")));
    });
    EXPECT_EQ(list_tree(target), before);
    EXPECT_FALSE(has_temporaries());
}

TEST_F(AttributesTest, UsersThatTheSandboxDoesNotKnowAreRefusedAndNotForgotten) {
    // As its user namespace gives them: all that it does not know are one.
    paths.own_unit = "provisor.service";
    ASSERT_TRUE(set_attribute(target, acl_name, acl_for(1500, 5)));
    const auto before = attribute(target, acl_name);
    run_with_failing_call(__NR_fsetxattr, EINVAL, [&] {
        const std::string message = replace(file());
        EXPECT_THAT(message, HasSubstr("has an access control list"));
        EXPECT_THAT(message, HasSubstr(accounts_command("provisor.service")));
    });
    EXPECT_EQ(read_text(target), "old");
    EXPECT_EQ(attribute(target, acl_name), before);
    run_with_failing_call(__NR_fsetxattr, ENOTSUP, [&] {
        EXPECT_THAT(replace(file()), HasSubstr("`setfacl -b '"));
        EXPECT_THAT(replace(file(0755, "cap_kill=ep")), HasSubstr("access control list"));
    });
    EXPECT_EQ(read_text(target), "old");
    EXPECT_FALSE(has_temporaries());
}

TEST_F(AttributesTest, WhereThereAreNoAttributesThereIsNothingToCarryOver) {
    run_with_failing_call(__NR_flistxattr, ENOTSUP, [&] { EXPECT_EQ(replace(file()), ""); });
    EXPECT_EQ(read_text(target), "new");
}

TEST_F(AttributesTest, WhatAnotherUserSetIsLeftBehindAndNamed) {
    ASSERT_TRUE(set_attribute(target, "user.note", "mallory's"));
    ASSERT_TRUE(set_attribute(target, acl_name, acl_for(1500, 7)));
    ASSERT_EQ(::chown(target.c_str(), 1500, 1500), 0);
    ASSERT_TRUE(set_attribute(target, capability_name, net_raw));
    EXPECT_EQ(replace(file(0775)), "");
    EXPECT_EQ(attribute(target, "user.note"), std::nullopt);
    EXPECT_EQ(attribute(target, acl_name), std::nullopt);
    EXPECT_EQ(attribute(target, capability_name), net_raw) << "root alone can have set them";
    ASSERT_EQ(left.size(), 1U);
    EXPECT_THAT(left[0], HasSubstr("its access control list, user.note (set by uid 1500)"));
}

TEST_F(AttributesTest, OfAUserWhoKeepsTheFileEverythingStays) {
    ASSERT_TRUE(set_attribute(target, "user.note", "svc's"));
    ASSERT_EQ(::chown(target.c_str(), 1500, 1500), 0);
    InstalledFile own = file();
    own.owner = own.group = "1500";
    EXPECT_EQ(replace(own), "");
    EXPECT_EQ(attribute(target, "user.note"), "svc's");
    EXPECT_TRUE(left.empty());
}

TEST_F(AttributesTest, AFileWithCapabilitiesIsNotInstalledWhereAGroupMayWrite) {
    fs::permissions(folder / "opt", static_cast<fs::perms>(0775));
    EXPECT_EQ(replace(file()), "");
    EXPECT_THAT(replace(file(0755, "cap_kill=ep")), HasSubstr("may be written by its group"));
    EXPECT_FALSE(has_temporaries());
}

TEST_F(AttributesTest, CapabilitiesAreSeenWhereSomeAreExpected) {
    const auto look = [&](const std::string& expected) {
        return observe_files({file(0755, expected)}, paths, {}, Rehash::always, interrupt)
            .files.at("/opt/app")
            .capabilities;
    };
    EXPECT_EQ(look("cap_net_raw=ep"), "");
    ASSERT_TRUE(set_attribute(target, capability_name, net_raw));
    EXPECT_EQ(look("cap_net_raw=ep"), "cap_net_raw=ep");
    EXPECT_EQ(look("cap_kill=ep"), "cap_net_raw=ep");
    EXPECT_EQ(look(""), "") << "an administrator may set what he likes";
    // Not even asked for.
    run_with_failing_call(__NR_lgetxattr, EIO, [&] {
        EXPECT_EQ(look(""), "");
        EXPECT_THROW(look("cap_kill=ep"), Error);
    });
}

} // namespace
} // namespace provisor
