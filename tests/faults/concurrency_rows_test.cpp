// SPDX-License-Identifier: Apache-2.0
//
// More than one that works on the same machine, and what changes under the hands of a pass.
#include "base/sha256.hpp"
#include "faults/scene.hpp"
#include "pass/lock.hpp"

#include <atomic>
#include <csignal>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <thread>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// Who holds the lock of this machine, once there is somebody.
int await_holder(const Machine& machine) {
    const Paths paths =
        make_paths(machine.root(), false, [](const char*) { return std::optional<std::string>(); });
    for (int i = 0; i < 1000; ++i, std::this_thread::sleep_for(10ms))
        if (const auto holder = PassLock::holder(paths))
            return *holder;
    ADD_FAILURE() << "nobody took the lock";
    return 0;
}

/// A pass that takes about two seconds for its transfer of `app`, which must not be slowed down by
/// the stall limit.
struct SlowPass {
    Scene scene;
    std::future<RunResult> run;
    int pid = 0;

    SlowPass() {
        scene.install(1);
        scene.origin.forget();
        scene.publish(2, "slow=100000");
        run = std::async(std::launch::async, [this] {
            return scene.machine.run({"--json", "apply"});
        });
        pid = await_holder(scene.machine);
        // It has read its manifests, too, once a body comes that they ask for.
        const fs::path bodies = scene.machine.cache() / "partial";
        for (int i = 0; i < 5000 && fs::is_empty(bodies); ++i)
            std::this_thread::sleep_for(1ms);
        EXPECT_FALSE(fs::is_empty(bodies));
    }
    SlowPass(const SlowPass&) = delete;
    SlowPass& operator=(const SlowPass&) = delete;
    ~SlowPass() {
        if (run.valid())
            run.wait();
    }
};

TEST(Together, Row98WhoComesSecondIsTurnedAwayAndAsksNobody) {
    SlowPass first;
    for (const std::vector<std::string>& line :
         {std::vector<std::string>{"apply"}, {"apply", "app"}, {"prune"}, {"verify"}}) {
        const RunResult second = first.scene.machine.run(line);
        EXPECT_EQ(second.status, 4) << line.front() << second.out << second.err;
        EXPECT_THAT(second.err, HasSubstr("another pass is running"));
        EXPECT_EQ(second.out, "");
    }
    EXPECT_EQ(first.run.wait_for(0s), std::future_status::timeout) << "the first one was too quick";
    EXPECT_EQ(first.run.get().status, 0);
    EXPECT_EQ(first.scene.asked().size(), 1U) << "only the first one asked";
    expect_like_clean_install(first.scene);
}

TEST(Together, Row98WhoWaitsFindsTheWorkDone) {
    SlowPass first;
    const RunResult second = first.scene.machine.run({"--json", "apply", "--wait"});
    ASSERT_EQ(first.run.wait_for(0s), std::future_status::ready) << "they were at work together";
    EXPECT_EQ(first.run.get().told.at("app").decision, "update");
    EXPECT_EQ(second.status, 0) << second.out << second.err;
    EXPECT_EQ(second.told.at("app").decision, "unchanged");
    EXPECT_EQ(first.scene.sent(), program(2).size()) << "one body for both";
    expect_like_clean_install(first.scene);
}

TEST(Together, WhoOnlyLooksIsNeverTurnedAwayAndSeesWholeStates) {
    SlowPass first;
    int looks = 0;
    for (; first.run.wait_for(0s) == std::future_status::timeout; ++looks) {
        const RunResult look = first.scene.machine.run({"--json", "status"});
        EXPECT_EQ(look.status, 0) << look.out << look.err;
        const auto json = nlohmann::json::parse(look.out, nullptr, false);
        ASSERT_FALSE(json.is_discarded()) << look.out;
        const auto& app = json.at("components").at(0);
        const std::string version = app.value("version", "");
        // The version comes from the record, which is written a moment after the marker.
        EXPECT_TRUE(version == "1" || version == "2" ||
                    (version.empty() && app.value("sha256", "") == sha256_of(program(2))))
            << look.out;
    }
    EXPECT_GE(looks, 3);
    EXPECT_EQ(first.run.get().status, 0);
}

TEST(Together, Row99AHolderThatIsKilledHoldsNothing) {
    SlowPass first;
    ASSERT_EQ(::kill(first.pid, SIGKILL), 0);
    EXPECT_EQ(first.run.get().status, 128 + SIGKILL);
    const RunResult second = first.scene.machine.apply();
    EXPECT_EQ(second.status, 0) << second.out << second.err;
    EXPECT_EQ(second.told.at("app").decision, "update");
    // The fetcher of the first one died with it; it had taken a part at the most.
    first.scene.origin.await_ends();
    EXPECT_LE(first.scene.sent(), program(2).size() + 2 * 65536);
    expect_like_clean_install(first.scene);
}

TEST(Together, TenAtOnceMakeOneTransferAndOneUpdate) {
    Scene scene;
    scene.install(1);
    scene.origin.forget();
    scene.publish(2);
    std::vector<std::future<RunResult>> runs;
    for (int i = 0; i < 10; ++i)
        runs.push_back(std::async(std::launch::async, [&] {
            return scene.machine.run({"--json", "apply", "--wait"});
        }));
    int updates = 0;
    for (auto& run : runs) {
        const RunResult result = run.get();
        EXPECT_EQ(result.status, 0) << result.out << result.err;
        updates += result.told.at("app").decision == "update" ? 1 : 0;
    }
    EXPECT_EQ(updates, 1);
    EXPECT_EQ(scene.sent(), program(2).size());
    expect_like_clean_install(scene);
}

// --- what changes meanwhile

TEST(Meanwhile, Row95APassGoesByTheManifestThatItBeganWith) {
    SlowPass first;
    first.scene.machine.write_manifest("components: { app: { url: half-writ");
    const RunResult run = first.run.get();
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_EQ(run.told.at("app").decision, "update");
    const State before = state_of(first.scene);
    const RunResult next = first.scene.machine.run({"apply"});
    EXPECT_EQ(next.status, 2) << next.out << next.err;
    EXPECT_THAT(next.err, HasSubstr("tested.yaml:1:"));
    EXPECT_EQ(state_of(first.scene), before) << "half a manifest takes nothing away";
    first.scene.write_manifest();
    EXPECT_EQ(first.scene.machine.apply().told.at("app").decision, "unchanged");
}

TEST(Meanwhile, Row95NothingRunsByHalfAConfiguration) {
    Scene scene;
    scene.install(1);
    scene.origin.forget();
    scene.publish(2); // not signed
    const State before = state_of(scene);
    const fs::path dropin = scene.machine.under("etc/provisor/agent.yaml.d/more.yaml");
    for (const fs::path& file : {scene.machine.under("etc/provisor/agent.yaml"), dropin}) {
        const std::string whole = read_text(file) + "interval: 1h\nrequire: signature\n";
        std::ofstream writer(file, std::ios::trunc);
        writer << whole.substr(0, whole.rfind("require")) << std::flush;
        for (const std::vector<std::string>& line :
             {std::vector<std::string>{"apply"}, {"plan"}, {"check"}, {"check", file.string()}}) {
            const RunResult run = scene.machine.run(line);
            EXPECT_EQ(run.status, 2) << line.front() << run.out << run.err;
            EXPECT_THAT(run.err, HasSubstr(file.string()));
            EXPECT_THAT(run.err, HasSubstr("open for writing"));
        }
        EXPECT_EQ(scene.asked().size(), 0U);
        EXPECT_EQ(state_of(scene), before);
        writer << whole.substr(whole.rfind("require"));
    }
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.told.at("app").kind, "config") << run.out << run.err;
    EXPECT_THAT(run.told.at("app").message, HasSubstr("require: signature"));
    EXPECT_EQ(state_of(scene).content, before.content);
}

/// Writes manifests of the versions 1 and 2 over one another, as `replace` does, until it goes.
class Writer {
public:
    using Replace = void (*)(const fs::path&, const std::string&);
    Writer(fs::path file, Replace replace, std::string one, std::string two)
        : thread_([=, this] {
              for (int i = 0; !over_; ++i, ++count_)
                  replace(file, i % 2 == 0 ? one : two);
          }) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() {
        over_ = true;
        thread_.join();
    }
    int count() const { return count_; }

private:
    std::atomic<bool> over_{false};
    std::atomic<int> count_{0};
    std::thread thread_;
};

/// A manifest in which each of many components has this version; longer than one read takes.
std::string many_of(const std::string& version) {
    std::string text = "components:\n";
    for (int i = 0; i < 1000; ++i) {
        const std::string name = "c" + std::to_string(i);
        text += "  " + name + ": { version: \"" + version + "\", url: \"https://example.org/" +
                name + "\", path: /opt/" + name + " }\n";
    }
    return text;
}

/// What `plan` wants of each component is of one version, whenever it reads.
void expect_one_version(const Machine& machine, int& one, int& two) {
    const RunResult run = machine.run({"--json", "plan", "--offline"});
    const auto json = nlohmann::json::parse(run.out, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << run.out << run.err;
    std::size_t ones = 0;
    const auto& components = json.at("components");
    for (const auto& component : components)
        ones += component.value("version", "") == "1" ? 1U : 0U;
    EXPECT_EQ(components.size(), 1000U) << run.err;
    EXPECT_TRUE(ones == 0 || ones == components.size()) << ones;
    (ones == 0 ? two : one) += 1;
}

TEST(Meanwhile, Row95AManifestThatIsRenamedIntoPlaceIsReadAsOneOrTheOther) {
    const Machine machine;
    machine.write_manifest(many_of("1"));
    int one = 0;
    int two = 0;
    const Writer writer(
        machine.under("etc/provisor/components.d/tested.yaml"),
        [](const fs::path& file, const std::string& text) {
            const fs::path other = file.parent_path() / ".tested.yaml.swp";
            write_text(other, text);
            fs::rename(other, file);
        },
        many_of("1"), many_of("2"));
    for (int i = 0; i < 200 && (one < 3 || two < 3); ++i)
        expect_one_version(machine, one, two);
    EXPECT_GE(one, 1);
    EXPECT_GE(two, 1);
    EXPECT_GT(writer.count(), 10);
}

TEST(Meanwhile, Row92AStateDirectoryThatIsDeletedIsMadeAgain) {
    Scene scene;
    scene.install(1);
    const std::string marker = scene.machine.marker("app");
    struct stat before {};
    ASSERT_EQ(::stat(scene.target().c_str(), &before), 0);
    fs::remove_all(scene.machine.under("var/lib/provisor"));
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_THAT(run.told.at("app").decision, testing::AnyOf("adopt", "unchanged", "install"));
    struct stat after {};
    ASSERT_EQ(::stat(scene.target().c_str(), &after), 0);
    EXPECT_EQ(after.st_ino, before.st_ino) << "the same content was put in place anew";
    EXPECT_EQ(scene.machine.marker("app"), marker);
    expect_like_clean_install(scene);
    EXPECT_EQ(scene.machine.apply().told.at("app").decision, "unchanged");
}

TEST(Meanwhile, Row92AStateDirectoryThatGoesDuringAPassIsNoLossOfTheTarget) {
    SlowPass first;
    fs::remove_all(first.scene.machine.under("var/lib/provisor"));
    const RunResult run = first.run.get();
    EXPECT_THAT(read_text(first.scene.target()), testing::AnyOf(program(1), program(2)));
    if (run.status != 0) {
        // Whichever of them was being kept.
        EXPECT_NE(run.told.at("app").kind + run.told.at("beside").kind, "") << run.out << run.err;
    }
    first.scene.publish(2);
    EXPECT_EQ(first.scene.machine.apply().status, 0);
    expect_like_clean_install(first.scene);
}

} // namespace
} // namespace provisor::test
