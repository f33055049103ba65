// SPDX-License-Identifier: Apache-2.0
#include "base/inside_root.hpp"

#include "base/error.hpp"
#include "support/lesser_thread.hpp"
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;

class InsideRoot : public testing::Test {
protected:
    InsideRoot() {
        test::write_text(host / "data/file", "the host's");
        test::write_text(image / (host / "data/file").relative_path(), "the image's");
        fs::create_symlink(host / "data", image / "var");
    }
    test::TemporaryFolder host;
    test::TemporaryFolder image;
};

TEST_F(InsideRoot, LinksLeadToWhereTheyLeadInTheImage) {
    EXPECT_EQ(read_inside(image.path(), "/var/file", 100), "the image's");
    EXPECT_EQ(read_inside("", host / "data/file", 100), "the host's");
    EXPECT_EQ(read_inside(image.path(), "/var/none", 100), std::nullopt);
    EXPECT_FALSE(open_inside(image.path(), "/none", O_RDONLY));
}

TEST_F(InsideRoot, LinksLeadThereAlsoOnAnOldKernel) {
    test::run_with_failing_call(__NR_openat2, ENOSYS, [&] {
        EXPECT_EQ(read_inside(image.path(), "/var/file", 100), "the image's");
        EXPECT_EQ(read_inside(image.path(), "/var/none", 100), std::nullopt);
        EXPECT_TRUE(open_inside(image.path(), "/var", O_RDONLY | O_DIRECTORY));
    });
}

TEST_F(InsideRoot, ARealPathPassesNoLink) {
    const fs::path data = image / (host / "data").relative_path();
    EXPECT_EQ(real_path_inside(image.path(), "/var"), data);
    EXPECT_EQ(real_path_inside(image.path(), "/var/file"), data / "file");
    EXPECT_EQ(real_path_inside(image.path(), "/var/lib/provisor"), data / "lib/provisor");
    EXPECT_EQ(real_path_inside("", "/var/lib"), "/var/lib");
    fs::create_symlink("/made/later", image / "opt");
    EXPECT_EQ(real_path_inside(image.path(), "/opt/x"), image / "made/later/x");
    fs::create_symlink("../../../../../../../..", image / "up");
    EXPECT_EQ(real_path_inside(image.path(), "/up/opt/x"), image / "made/later/x");
    fs::create_symlink("none/../../etc", image / "through");
    EXPECT_THROW(real_path_inside(image.path(), "/through/x"), Error);
    fs::create_symlink("round", image / "round");
    EXPECT_THROW(real_path_inside(image.path(), "/round/x"), Error);
}

TEST_F(InsideRoot, ANameIsInsideOfItByWhatItSays) {
    EXPECT_EQ(name_inside("/image", "/image/etc/x"), fs::path("/etc/x"));
    EXPECT_EQ(name_inside("/image", "/image"), fs::path("/"));
    EXPECT_EQ(name_inside("/image", "/images/etc"), std::nullopt);
    EXPECT_EQ(name_inside("/image", "etc"), std::nullopt);
    EXPECT_EQ(name_inside("", "/etc"), fs::path("/etc"));
}

TEST_F(InsideRoot, AFifoIsNotWaitedFor) {
    ASSERT_EQ(::mkfifo((image / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(read_inside(image.path(), "/fifo", 100), "");
}

} // namespace
} // namespace provisor
