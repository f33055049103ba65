// SPDX-License-Identifier: Apache-2.0
// A system below --root whose directories are absolute links, as they are when it runs: each leads
// to a place that is there in the system and, with other things in it, on the machine that works on
// it.
#include "faults/machine.hpp"
#include "origin/origin.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Image : public testing::Test {
protected:
    Image() {
        machine.write_manifest("");
        machine.configure("");
        write_text(machine.under("etc/passwd"), "root:x:0:0::/root:/bin/sh\n"
                                                "inside:x:4242:4242::/:/bin/false\n");
        write_text(machine.under("etc/group"), "root:x:0:\ninside:x:4242:\n");
        write_text(machine.under("etc/machine-id"), std::string(32, '1') + "\n");
        for (const char* path :
             {"etc/systemd/system", "usr/lib/systemd/system", "usr/local/bin", "var/lib", "run"})
            fs::create_directories(machine.under(path));
        // What would be read, and written, if a link led out.
        write_text(host / "etc/provisor/agent.yaml", "require: pin\n");
        write_text(host / "etc/provisor/components.d/host.yaml",
                   "components:\n  of-the-host:\n    url: " + origin.url("/app") +
                       "\n    path: /usr/local/bin/of-the-host\n");
        write_text(host / "etc/passwd", "root:x:0:0::/root:/bin/sh\n");
        write_text(host / "etc/group", "root:x:0:\n");
        write_text(host / "etc/machine-id", std::string(32, '2') + "\n");
        for (const char* path : {"etc/systemd/system", "usr/lib/systemd/system", "usr/local/bin",
                                 "var/lib/provisor", "run/provisor"})
            fs::create_directories(host / path);
    }
    void SetUp() override {
        if (::geteuid() != 0)
            GTEST_SKIP() << "*** only root can give files away ***";
    }

    /// Where `path` of the image is once replace_by_link() was called for it, or for one above.
    fs::path inside(const std::string& path) const {
        return machine.root() / host.relative_path() / path;
    }
    void replace_by_link(const std::string& path) const {
        fs::create_directories(inside(path).parent_path());
        fs::rename(machine.under(path), inside(path));
        fs::create_symlink(host / path, machine.under(path));
    }
    void publish() { origin.serve("/app", page("#!/bin/sh\necho 1\n", "\"1\"")); }
    std::string manifest_of_app() const {
        return "components:\n  app:\n    url: " + origin.url("/app") +
               "\n    path: /usr/local/bin/app\n    mode: \"0755\"\n";
    }
    void want_app(const std::string& more = "") const {
        write_text(inside("etc/provisor/components.d/app.yaml"), manifest_of_app() + more);
    }

    Origin origin;
    Machine machine;
    fs::path host = machine.aside("host");
};

TEST_F(Image, OfLinksIsWorkedOnAndTheHostIsNot) {
    for (const char* path : {"etc", "usr", "var", "run"})
        replace_by_link(path);
    publish();
    want_app("    owner: inside\n    group: inside\n    units:\n      - name: app.service\n"
             "        enable: true\n        file: |\n          [Service]\n"
             "          ExecStart=/usr/local/bin/app\n          [Install]\n"
             "          WantedBy=multi-user.target\n");
    const auto before = list_tree(host);
    const RunResult first = machine.apply();
    EXPECT_EQ(first.status, 0) << first.out << first.err;
    ASSERT_EQ(first.told.size(), 1U) << "the image's manifests, and those alone";
    EXPECT_EQ(first.told.at("app").decision, "install") << first.out;
    struct stat facts {};
    ASSERT_EQ(::stat(inside("usr/local/bin/app").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, 4242U);
    EXPECT_TRUE(fs::exists(inside("var/lib/provisor/components/app/.installed")));
    EXPECT_TRUE(fs::exists(inside("run/provisor/lock")));
    EXPECT_TRUE(fs::exists(inside("etc/systemd/system/app.service")));
    EXPECT_EQ(
        fs::read_symlink(inside("etc/systemd/system/multi-user.target.wants/app.service")).string(),
        "/etc/systemd/system/app.service");
    EXPECT_EQ(machine.apply().told.at("app").decision, "unchanged");
    for (const char* command : {"check", "status", "doctor", "verify", "prune", "history"})
        EXPECT_EQ(machine.run({command}).status, 0) << command << machine.run({command}).out;
    EXPECT_EQ(machine.run({"hold", "app"}).status, 0);
    EXPECT_EQ(machine.run({"release", "app"}).status, 0);
    fs::remove(inside("usr/local/bin/app"));
    EXPECT_EQ(machine.apply().told.at("app").decision, "repair");
    write_text(inside("etc/provisor/components.d/app.yaml"), "");
    EXPECT_EQ(machine.run({"remove", "app"}).status, 0);
    EXPECT_FALSE(fs::exists(inside("usr/local/bin/app")));
    EXPECT_FALSE(fs::exists(inside("etc/systemd/system/app.service")));
    EXPECT_FALSE(fs::is_symlink(inside("etc/systemd/system/multi-user.target.wants/app.service")));
    EXPECT_EQ(list_tree(host), before) << "a link led out";
}

TEST_F(Image, IsLookedAtPathByPath) {
    for (const char* path :
         {"etc/provisor/agent.yaml", "etc/provisor/components.d", "var/lib", "run", "etc/passwd",
          "etc/group", "etc/systemd/system", "usr/local/bin"})
        replace_by_link(path);
    publish();
    want_app("    owner: inside\n");
    const auto before = list_tree(host);
    const RunResult run = machine.apply();
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    ASSERT_EQ(run.told.size(), 1U);
    EXPECT_EQ(run.told.at("app").decision, "install");
    EXPECT_TRUE(fs::exists(inside("usr/local/bin/app")));
    EXPECT_TRUE(fs::exists(inside("var/lib/provisor/components/app/.installed")));
    EXPECT_EQ(list_tree(host), before);
}

TEST_F(Image, WithAPolicyBehindALinkIsHeldToIt) {
    replace_by_link("etc");
    write_text(host / "etc/provisor/agent.yaml", "require: none\n");
    write_text(inside("etc/provisor/agent.yaml.d/10-policy.yaml"), "require: signature\n");
    publish();
    want_app();
    const RunResult run = machine.apply();
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.told.at("app").message, HasSubstr("signature"));
    EXPECT_FALSE(fs::exists(machine.under("usr/local/bin/app")));
    EXPECT_EQ(origin.log().size(), 0U) << "nothing was asked";
}

TEST_F(Image, WithAPackageDatabaseBehindALinkHasItsFilesLeftToIt) {
    write_text(machine.under("var/lib/dpkg/info/packaged.list"), "/.\n/usr/local/bin/app\n");
    replace_by_link("var");
    publish();
    machine.write_manifest(manifest_of_app());
    const RunResult run = machine.apply();
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.told.at("app").message, HasSubstr("packaged"));
    EXPECT_FALSE(fs::exists(machine.under("usr/local/bin/app")));
    EXPECT_EQ(origin.log().size(), 0U) << "nothing was asked";
}

TEST_F(Image, WithALinkToATargetHasItsVersionFoundInside) {
    replace_by_link("usr/local/bin");
    write_text(host / "usr/local/bin/app", "#!/bin/sh\necho version 9.9\n");
    fs::permissions(host / "usr/local/bin/app", fs::perms(0755));
    origin.serve("/app", page("#!/bin/sh\necho version 1.1\n", "\"1\""));
    machine.write_manifest(manifest_of_app());
    EXPECT_EQ(machine.apply().status, 0);
    // So that it is learnt from what is in its place.
    machine.write_manifest(
        manifest_of_app() +
        "    version_from: { command: [ \"{path}\" ], match: 'version (.*)' }\n");
    EXPECT_EQ(machine.apply().told.at("app").decision, "unchanged");
    EXPECT_THAT(machine.run({"status"}).out, HasSubstr("1.1"));
    EXPECT_THAT(machine.run({"status"}).out, Not(HasSubstr("9.9")));
}

TEST_F(Image, WhoseStateHoldsALinkIsRefused) {
    write_text(host / "cache/blobs/mine", "the host's");
    fs::create_directories(machine.under("var/lib/provisor"));
    fs::create_symlink(host / "cache", machine.under("var/lib/provisor/cache"));
    const auto before = list_tree(host);
    const RunResult run = machine.run({"apply"});
    EXPECT_EQ(run.status, 2);
    EXPECT_THAT(run.err,
                HasSubstr("'" + machine.under("var/lib/provisor/cache").string() + "' is a link"));
    EXPECT_EQ(list_tree(host), before);
}

TEST_F(Image, WhoseStateLiesWhereAStrangerMayPutALinkIsRefused) {
    ASSERT_EQ(::chown(machine.under("var/lib").c_str(), 1500, 1500), 0);
    const RunResult run = machine.run({"apply"});
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.err, HasSubstr("belongs to uid 1500"));
    EXPECT_FALSE(fs::exists(machine.under("var/lib/provisor")));
}

TEST_F(Image, WithAStateDirectoryOfItsOwnKeepsItThere) {
    fs::create_directories(machine.under("srv"));
    fs::create_directories(host / "srv");
    replace_by_link("srv");
    machine.configure("state_dir: /srv/provisor\n");
    publish();
    machine.write_manifest(manifest_of_app());
    const auto before = list_tree(host);
    const RunResult run = machine.apply();
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    EXPECT_TRUE(fs::exists(inside("srv/provisor/components/app/.installed")));
    EXPECT_EQ(list_tree(host), before);
}

} // namespace
} // namespace provisor::test
