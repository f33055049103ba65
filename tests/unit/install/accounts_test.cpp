// SPDX-License-Identifier: Apache-2.0
#include "install/accounts.hpp"

#include "base/error.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor {
namespace {

using testing::HasSubstr;

class Accounts : public testing::Test {
protected:
    std::string refusal(const std::string& owner, const std::string& group) {
        try {
            resolve_ownership(owner, group, folder.path());
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::io);
            return error.what();
        }
        return "none";
    }
    test::TemporaryFolder folder;
};

TEST_F(Accounts, OfARootFolderAreThoseOfItsOwnFiles) {
    test::write_text(folder / "etc/passwd", "root:x:0:0::/:/bin/sh\nsvc:x:4711:1::/:/bin/false\n");
    test::write_text(folder / "etc/group", "root:x:0:\nroot2:x:1:\nadm:x:4712:svc\n");
    EXPECT_EQ(resolve_ownership("svc", "adm", folder.path()), (Ownership{4711, 4712}));
    EXPECT_THAT(refusal("adm", "adm"), HasSubstr("there is no user 'adm'"));
    EXPECT_THAT(refusal("svc", "svc"), HasSubstr("there is no group 'svc'"));
}

TEST_F(Accounts, AreRootAndNumbersAlsoWhereNothingIsKnown) {
    EXPECT_EQ(resolve_ownership("root", "root", folder.path()), Ownership{});
    EXPECT_EQ(resolve_ownership("12", "345", folder.path()), (Ownership{12, 345}));
    EXPECT_THAT(refusal("svc", "root"), HasSubstr("there is no user 'svc'"));
    EXPECT_THAT(refusal("root", "12x"), HasSubstr("there is no group '12x'"));
}

TEST_F(Accounts, OfThisMachineAreAskedOfTheSystem) {
    EXPECT_EQ(resolve_ownership("root", "root", {}), Ownership{});
    EXPECT_EQ(resolve_ownership("daemon", "daemon", {}), (Ownership{1, 1}));
    EXPECT_THROW(resolve_ownership("no-such-user", "root", {}), Error);
    EXPECT_THROW(resolve_ownership("root", "no-such-group", {}), Error);
}

} // namespace
} // namespace provisor
