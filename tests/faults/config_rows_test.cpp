// SPDX-License-Identifier: Apache-2.0
// Files of the configuration that are not to be obeyed, and those that nobody obeys: what each
// command says, and that nothing is done by them.
#include "faults/scene.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Configuration : public testing::Test {
protected:
    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "*** only root can give files away ***";
        scene.install(1);
        scene.origin.forget();
    }
    static void give_away(const fs::path& path) {
        ASSERT_EQ(::lchown(path.c_str(), 1500, 1500), 0);
    }
    const Machine& machine() const { return scene.machine; }
    fs::path etc(const std::string& path) const { return machine().under("etc/provisor/" + path); }
    std::string said(const std::string& command) const {
        const RunResult run = machine().run({command});
        return run.out + run.err;
    }
    /// Each of the commands that look for it says it.
    void expect_told(const std::string& words) const {
        for (const char* command : {"check", "doctor", "status"})
            EXPECT_THAT(said(command), HasSubstr(words)) << command;
    }

    Scene scene;
};

TEST_F(Configuration, AManifestOfAStrangerIsNamedAndWhatItNamedStaysAsItWas) {
    const fs::path manifest = etc("components.d/tested.yaml");
    scene.publish(2);
    give_away(manifest);
    const State before = state_of(scene);
    for (const char* command : {"apply", "check", "doctor"})
        EXPECT_EQ(machine().run({command}).status, 2) << command;
    expect_told(manifest.string());
    EXPECT_THAT(said("check"), HasSubstr("belongs to uid 1500"));
    EXPECT_THAT(said("check"), HasSubstr("chown root: '" + manifest.string() + "'; chmod go-w '" +
                                         manifest.string() + "'"));
    EXPECT_THAT(said("status"), Not(HasSubstr("orphaned")));
    EXPECT_EQ(state_of(scene), before);
    EXPECT_TRUE(scene.asked().empty());
    // The remedy, as it is printed.
    ASSERT_EQ(::lchown(manifest.c_str(), 0, 0), 0);
    EXPECT_EQ(machine().apply().told.at("app").decision, "update");
}

TEST_F(Configuration, AManifestOfAStrangerInstallsNothingAndOthersGoOn) {
    write_text(etc("components.d/evil.yaml"),
               "components:\n  evil:\n    url: " + scene.origin.url("/app") +
                   "\n    path: /opt/evil\n    mode: \"4755\"\n");
    give_away(etc("components.d/evil.yaml"));
    scene.publish(2);
    const RunResult run = machine().apply();
    EXPECT_NE(run.status, 0);
    EXPECT_EQ(run.told.count("evil"), 0U);
    EXPECT_EQ(run.told.at("app").decision, "update");
    EXPECT_FALSE(fs::exists(machine().under("opt/evil")));
}

TEST_F(Configuration, OfAStrangerStopsThePassAndEachFileIsNamed) {
    scene.publish(2);
    for (const char* name : {"agent.yaml", "agent.yaml.d/more.yaml", "agent.yaml.d"}) {
        SCOPED_TRACE(name);
        give_away(etc(name));
        const auto before = list_tree(machine().root());
        for (const char* command : {"apply", "check", "doctor", "status"}) {
            const RunResult run = machine().run({command});
            EXPECT_EQ(run.status, 2) << command;
            EXPECT_THAT(run.err, HasSubstr("'" + etc(name).string() + "' belongs to uid 1500"))
                << command;
        }
        EXPECT_EQ(list_tree(machine().root()), before) << "something was written";
        ASSERT_EQ(::lchown(etc(name).c_str(), 0, 0), 0);
    }
    EXPECT_TRUE(scene.asked().empty());
}

TEST_F(Configuration, ADanglingLinkStopsThePassAndIsNamed) {
    scene.publish(2);
    fs::create_symlink("/none/policy.yaml", etc("agent.yaml.d/10-policy.yaml"));
    const RunResult run = machine().run({"apply"});
    EXPECT_EQ(run.status, 2);
    EXPECT_THAT(run.err, HasSubstr(etc("agent.yaml.d/10-policy.yaml").string()));
    EXPECT_THAT(run.err, HasSubstr("leads nowhere"));
    EXPECT_TRUE(scene.asked().empty());
}

TEST_F(Configuration, AKeyOfAStrangerIsNamed) {
    write_text(etc("keys.d/vendor.pub"), "untrusted comment: x\n");
    give_away(etc("keys.d/vendor.pub"));
    expect_told("'" + etc("keys.d/vendor.pub").string() + "' belongs to uid 1500");
}

TEST_F(Configuration, FilesThatNothingReadsAreNamedWithWhatToDo) {
    for (const char* name :
         {"agent.yaml.d/10-policy.yml", "agent.yaml.d/20-more.json", "components.d/a.YAML",
          "components.d/b.yaml.disabled", "agent.yml", "keys.d/vendor.asc"})
        write_text(etc(name), "require: signature\n");
    fs::create_directories(etc("components.d/site"));
    fs::create_symlink("/none", etc("components.d/link.yml"));
    // Nobody expects these to be read.
    for (const char* name :
         {"components.d/a.yaml~", "components.d/.#a.yaml", "components.d/README",
          "components.d/a.yaml.dpkg-old", "agent.yaml.d/x.yaml.rpmsave", "agent.yaml.bak"})
        write_text(etc(name), "no: manifest\n");
    const auto move = [&](const char* from, const char* to) {
        return "mv '" + etc(from).string() + "' '" + etc(to).string() + "'";
    };
    for (const char* command : {"check", "doctor", "status"}) {
        const RunResult run = machine().run({command});
        EXPECT_EQ(run.status, 0) << command << ": they are warnings";
        const std::string text = run.out + run.err;
        for (const char* name : {"agent.yaml.d/10-policy.yml", "agent.yaml.d/20-more.json",
                                 "components.d/a.YAML", "components.d/b.yaml.disabled", "agent.yml",
                                 "keys.d/vendor.asc", "components.d/site", "components.d/link.yml"})
            EXPECT_THAT(text, HasSubstr(etc(name).string())) << command;
        EXPECT_THAT(text,
                    HasSubstr(move("agent.yaml.d/10-policy.yml", "agent.yaml.d/10-policy.yaml")));
        EXPECT_THAT(text, HasSubstr(move("components.d/a.YAML", "components.d/a.yaml")));
        EXPECT_THAT(text, HasSubstr(move("agent.yml", "agent.yaml")));
        for (const char* quiet : {"a.yaml~", ".#a", "README", "dpkg-old", "rpmsave", ".bak"})
            EXPECT_THAT(text, Not(HasSubstr(quiet))) << command;
    }
    EXPECT_THAT(machine().run({"--json", "status"}).out, HasSubstr("\"unread\": ["));
}

TEST_F(Configuration, ASecretInAFileThatEverybodyReadsIsWarnedOf) {
    const fs::path manifest = etc("components.d/secret.yaml");
    fs::permissions(machine().root().parent_path(), fs::perms(0755));
    write_text(manifest, "components:\n  secret:\n    url: https://u:canary-in-user-info@o/x\n"
                         "    path: /opt/secret\n    auth: { bearer: canary-in-bearer }\n");
    write_text(etc("agent.yaml.d/proxy.yaml"), "proxy: http://u:canary-in-user-info@proxy:80\n");
    for (const char* command : {"check", "doctor"}) {
        const std::string text = said(command);
        EXPECT_THAT(text, HasSubstr("component 'secret': a secret stands in auth.bearer, url"))
            << command;
        EXPECT_THAT(text, HasSubstr("a password stands in proxy")) << command;
        EXPECT_THAT(text, HasSubstr("chmod o-r '" + manifest.string() + "'")) << command;
    }
    fs::permissions(manifest, fs::perms(0640));
    fs::permissions(etc("agent.yaml.d/proxy.yaml"), fs::perms(0640));
    EXPECT_THAT(said("check"), Not(HasSubstr("component 'secret': a secret")));
    EXPECT_THAT(said("check"), Not(HasSubstr("stands in proxy")));
}

} // namespace
} // namespace provisor::test
