// SPDX-License-Identifier: Apache-2.0
// What is not trusted any more is not put back, not repaired and not started: contents of a key
// that was taken away, without what `require` asks, or other ones than the manifest pins.
#include "fakes/fake_machine.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "journal/message_ids.hpp"
#include "support/minisign_signer.hpp"
#include "support/tree_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

/// "app" is signed: "one" and "two" by key A, which may be stolen, later ones by key B.
class RevokedTest : public testing::Test, public FakeMachine {
protected:
    RevokedTest() {
        paths.keys_dir = folder / "keys.d";
        units.add("app.service");
        units.before_job = [this](const UnitJob& job) {
            units.behave(job.unit, target().find("bad") == std::string::npos
                                       ? Behaviour::healthy
                                       : Behaviour::crashes_on_start);
        };
        trust(key_a);
        trust(key_b);
    }
    Component wanted(const std::string& version) const {
        Component component = app_with_unit();
        component.version = version;
        component.signature.url = signature_url;
        return component;
    }
    Component pinned(const std::string& content) const {
        Component component = app_with_unit();
        component.sha256 = sha256_of(script(content));
        return component;
    }
    void trust(const MinisignSigner& key) {
        write_text(folder / "keys.d" / (key.id().substr(0, 1) + ".pub"), key.public_key());
    }
    void revoke(const MinisignSigner& key) {
        fs::remove(folder / "keys.d" / (key.id().substr(0, 1) + ".pub"));
    }
    void release(const std::string& content, const MinisignSigner& key) {
        publish(script(content), "\"" + content + "\"");
        publish(key.sign(script(content), "for a test"), "\"s-" + content + key.id() + "\"",
                signature_url);
    }
    void install(const std::string& content, const std::string& version,
                 const MinisignSigner& key) {
        release(content, key);
        const Outcome outcome = run_one(wanted(version));
        EXPECT_FALSE(outcome.error) << outcome.reason;
        EXPECT_EQ(target(), script(content));
        forget_calls();
    }
    void forget_calls() {
        units.forget_calls();
        origin.asked.clear();
        origin.bodies = 0;
        journal.clear();
    }
    void take_origin_away() { origin.pages.clear(); }
    PassOptions go_back(const std::string& to = "") const {
        PassOptions options;
        options.names = {"app"};
        options.rollback_to = to;
        return options;
    }
    std::string refusal_of_rollback(const Component& component, const std::string& to = "") {
        try {
            run_one(component, go_back(to));
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::config);
            return error.what();
        }
        return "it went back";
    }
    ComponentStore store() const { return ComponentStore(paths.state_dir); }
    std::string installed() const { return store().installed("app")->artifact; }
    static std::string sha(const std::string& content) { return sha256_of(script(content)); }

    static constexpr const char* signature_url = "https://origin/app.minisig";
    MinisignSigner key_a{'A'};
    MinisignSigner key_b{'B'};
};

TEST_F(RevokedTest, AnAutomaticRollbackDoesNotGoBackToIt) {
    install("one", "1.0", key_a);
    revoke(key_a);
    release("bad", key_b);
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "fail");
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::health);
    EXPECT_THAT(outcome.error->what(),
                HasSubstr("no earlier version that is still trusted: 1.0 (" +
                          sha("one").substr(0, 12) +
                          ") was signed by key AAAAAAAAAAAAAAAA, which is not trusted any more"));
    EXPECT_EQ(target(), script("bad")) << "it was put back";
    EXPECT_EQ(installed(), sha("bad"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"}) << "for the update alone";
    EXPECT_FALSE(store().record("app").quarantine);
}

TEST_F(RevokedTest, AnAutomaticRollbackGoesFurtherBackToWhatIs) {
    install("zero", "0.9", key_b);
    install("one", "1.0", key_a);
    revoke(key_a);
    release("bad", key_b);
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "rollback") << outcome.reason;
    EXPECT_EQ(target(), script("zero"));
    EXPECT_EQ(outcome.version, "0.9");
}

TEST_F(RevokedTest, AnOperatorIsRefusedIt) {
    install("one", "1.0", key_a);
    install("two", "1.1", key_b);
    revoke(key_a);
    const auto before = list_tree(folder / "bin");
    for (const char* to : {"", "1.0"})
        EXPECT_THAT(refusal_of_rollback(wanted("1.1"), to),
                    HasSubstr("was signed by key AAAAAAAAAAAAAAAA, which is not trusted any more"));
    EXPECT_THAT(refusal_of_rollback(wanted("1.1")),
                HasSubstr("no earlier version that is still trusted"));
    EXPECT_EQ(list_tree(folder / "bin"), before);
    EXPECT_EQ(installed(), sha("two"));
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_TRUE(origin.asked.empty());
    EXPECT_FALSE(store().record("app").quarantine) << "what stays is not what is held";
}

TEST_F(RevokedTest, ARollbackThatACrashCutOffDoesNotEndThere) {
    install("one", "1.0", key_a);
    release("bad", key_b);
    int jobs = 0;
    units.before_job = [&](const UnitJob& job) {
        units.behave(job.unit,
                     target() == script("bad") ? Behaviour::crashes_on_start : Behaviour::healthy);
        // The quarantine is written, and "one" is in place but for its unit's job.
        if (++jobs == 2)
            throw Interrupted();
    };
    EXPECT_THROW(run_one(wanted("1.1")), Interrupted);
    ASSERT_TRUE(store().record("app").quarantine);
    units.before_job = nullptr;
    forget_calls();
    revoke(key_a);
    run_one(wanted("1.1"));
    EXPECT_TRUE(units.jobs().empty()) << "what is not trusted any more was started";
}

TEST_F(RevokedTest, ARollbackThatACrashCutOffDoesNotBegin) {
    install("one", "1.0", key_a);
    release("bad", key_b);
    run_one(wanted("1.1"));
    ASSERT_TRUE(store().record("app").quarantine);
    // As after a crash between the quarantine and the files.
    Marker bad = *store().installed("app");
    bad.artifact = sha("bad");
    bad.signed_by = key_b.id();
    bad.files[0].sha256 = sha("bad");
    store().write_installed(bad);
    write_text(folder / "bin/app", script("bad"));
    fs::permissions(folder / "bin/app", fs::perms(0755));
    forget_calls();
    revoke(key_a);
    take_origin_away();
    run_one(wanted("1.1"));
    EXPECT_EQ(target(), script("bad"));
    EXPECT_EQ(installed(), sha("bad"));
}

TEST_F(RevokedTest, ADeletedOrChangedFileIsNotRepaired) {
    install("one", "1.0", key_a);
    revoke(key_a);
    fs::remove(folder / "bin/app");
    const Outcome outcome = run_one(wanted("1.0"));
    EXPECT_EQ(to_string(outcome.decision), "fail");
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::signature);
    EXPECT_THAT(outcome.reason, HasSubstr("was made by key AAAAAAAAAAAAAAAA"));
    EXPECT_THAT(outcome.reason, HasSubstr("bin/app was deleted, and is not put back"));
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    EXPECT_TRUE(units.jobs().empty());

    take_origin_away();
    write_text(folder / "bin/app", "by somebody else");
    run_one(wanted("1.0"));
    EXPECT_EQ(target(), "by somebody else");
    PassOptions as_by_verify_repair;
    as_by_verify_repair.force = true;
    run_one(wanted("1.0"), as_by_verify_repair);
    EXPECT_EQ(target(), "by somebody else");
    EXPECT_EQ(store().record("app").history.size(), 1U) << "nothing was done";

    trust(key_a);
    EXPECT_EQ(to_string(run_one(wanted("1.0")).decision), "repair") << "the key is back";
    EXPECT_EQ(target(), script("one"));
}

TEST_F(RevokedTest, ItsUnitsAreNotActivated) {
    release("one", key_a);
    units.before_job = [](const UnitJob&) { throw Interrupted(); };
    EXPECT_THROW(run_one(wanted("1.0")), Interrupted);
    units.before_job = nullptr;
    forget_calls();
    revoke(key_a);
    const Outcome outcome = run_one(wanted("1.0"));
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_EQ(units.starts_of("app.service"), 0U);
    EXPECT_THAT(outcome.reason, HasSubstr("its units are not activated"));
    EXPECT_EQ(target(), script("one")) << "an untouched file stays";
    EXPECT_FALSE(store().activated("app"));
}

TEST_F(RevokedTest, WhatIsThereIfMissingIsNotActivatedEither) {
    Component component = wanted("1.0");
    component.update = Update::if_missing;
    release("one", key_a);
    units.before_job = [](const UnitJob&) { throw Interrupted(); };
    EXPECT_THROW(run_one(component), Interrupted);
    units.before_job = nullptr;
    forget_calls();
    revoke(key_a);
    const Outcome outcome = run_one(component);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->kind(), ErrorKind::signature);
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_TRUE(origin.asked.empty());
    EXPECT_EQ(target(), script("one"));
}

TEST_F(RevokedTest, AHoldDoesNotRepairIt) {
    install("one", "1.0", key_a);
    revoke(key_a);
    release("two", key_b);
    Component component = wanted("1.1");
    ParsedWindow never = parse_window("2001-01-01 02:00-04:00");
    component.windows = {never.window};
    fs::remove(folder / "bin/app");
    const Outcome outcome = run_one(component);
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_THAT(outcome.reason, HasSubstr("window:"));
    EXPECT_THAT(outcome.reason, HasSubstr("was deleted, and is not put back"));
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(RevokedTest, AQuarantineDoesNotRepairIt) {
    install("one", "1.0", key_a);
    release("bad", key_b);
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "rollback");
    forget_calls();
    revoke(key_a);
    write_text(folder / "bin/app", "by somebody else");
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "hold");
    EXPECT_THAT(outcome.reason, HasSubstr("quarantined:"));
    EXPECT_THAT(outcome.reason, HasSubstr("was changed by somebody else, and is not put back"));
    EXPECT_EQ(target(), "by somebody else");
    EXPECT_TRUE(units.jobs().empty());
}

TEST_F(RevokedTest, ItIsToldOnceUntilItIsReplaced) {
    install("one", "1.0", key_a);
    EXPECT_TRUE(journal.with_id(message_id::untrusted).empty());
    revoke(key_a);
    const Outcome outcome = run_one(wanted("1.0"));
    EXPECT_THAT(outcome.untrusted,
                HasSubstr("was signed by key AAAAAAAAAAAAAAAA, which is not trusted any more"));
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(run_one(wanted("1.0")).untrusted.empty());
    const auto entries = journal.with_id(message_id::untrusted);
    ASSERT_EQ(entries.size(), 1U) << "once, and not per pass";
    EXPECT_EQ(entries[0].priority, Priority::error);
    EXPECT_EQ(field_of(entries[0], "PROVISOR_COMPONENT"), "app");
    EXPECT_EQ(field_of(entries[0], "OBJECT_SYSTEMD_UNIT"), "app.service");
    EXPECT_THAT(entries[0].message, HasSubstr("`provisor apply app`"));
    EXPECT_EQ(target(), script("one")) << "an untouched file stays";
    EXPECT_TRUE(units.jobs().empty());
    journal.clear();
    release("two", key_b);
    const Outcome replaced = run_one(wanted("1.1"));
    EXPECT_EQ(to_string(replaced.decision), "update") << replaced.reason;
    EXPECT_EQ(replaced.untrusted, "");
    EXPECT_TRUE(journal.with_id(message_id::untrusted).empty());
}

TEST_F(RevokedTest, ItIsToldUnderAnOperatorsHoldAndIfMissing) {
    install("one", "1.0", key_a);
    revoke(key_a);
    store().write_hold("app", "audit");
    EXPECT_EQ(to_string(run_one(wanted("1.0")).decision), "hold");
    EXPECT_EQ(journal.with_id(message_id::untrusted).size(), 1U);
    store().remove_hold("app");
    forget_calls();
    Component component = wanted("1.0");
    component.update = Update::if_missing;
    for (int i = 0; i < 2; ++i) {
        const Outcome outcome = run_one(component);
        ASSERT_TRUE(outcome.error);
        EXPECT_EQ(outcome.error->kind(), ErrorKind::signature);
    }
    for (const JournalEntry& entry : journal.with_id(message_id::fail))
        EXPECT_EQ(entry.priority, Priority::debug) << "it was told";
    EXPECT_TRUE(origin.asked.empty());
}

TEST_F(RevokedTest, TheSameBytesSignedByAnotherKeyAreTrusted) {
    install("zero", "0.9", key_b);
    install("one", "1.0", key_a);
    release("one", key_b);
    EXPECT_EQ(to_string(run_one(wanted("1.0")).decision), "unchanged");
    EXPECT_EQ(store().installed("app")->signed_by, key_b.id());
    EXPECT_TRUE(units.jobs().empty()) << "they are the same bytes";
    const auto state = list_tree(paths.state_dir);
    EXPECT_EQ(to_string(run_one(wanted("1.0")).decision), "unchanged");
    EXPECT_EQ(list_tree(paths.state_dir), state) << "written once";
    revoke(key_a);
    fs::remove(folder / "bin/app");
    EXPECT_EQ(to_string(run_one(wanted("1.0")).decision), "repair");
    EXPECT_EQ(target(), script("one"));
    // Also as what to go back to.
    release("bad", key_b);
    EXPECT_EQ(to_string(run_one(wanted("1.1")).decision), "rollback");
    EXPECT_EQ(target(), script("one"));
}

TEST_F(RevokedTest, AUnitThatAlsoRunsItIsNotStartedForAnotherComponent) {
    Component other = app_with_unit();
    other.name = "plugin";
    other.url = "https://origin/plugin";
    other.files[0].path = (folder / "bin/plugin").string();
    publish(script("plugin one"), "\"p1\"", other.url);
    release("one", key_a);
    for (const Outcome& outcome : run({wanted("1.0"), other}).components)
        EXPECT_FALSE(outcome.error) << outcome.reason;
    forget_calls();
    revoke(key_a);
    publish(script("plugin two"), "\"p2\"", other.url);
    const auto before = list_tree(folder / "bin");
    PassOptions alone;
    alone.names = {"plugin"};
    for (const PassOptions& options : {PassOptions{}, alone}) {
        const Outcome outcome = run({wanted("1.0"), other}, options).components.back();
        EXPECT_EQ(outcome.name, "plugin");
        ASSERT_TRUE(outcome.error);
        EXPECT_EQ(outcome.error->kind(), ErrorKind::signature);
        EXPECT_THAT(outcome.reason, HasSubstr("app.service is not acted on, since it is a unit of "
                                              "'app' as well"));
    }
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_EQ(list_tree(folder / "bin"), before);
    release("two", key_b);
    for (const Outcome& outcome : run({wanted("1.1"), other}).components)
        EXPECT_EQ(to_string(outcome.decision), "update") << outcome.reason;
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
}

TEST_F(RevokedTest, WhatLacksWhatIsRequiredNowIsNotPutBack) {
    publish(script("one"), "\"1\"");
    EXPECT_FALSE(run_one(app_with_unit()).error);
    forget_calls();
    config.require = Require::signature;
    release("bad", key_b);
    const Outcome outcome = run_one(wanted("1.1"));
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_THAT(outcome.reason,
                HasSubstr("no earlier version that is still trusted: 1.0 (" +
                          sha("one").substr(0, 12) +
                          ") has no signature on record, and agent.yaml says 'require: "
                          "signature'"));
    EXPECT_EQ(target(), script("bad"));
    EXPECT_EQ(units.jobs_on("app.service"), Words{"restart"});
}

TEST_F(RevokedTest, WithTheOriginDownWhatLacksWhatIsRequiredIsNotRepaired) {
    publish(script("one"), "\"1\"");
    EXPECT_FALSE(run_one(app_with_unit()).error);
    forget_calls();
    config.require = Require::signature;
    take_origin_away();
    fs::remove(folder / "bin/app");
    EXPECT_THAT(run_one(wanted("1.0")).reason, HasSubstr("has no signature on record"));
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
}

TEST_F(RevokedTest, AChangedPinWithTheOriginDownRepairsAndStartsNothing) {
    publish(script("one"), "\"1\"");
    units.before_job = [](const UnitJob&) { throw Interrupted(); };
    EXPECT_THROW(run_one(pinned("one")), Interrupted);
    units.before_job = nullptr;
    forget_calls();
    take_origin_away();
    Outcome outcome = run_one(pinned("two"));
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_THAT(outcome.reason, HasSubstr("its units are not activated"));
    EXPECT_THAT(outcome.reason, HasSubstr("is not what the manifest pins"));
    EXPECT_EQ(target(), script("one")) << "an untouched file stays";
    EXPECT_EQ(outcome.untrusted, "") << "it is only what was wanted before";
    fs::remove(folder / "bin/app");
    run_one(pinned("two"));
    EXPECT_FALSE(fs::exists(folder / "bin/app"));
    run_one(pinned("one"));
    EXPECT_EQ(target(), script("one")) << "the pin names it";
    EXPECT_EQ(units.jobs_on("app.service"), Words{"start"});
}

TEST_F(RevokedTest, ATrialGoesBackAlthoughThePinNamesTheNewOne) {
    config.require = Require::pin;
    publish(script("one"), "\"1\"");
    EXPECT_FALSE(run_one(pinned("one")).error);
    forget_calls();
    publish(script("bad"), "\"2\"");
    const Outcome outcome = run_one(pinned("bad"));
    EXPECT_EQ(to_string(outcome.decision), "rollback") << outcome.reason;
    EXPECT_EQ(target(), script("one"));
    forget_calls();
    // It stays as quarantined, and is kept as it is: that is what the trial has decided.
    fs::remove(folder / "bin/app");
    EXPECT_EQ(to_string(run_one(pinned("bad")).decision), "repair");
    EXPECT_EQ(target(), script("one"));
    EXPECT_EQ(to_string(run_one(pinned("bad")).decision), "hold");
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_EQ(run_one(pinned("bad")).untrusted, "");
}

TEST_F(RevokedTest, ATrialDoesNotGoBackToWhatWasNeverPinnedWhereThatIsRequired) {
    publish(script("one"), "\"1\"");
    EXPECT_FALSE(run_one(app_with_unit()).error);
    forget_calls();
    config.require = Require::pin;
    publish(script("bad"), "\"2\"");
    const Outcome outcome = run_one(pinned("bad"));
    EXPECT_EQ(to_string(outcome.decision), "fail");
    EXPECT_THAT(outcome.reason, HasSubstr("has neither a pin nor a signature on record"));
    EXPECT_EQ(target(), script("bad"));
}

TEST_F(RevokedTest, AnOperatorIsRefusedWhatIsNotPinned) {
    for (const char* content : {"one", "two"}) {
        publish(script(content), "\"" + std::string(content) + "\"");
        EXPECT_FALSE(run_one(pinned(content)).error);
    }
    forget_calls();
    EXPECT_THAT(refusal_of_rollback(pinned("two")), HasSubstr("is not what the manifest pins"));
    EXPECT_EQ(target(), script("two"));
    EXPECT_TRUE(units.jobs().empty());
    const Outcome outcome = run_one(pinned("one"), go_back());
    EXPECT_EQ(to_string(outcome.decision), "rollback") << "the manifest names it";
    EXPECT_EQ(target(), script("one"));
}

/// Markers of a provisor that did not record what was pinned.
TEST_F(RevokedTest, AnOldMarkerLearnsThatItIsPinnedFromTheNextPass) {
    config.require = Require::pin;
    publish(script("one"), "\"1\"");
    EXPECT_FALSE(run_one(pinned("one")).error);
    Marker old = *store().installed("app");
    EXPECT_TRUE(old.pinned);
    old.pinned = false;
    store().write_installed(old);
    Generations generations = store().generations("app");
    ASSERT_EQ(generations.size(), 1U);
    generations[0].marker.pinned = false;
    store().write_generations("app", generations);
    forget_calls();
    EXPECT_EQ(to_string(run_one(pinned("one")).decision), "unchanged");
    EXPECT_TRUE(units.jobs().empty());
    EXPECT_TRUE(origin.asked.empty());
    EXPECT_TRUE(store().installed("app")->pinned);
    EXPECT_TRUE(store().generations("app").at(0).marker.pinned);
    EXPECT_EQ(store().record("app").history.size(), 1U);
}

} // namespace
} // namespace provisor::test
