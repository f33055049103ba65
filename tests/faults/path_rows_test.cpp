// SPDX-License-Identifier: Apache-2.0
// Rows 75 to 77 and 82: what stands at a target, leads to it, or is swapped there while a
// pass runs.
#include "faults/row.hpp"

#include <atomic>
#include <cstdio>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <thread>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Matcher;

// --- what stands at the target

struct Obstacle {
    const char* name;
    /// Puts it at the target, which is not there.
    void (*put)(const Scene&);
    const char* says;
    const char* golden = "";
};

fs::path elsewhere(const Scene& scene) { return scene.machine.aside("elsewhere"); }

const std::vector<Obstacle> obstacles{
    {"Row75Directory", [](const Scene& scene) { write_text(scene.target() / "file", "theirs"); },
     "is a directory", "Row75Directory"},
    {"Row75Fifo", [](const Scene& scene) { EXPECT_EQ(::mkfifo(scene.target().c_str(), 0600), 0); },
     "is a FIFO"},
    {"Row75Device",
     [](const Scene& scene) {
         EXPECT_EQ(::mknod(scene.target().c_str(), S_IFCHR | 0600, makedev(1, 3)), 0);
     },
     "is a device"},
    {"Row76Link",
     [](const Scene& scene) {
         write_text(elsewhere(scene), "theirs");
         fs::create_symlink(elsewhere(scene), scene.target());
     },
     "does not write through links", "Row76Link"},
    {"Row76DanglingLink",
     [](const Scene& scene) { fs::create_symlink(elsewhere(scene), scene.target()); },
     "does not write through links"},
    {"Row76LoopOfLinks", [](const Scene& scene) { fs::create_symlink("app", scene.target()); },
     "does not write through links"},
};

/// What is at a path: its kind, inode, mode, and the link's or file's content.
std::string sight_of(const fs::path& path) {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0)
        return "nothing";
    return std::to_string(facts.st_ino) + " " + std::to_string(facts.st_mode) + " " +
           (S_ISLNK(facts.st_mode)   ? fs::read_symlink(path).string()
            : S_ISREG(facts.st_mode) ? read_text(path)
            : S_ISDIR(facts.st_mode) ? read_text(path / "file")
                                     : "");
}

class Obstacles : public testing::TestWithParam<Obstacle> {
protected:
    static void expect_untouched_obstacle(Scene& scene, const char* golden) {
        const std::string marker = scene.machine.marker("app");
        GetParam().put(scene);
        const std::string before = sight_of(scene.target());
        const std::string before_elsewhere = sight_of(elsewhere(scene));
        scene.publish(2);
        const RunResult run = scene.machine.apply();
        EXPECT_EQ(run.status, 1);
        const Told& told = run.told.at("app");
        EXPECT_EQ(told.decision, "fail");
        EXPECT_EQ(told.kind, "io") << told.message;
        EXPECT_THAT(told.message, HasSubstr(scene.target().string()));
        EXPECT_THAT(told.message, HasSubstr(GetParam().says));
        EXPECT_EQ(sight_of(scene.target()), before);
        EXPECT_EQ(sight_of(elsewhere(scene)), before_elsewhere);
        EXPECT_EQ(scene.machine.marker("app"), marker);
        expect_beside_unharmed(scene, run, 2);
        if (*golden != '\0')
            expect_golden(golden, scene.machine);

        fs::remove_all(scene.target());
        scene.origin.forget();
        EXPECT_EQ(scene.machine.apply().status, 0);
        expect_like_clean_install(scene);
        EXPECT_EQ(sight_of(elsewhere(scene)), before_elsewhere);
    }
};

TEST_P(Obstacles, StayInPlaceOfVersionOne) {
    if (::geteuid() != 0 && std::string(GetParam().name) == "Row75Device")
        GTEST_SKIP() << "*** only root can make a device ***";
    Scene scene;
    scene.install(1);
    fs::remove(scene.target());
    expect_untouched_obstacle(scene, GetParam().golden);
}

TEST_P(Obstacles, StayInPlaceOfNothing) {
    if (::geteuid() != 0 && std::string(GetParam().name) == "Row75Device")
        GTEST_SKIP() << "*** only root can make a device ***";
    Scene scene;
    fs::create_directories(scene.target().parent_path());
    expect_untouched_obstacle(scene, "");
}

INSTANTIATE_TEST_SUITE_P(Fault, Obstacles, testing::ValuesIn(obstacles),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(HardLink, Row77KeepsTheOldContentUnderItsOtherName) {
    Scene scene;
    scene.install(1);
    const fs::path other = scene.machine.under("srv/other");
    fs::create_directories(other.parent_path());
    fs::create_hard_link(scene.target(), other);
    const std::string before = sight_of(other);
    scene.install(2);
    EXPECT_EQ(sight_of(other), before);
    EXPECT_EQ(fs::hard_link_count(other), 1U);
    expect_like_clean_install(scene);

    // A repair does not write through it either.
    write_text(scene.target(), "by hand");
    fs::remove(other);
    fs::create_hard_link(scene.target(), other);
    const RunResult repair = scene.machine.apply();
    EXPECT_EQ(repair.told.at("app").decision, "repair");
    EXPECT_EQ(repair.told.at("app").bytes, 0U);
    EXPECT_EQ(read_text(other), "by hand");
    expect_like_clean_install(scene);
}

// --- what leads to it

/// Version 1 is in opt/way, which becomes a link to this.
RunResult update_through(Scene& scene, const fs::path& link) {
    scene.app_lines = "    files: [ { path: /opt/way/app, mode: \"0750\" } ]\n";
    scene.install(1);
    fs::rename(scene.machine.under("opt/way"), scene.machine.under("opt/was"));
    fs::create_symlink(link, scene.machine.under("opt/way"));
    scene.publish(2);
    return scene.machine.apply();
}

TEST(FolderThatIsALink, Row76LeadsToWhereItPointsInsideOfTheRoot) {
    for (const char* link : {"was", "../opt/was", "/opt/was", "../../../../opt/was"}) {
        Scene scene;
        const RunResult run = update_through(scene, link);
        EXPECT_EQ(run.status, 0) << link << run.out << run.err;
        EXPECT_EQ(read_text(scene.machine.under("opt/was/app")), program(2)) << link;
        EXPECT_TRUE(fs::is_symlink(scene.machine.under("opt/way")));
        EXPECT_EQ(scene.machine.apply().told.at("app").decision, "unchanged");
    }
}

TEST(FolderThatIsALink, Row76LeadsNowhereOutsideOfTheRoot) {
    Scene scene;
    fs::create_directories(elsewhere(scene));
    const RunResult run = update_through(scene, elsewhere(scene));
    EXPECT_EQ(run.status, 1);
    const Told& told = run.told.at("app");
    EXPECT_EQ(told.kind, "io") << told.message;
    EXPECT_THAT(told.message, HasSubstr(scene.machine.under("opt/way").string()));
    EXPECT_THAT(fs::directory_iterator(elsewhere(scene)), fs::directory_iterator());
    EXPECT_EQ(read_text(scene.machine.under("opt/was/app")), program(1));
    expect_beside_unharmed(scene, run, 2);
    fs::remove(scene.machine.under("opt/way"));
    fs::rename(scene.machine.under("opt/was"), scene.machine.under("opt/way"));
    EXPECT_EQ(scene.machine.apply().status, 0);
    EXPECT_EQ(read_text(scene.machine.under("opt/way/app")), program(2));
}

// --- who may lead it elsewhere

constexpr uid_t stranger = 12'345;

struct Way {
    const char* name;
    const char* path; ///< of the target, whose folder is made before
    /// Gives a stranger something of it.
    void (*open)(const Scene&);
    const char* says;
    const char* golden = "";
};

void give(const fs::path& path) { EXPECT_EQ(::lchown(path.c_str(), stranger, stranger), 0); }
void open_up(const fs::path& path, mode_t mode) { EXPECT_EQ(::chmod(path.c_str(), mode), 0); }

const std::vector<Way> ways{
    {"FolderOfAStranger", "/opt/way/app",
     [](const Scene& scene) { give(scene.machine.under("opt/way")); }, "belongs to uid 12345"},
    {"FolderThatEverybodyMayWrite", "/opt/way/app",
     [](const Scene& scene) { open_up(scene.machine.under("opt/way"), 0777); },
     "is writable by everybody"},
    {"FolderWithTheStickyBit", "/opt/way/app",
     [](const Scene& scene) { open_up(scene.machine.under("opt/way"), 01777); },
     "is writable by everybody"},
    {"FolderInAStrangersFolder", "/opt/way/bin/app",
     [](const Scene& scene) { give(scene.machine.under("opt/way")); }, "on the way to",
     "Row82StrangersFolder"},
    {"FolderInOneThatEverybodyMayWrite", "/opt/way/long/bin/app",
     [](const Scene& scene) { open_up(scene.machine.under("opt/way"), 0777); }, "on the way to"},
    {"LinkInAStrangersFolder", "/opt/way/link/app",
     [](const Scene& scene) {
         fs::remove(scene.machine.under("opt/way/link"));
         fs::create_directories(scene.machine.under("opt/ours"));
         fs::create_symlink("../ours", scene.machine.under("opt/way/link"));
         give(scene.machine.under("opt/way"));
     },
     "on the way to"},
    {"LinkToAStrangersFolder", "/opt/way/app",
     [](const Scene& scene) {
         fs::remove(scene.machine.under("opt/way"));
         fs::create_directories(scene.machine.under("srv/theirs/bin"));
         fs::create_symlink("/srv/theirs/bin", scene.machine.under("opt/way"));
         give(scene.machine.under("srv/theirs"));
     },
     "on the way to"},
};

class Ways : public testing::TestWithParam<Way> {};

TEST_P(Ways, Row82ThatStrangersCanTurnAreNotTaken) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "*** only root can give folders away ***";
    Scene scene;
    scene.app_lines =
        "    files: [ { path: " + std::string(GetParam().path) + ", mode: \"0750\" } ]\n";
    fs::create_directories(scene.machine.root() /
                           fs::path(GetParam().path).relative_path().parent_path());
    GetParam().open(scene);
    scene.publish(1);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    const Told& told = run.told.at("app");
    EXPECT_EQ(told.kind, "io") << told.message;
    EXPECT_THAT(told.message, HasSubstr(GetParam().says));
    for (const auto& entry : fs::recursive_directory_iterator(scene.machine.root()))
        EXPECT_NE(entry.path().filename(), "app") << entry.path();
    EXPECT_EQ(scene.machine.marker("app"), "");
    expect_beside_unharmed(scene, run, 1);
    expect_clean(scene.machine);
    if (*GetParam().golden != '\0')
        expect_golden(GetParam().golden, scene.machine);

    // All is root's again.
    for (const auto& entry : fs::recursive_directory_iterator(scene.machine.root()))
        if (!entry.is_symlink() && entry.is_directory()) {
            EXPECT_EQ(::chown(entry.path().c_str(), 0, 0), 0);
            open_up(entry.path(), 0755);
        }
    EXPECT_EQ(scene.machine.apply().status, 0);
}

INSTANTIATE_TEST_SUITE_P(Fault, Ways, testing::ValuesIn(ways),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(StickyFolder, Row82OnTheWayIsTaken) {
    Scene scene;
    scene.app_lines = "    files: [ { path: /opt/shared/bin/app, mode: \"0750\" } ]\n";
    fs::create_directories(scene.machine.under("opt/shared/bin"));
    open_up(scene.machine.under("opt/shared"), 01777);
    scene.install(1);
    EXPECT_EQ(read_text(scene.machine.under("opt/shared/bin/app")), program(1));
}

// --- who swaps it meanwhile

/// Swaps two names again and again.
class Racer {
public:
    Racer(fs::path one, fs::path other) : one_(std::move(one)), other_(std::move(other)) {
        thread_ = std::thread([this] { run(); });
    }
    Racer(const Racer&) = delete;
    Racer& operator=(const Racer&) = delete;
    ~Racer() { stop(); }

    void stop() {
        over_ = true;
        if (thread_.joinable())
            thread_.join();
    }
    std::uint64_t swaps() const { return swaps_; }

private:
    void run() {
        // It rests now and then, so that passes get everywhere before it goes on.
        constexpr unsigned without_rest = 2000;
        for (unsigned i = 1; !over_; ++i) {
            if (::renameat2(AT_FDCWD, one_.c_str(), AT_FDCWD, other_.c_str(), RENAME_EXCHANGE) == 0)
                ++swaps_;
            if (i % without_rest == 0)
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }

    fs::path one_;
    fs::path other_;
    std::atomic<bool> over_ = false;
    std::atomic<std::uint64_t> swaps_ = 0;
    std::thread thread_;
};

/// Passes that each have something to do, until there were enough swaps.
void run_against(Racer& racer, Scene& scene) {
    constexpr std::uint64_t enough_swaps = 350'000; // a million of all three
    constexpr unsigned enough_passes = 30;
    unsigned good = 0;
    unsigned bad = 0;
    for (unsigned i = 0; i < enough_passes || (racer.swaps() < enough_swaps && i < 1000); ++i) {
        scene.publish(scene.version() + 1);
        const RunResult run = scene.machine.apply();
        const Told& told = run.told.at("app");
        EXPECT_THAT(run.status, AnyOf(0, 1));
        EXPECT_THAT(told.kind, AnyOf("", "io")) << told.message;
        // A file that was hidden when it was looked at is put back, and the failure is told with
        // it.
        EXPECT_THAT(told.decision,
                    run.status == 0 ? Matcher<std::string>("update") : AnyOf("fail", "repair"))
            << told.reason;
        ++(run.status == 0 ? good : bad);
        expect_beside_unharmed(scene, run, scene.version());
    }
    racer.stop();
    std::printf("%llu swaps; %u passes succeeded, %u failed\n",
                static_cast<unsigned long long>(racer.swaps()), good, bad);
    EXPECT_GT(good, 0U);
    EXPECT_GT(racer.swaps(), enough_passes) << "nobody raced";
}

TEST(Racers, Row82WhoSwapTheFolderForALinkLeadNobodyOut) {
    Scene scene;
    scene.app_lines = "    files: [ { path: /opt/box/app, mode: \"0750\" } ]\n";
    scene.install(1);
    const fs::path outside = scene.machine.aside("outside");
    fs::create_directories(outside);
    fs::create_symlink(outside, scene.machine.under("opt/link"));
    fs::create_symlink("../../outside", scene.machine.under("opt/climbing"));
    for (const char* link : {"opt/link", "opt/climbing"}) {
        Racer racer(scene.machine.under("opt/box"), scene.machine.under(link));
        run_against(racer, scene);
        EXPECT_EQ(fs::directory_iterator(outside), fs::directory_iterator()) << "written outside";
        const fs::path box = scene.machine.under("opt/box");
        if (fs::is_symlink(box))
            ::renameat2(AT_FDCWD, box.c_str(), AT_FDCWD, scene.machine.under(link).c_str(),
                        RENAME_EXCHANGE);
    }
    EXPECT_EQ(scene.machine.apply().status, 0);
    EXPECT_EQ(read_text(scene.machine.under("opt/box/app")), program(scene.version()));
    expect_clean(scene.machine);
}

TEST(Racers, Row82WhoSwapTheTargetForALinkGetNothingWrittenThroughIt) {
    Scene scene;
    scene.install(1);
    const fs::path secret = elsewhere(scene);
    write_text(secret, "theirs");
    fs::permissions(secret, fs::perms(0600));
    const std::string before = sight_of(secret);
    fs::create_symlink(secret, scene.machine.under("opt/link"));
    Racer racer(scene.target(), scene.machine.under("opt/link"));
    run_against(racer, scene);
    EXPECT_EQ(sight_of(secret), before);
    fs::remove(scene.machine.under("opt/link"));
    if (fs::is_symlink(scene.target()))
        fs::remove(scene.target());
    EXPECT_EQ(scene.machine.apply().status, 0);
    expect_like_clean_install(scene);
    EXPECT_EQ(sight_of(secret), before);
}

} // namespace
} // namespace provisor::test
