// SPDX-License-Identifier: Apache-2.0
// Rows 64, 68, 74 and 79: file systems that have no inode left, are read-only, are not the one of
// the state, or keep a file as it is.
#include "faults/own_namespace.hpp"
#include "faults/power/disk.hpp"
#include "faults/row.hpp"
#include "faults/small_disk.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

/// Skips loudly where nothing can be mounted.
void in_own_mounts(const std::function<void()>& test) {
    const std::string trouble = in_own_namespace(CLONE_NEWNS, test);
    if (!trouble.empty())
        GTEST_SKIP() << "*** not tested: " << trouble << " ***";
}

/// What stays in force of `app`, whatever has come into the cache.
struct InForce {
    explicit InForce(const Scene& scene)
        : content(read_text(scene.target())), marker(scene.machine.marker("app")) {}
    void expect_still(const Scene& scene) const {
        EXPECT_TRUE(read_text(scene.target()) == content);
        EXPECT_EQ(scene.machine.marker("app"), marker);
        expect_clean(scene.machine);
    }
    std::string content;
    std::string marker;
};

void expect_failure(const RunResult& run, const std::string& name, const std::string& kind,
                    const std::vector<std::string>& says) {
    EXPECT_EQ(run.status, 1);
    const Told& told = run.told.at(name);
    EXPECT_EQ(told.decision, "fail") << told.reason;
    EXPECT_EQ(told.kind, kind) << told.message;
    for (const std::string& words : says)
        EXPECT_THAT(told.message, HasSubstr(words));
}

/// The cause is gone: from the cache, so that nothing is transferred that has come before.
void expect_recovery(Scene& scene, std::uint64_t most_bytes = 0) {
    scene.origin.forget();
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_LE(scene.sent(), most_bytes);
    expect_like_clean_install(scene);
}

// --- no inode

/// Empty files until no more can be made; they go with this.
class Fillers {
public:
    explicit Fillers(fs::path folder) : folder_(std::move(folder)) {
        fs::create_directory(folder_);
        for (;; ++count_) {
            const Fd file(::open(name(count_).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
            if (!file)
                break;
        }
        EXPECT_EQ(errno, ENOSPC);
    }
    Fillers(const Fillers&) = delete;
    Fillers& operator=(const Fillers&) = delete;
    ~Fillers() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

private:
    fs::path name(unsigned number) const { return folder_ / std::to_string(number); }

    fs::path folder_;
    unsigned count_ = 0;
};

TEST(NoInodes, Row64AtTheTargetLeaveTheOldFile) {
    in_own_mounts([] {
        Scene scene;
        const SmallDisk disk(scene.machine.under("opt"), 8 * mebibyte, 20);
        scene.install(1);
        const InForce before(scene);
        {
            const Fillers fillers(scene.machine.under("opt/filler"));
            scene.publish(2);
            const RunResult run = scene.machine.apply();
            for (const char* name : {"app", "beside"})
                expect_failure(run, name, "space",
                               {scene.machine.under(std::string("opt/") + name).string(), "inode"});
            before.expect_still(scene);
            expect_golden("Row64NoInodesAtTheTarget", scene.machine);
        }
        expect_recovery(scene);
    });
}

TEST(NoInodes, Row64OfTheStateLeaveTheOldFile) {
    in_own_mounts([] {
        Scene scene;
        const SmallDisk disk(scene.machine.under("var/lib/provisor"), 8 * mebibyte, 60);
        scene.install(1);
        const InForce before(scene);
        {
            const Fillers fillers(scene.machine.under("var/lib/provisor/filler"));
            scene.publish(2);
            const RunResult run = scene.machine.apply();
            expect_failure(run, "app", "space",
                           {scene.machine.under("var/lib/provisor").string(), "inode"});
            before.expect_still(scene);
            expect_golden("Row64NoInodesOfTheState", scene.machine);
        }
        expect_recovery(scene, program(2).size());
    });
}

// --- read-only

TEST(ReadOnly, Row68TargetsStayAsTheyAre) {
    in_own_mounts([] {
        Scene scene;
        const SmallDisk disk(scene.machine.under("opt"), 8 * mebibyte);
        scene.install(1);
        const InForce before(scene);
        disk.set_read_only(true);
        EXPECT_EQ(scene.machine.apply().status, 0) << "where nothing is to be done, nothing fails";
        scene.publish(2);
        const RunResult run = scene.machine.apply();
        for (const char* name : {"app", "beside"}) {
            expect_failure(run, name, "io",
                           {scene.machine.under(std::string("opt/") + name).string(), "read-only"});
            // Not more than what came along with the header.
            EXPECT_LE(run.told.at(name).bytes, 16384U) << "the body was taken";
        }
        before.expect_still(scene);
        expect_golden("Row68ReadOnlyTarget", scene.machine);
        disk.set_read_only(false);
        expect_recovery(scene, 2 * program(2).size());
    });
}

TEST(ReadOnly, Row68StateChangesNothing) {
    in_own_mounts([] {
        Scene scene;
        const SmallDisk disk(scene.machine.under("var/lib/provisor"), 8 * mebibyte);
        scene.install(1);
        const InForce before(scene);
        disk.set_read_only(true);
        EXPECT_EQ(scene.machine.apply().status, 0) << "where nothing is to be done, nothing fails";
        scene.publish(2);
        const RunResult run = scene.machine.apply();
        for (const char* name : {"app", "beside"})
            expect_failure(run, name, "io",
                           {scene.machine.under("var/lib/provisor").string(), "ead-only"});
        before.expect_still(scene);
        expect_golden("Row68ReadOnlyState", scene.machine);
        disk.set_read_only(false);
        expect_recovery(scene, program(2).size());
    });
}

// --- other file systems

TEST(OtherFileSystem, Row74OfATargetIsNoMatterAndItsFilesAreReplacedWhole) {
    in_own_mounts([] {
        Scene scene;
        const SmallDisk targets(scene.machine.under("opt"), 8 * mebibyte);
        const SmallDisk state(scene.machine.under("var/lib/provisor"), 8 * mebibyte);
        scene.install(1);
        struct stat target {};
        struct stat blobs {};
        ASSERT_EQ(::stat(scene.target().c_str(), &target), 0);
        ASSERT_EQ(::stat((scene.machine.cache() / "blobs").c_str(), &blobs), 0);
        ASSERT_NE(target.st_dev, blobs.st_dev);
        std::ifstream old(scene.target());
        scene.install(2);
        std::ostringstream content;
        content << old.rdbuf();
        EXPECT_TRUE(content.str() == program(1)) << "it was written over";
        expect_like_clean_install(scene);
        write_text(scene.target(), "by hand");
        expect_recovery(scene);
    });
}

TEST(OtherFileSystem, Row74AFileThatIsAMountItselfStaysAsItIs) {
    in_own_mounts([] {
        keep_mounts_private();
        Scene scene;
        scene.install(1);
        const fs::path other = scene.machine.aside("other");
        fs::copy(scene.target(), other);
        ASSERT_EQ(::mount(other.c_str(), scene.target().c_str(), nullptr, MS_BIND, nullptr), 0);
        const InForce before(scene);
        scene.publish(2);
        const RunResult run = scene.machine.apply();
        expect_failure(run, "app", "io", {scene.target().string(), "mount"});
        before.expect_still(scene);
        expect_beside_unharmed(scene, run, 2);
        expect_golden("Row74TargetIsAMount", scene.machine);
        ASSERT_EQ(::umount2(scene.target().c_str(), MNT_DETACH), 0);
        EXPECT_TRUE(read_text(other) == program(1));
        expect_recovery(scene);
    });
}

// --- immutable

void set_immutable(const fs::path& path, bool immutable) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    int flags = 0;
    ASSERT_EQ(::ioctl(file.get(), FS_IOC_GETFLAGS, &flags), 0) << std::strerror(errno);
    flags = immutable ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
    ASSERT_EQ(::ioctl(file.get(), FS_IOC_SETFLAGS, &flags), 0) << std::strerror(errno);
}

/// Targets on ext4, which has the flag everywhere.
void with_ext4(const std::function<void(Scene&)>& test) {
    in_own_mounts([&] {
        keep_mounts_private();
        Scene scene;
        Disk disk(disk_kinds().front(), scene.machine.aside("image"));
        fs::create_directories(scene.machine.under("opt"));
        disk.mount(scene.machine.under("opt"));
        fs::remove(scene.machine.under("opt/lost+found"));
        scene.install(1);
        test(scene);
    });
}

TEST(Immutable, Row79TargetStaysAndTheFlagIsNamed) {
    with_ext4([](Scene& scene) {
        const InForce before(scene);
        set_immutable(scene.target(), true);
        scene.publish(2);
        const RunResult run = scene.machine.apply();
        expect_failure(run, "app", "io", {scene.target().string(), "immutable", "chattr -i"});
        before.expect_still(scene);
        expect_beside_unharmed(scene, run, 2);
        expect_golden("Row79Immutable", scene.machine);
        set_immutable(scene.target(), false);
        expect_recovery(scene);
    });
}

TEST(Immutable, Row79FolderOfTheTargetStaysAndTheFlagIsNamed) {
    with_ext4([](Scene& scene) {
        const InForce before(scene);
        set_immutable(scene.machine.under("opt"), true);
        scene.publish(2);
        const RunResult run = scene.machine.apply();
        for (const char* name : {"app", "beside"})
            expect_failure(run, name, "io",
                           {"'" + scene.machine.under("opt").string() + "' is immutable"});
        before.expect_still(scene);
        set_immutable(scene.machine.under("opt"), false);
        expect_recovery(scene);
    });
}

} // namespace
} // namespace provisor::test
