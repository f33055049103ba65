// SPDX-License-Identifier: Apache-2.0
// Rows 15, 16 and 25 to 35: what is asked for again, when, and with what.
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "faults/scene.hpp"
#include "local/unpack/archives.hpp"
#include "support/tree_listing.hpp"

#include <array>
#include <gmock/gmock.h>

namespace provisor::test {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// How long after now a component is tried again.
seconds until_next_try(const Told& told) {
    const auto then = parse_rfc3339(told.next_try);
    EXPECT_TRUE(then) << told.next_try;
    return std::chrono::round<seconds>(then.value_or(WallTime{}) - wall_clock());
}

/// `app` is served as this page in place of the plain one.
void serve(Scene& scene, const std::string& content, const std::string& etag,
           const std::string& behavior = "", const std::string& last_modified = "") {
    Page one = page(content, etag, behavior);
    one.last_modified = last_modified;
    scene.origin.serve("/app", one);
    scene.origin.forget();
}

// --- rows 15 and 16: Retry-After

struct Wait {
    const char* name;
    const char* behavior;
    int least; ///< seconds until the next try
    int most;
};

class RetryAfter : public testing::TestWithParam<Wait> {};

TEST_P(RetryAfter, IsWaitedForAndNobodyIsAskedMeanwhile) {
    const Wait& row = GetParam();
    // Its own back-off is short, so that what is waited for is what the origin asked for.
    Scene scene("retry: { first: 1s, max: 1h }\n");
    scene.install(1);
    scene.publish(2, row.behavior);
    scene.origin.forget();
    const State before = state_of(scene);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    const Told& told = run.told.at("app");
    EXPECT_GE(until_next_try(told), seconds(row.least - 2));
    EXPECT_LE(until_next_try(told), seconds(row.most));
    EXPECT_THAT(scene.asked(), SizeIs(1));
    expect_untouched(scene, before);
    expect_beside_unharmed(scene, run, 2);
    if (row.least < 60)
        return;
    const RunResult held = scene.machine.apply();
    EXPECT_EQ(held.status, 0) << "a hold is no failure";
    EXPECT_EQ(held.told.at("app").decision, "hold");
    EXPECT_THAT(held.told.at("app").reason,
                HasSubstr("next try at " + told.next_try.substr(0, 16)));
    EXPECT_THAT(scene.machine.run({"status"}).out,
                HasSubstr("next try at " + told.next_try.substr(0, 16)));
    EXPECT_THAT(scene.asked(), SizeIs(1)) << "it was asked while it asked to be left alone";
    // Asked to, provisor does not wait.
    scene.publish(2);
    EXPECT_EQ(scene.machine.run({"apply", "--force"}).status, 0);
    expect_like_clean_install(scene);
}

INSTANTIATE_TEST_SUITE_P(
    Fault, RetryAfter,
    testing::Values(Wait{"Row15TooManyRequests", "status=429,retry=120", 120, 120},
                    Wait{"Row15Unavailable", "status=503,retry=120", 120, 120},
                    Wait{"Row15BeyondTheMaximum", "status=503,retry=100000", 3600, 3600},
                    Wait{"Row16Date", "status=503,retrydate=120", 120, 120},
                    Wait{"Row16DateInThePast", "status=503,retrydate=-500", 0, 1},
                    Wait{"Row16Rubbish", "status=503,retry=soon", 0, 1},
                    Wait{"Row16DateInTenYears", "status=429,retrydate=315360000", 3600, 3600}),
    [](const auto& row) { return row.param.name; });

// --- rows 25 to 31: validators

TEST(Validators, Row25AnUnchangedPassTakesNothingAndWritesNothing) {
    Scene scene;
    scene.install(1);
    const auto before = list_tree(scene.machine.root());
    scene.origin.forget();
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0);
    EXPECT_EQ(run.told.at("app").decision, "unchanged");
    EXPECT_EQ(list_tree(scene.machine.root()), before);
    EXPECT_EQ(scene.origin.body_bytes(), 0U);
    ASSERT_THAT(scene.asked(), SizeIs(1));
    EXPECT_EQ(scene.asked()[0].status, 304);
}

TEST(Validators, Row26AWeakTagRevalidatesAndIsNotUsedForARange) {
    Scene scene;
    scene.publish(2);
    serve(scene, program(2), "W/\"2\"", "cut=100000");
    EXPECT_EQ(scene.machine.apply().status, 1);
    EXPECT_THAT(state_of(scene).unfinished, IsEmpty());
    serve(scene, program(2), "W/\"2\"");
    EXPECT_EQ(scene.machine.apply().status, 0);
    ASSERT_THAT(scene.asked(), SizeIs(1));
    EXPECT_EQ(scene.asked()[0].request.header("range"), "");
    EXPECT_EQ(scene.asked()[0].request.header("if-range"), "");
    scene.origin.forget();
    EXPECT_EQ(scene.machine.apply().told.at("app").decision, "unchanged");
    EXPECT_EQ(scene.asked()[0].request.header("if-none-match"), "W/\"2\"");
    EXPECT_EQ(scene.asked()[0].status, 304);
}

TEST(Validators, Row27ADateAloneIsSentBackAsItCame) {
    const std::string date = "Tue, 03 Mar 2026 07:08:09 GMT";
    Scene scene;
    scene.publish(2);
    serve(scene, program(2), "", "", date);
    EXPECT_EQ(scene.machine.apply().status, 0);
    scene.origin.forget();
    EXPECT_EQ(scene.machine.apply().told.at("app").decision, "unchanged");
    ASSERT_THAT(scene.asked(), SizeIs(1));
    EXPECT_EQ(scene.asked()[0].request.header("if-modified-since"), date);
    EXPECT_EQ(scene.asked()[0].status, 304);
}

TEST(Validators, RowT23ATagThatTurnsTheWritingIsSentBackAsItCameAndShownEscaped) {
    const std::string tag = "\"2\u202e\u009b31m\"";
    Scene scene;
    scene.publish(2);
    serve(scene, program(2), tag);
    EXPECT_EQ(scene.machine.apply().status, 0);
    scene.origin.forget();
    EXPECT_EQ(scene.machine.apply().told.at("app").decision, "unchanged");
    ASSERT_THAT(scene.asked(), SizeIs(1));
    EXPECT_EQ(scene.asked()[0].request.header("if-none-match"), tag);
    EXPECT_THAT(scene.machine.run({"show", "app"}).out,
                HasSubstr("validator: \"2\\xe2\\x80\\xae\\xc2\\x9b31m\""));
}

/// An origin that sends the whole body each time; the content decides whether anything happens.
struct Whole {
    const char* name;
    const char* etag;
    const char* behavior;
};

class WholeBodies : public testing::TestWithParam<Whole> {};

TEST_P(WholeBodies, OfTheSameContentChangeNothingAndOthersUpdate) {
    Scene scene;
    scene.publish(1);
    serve(scene, program(1), GetParam().etag, GetParam().behavior);
    ASSERT_EQ(scene.machine.apply().status, 0);
    const State before = state_of(scene);
    scene.origin.forget();
    const RunResult same = scene.machine.apply();
    EXPECT_EQ(same.status, 0);
    EXPECT_EQ(same.told.at("app").decision, "unchanged") << same.told.at("app").reason;
    EXPECT_EQ(scene.sent(), program(1).size());
    EXPECT_EQ(state_of(scene).marker, before.marker);
    EXPECT_EQ(state_of(scene).blobs, before.blobs);
    for (const Exchange& exchange : scene.asked())
        EXPECT_LE(exchange.request.header("if-none-match").size(), 1024U);

    serve(scene, program(2), GetParam().etag, GetParam().behavior);
    const RunResult other = scene.machine.apply();
    EXPECT_EQ(other.status, 0);
    EXPECT_EQ(other.told.at("app").decision, "update") << other.told.at("app").reason;
    EXPECT_TRUE(state_of(scene).content == program(2));
    expect_clean(scene.machine);
}

TEST(Validators, Row28ToldOnceWithWhatToAskOfTheOriginAndThenNothingIsWritten) {
    Scene scene;
    scene.publish(2);
    serve(scene, program(2), "");
    const std::string hint = "app: the origin of '" +
                             scene.app_url.substr(0, scene.app_url.find('=') + 1) +
                             "…' sends neither an ETag nor a Last-Modified";
    const RunResult first = scene.machine.run({"apply"});
    EXPECT_EQ(first.status, 0);
    EXPECT_THAT(first.out, AllOf(HasSubstr(hint), HasSubstr("let it send an ETag")));
    EXPECT_THAT(first.out, Not(HasSubstr("beside: the origin")));
    const auto before = list_tree(scene.machine.root());
    for (int pass = 0; pass < 2; ++pass) {
        scene.origin.forget();
        const RunResult same = scene.machine.run({"apply"});
        EXPECT_EQ(same.status, 0);
        EXPECT_THAT(same.out, AllOf(HasSubstr("2 unchanged"), Not(HasSubstr("the origin of"))));
        EXPECT_EQ(scene.sent(), program(2).size());
        EXPECT_EQ(list_tree(scene.machine.root()), before) << "an unchanged pass has written";
    }
}

const std::string long_tag = "\"" + std::string(8192, 'x') + "\"";

INSTANTIATE_TEST_SUITE_P(Fault, WholeBodies,
                         testing::Values(Whole{"Row28NoValidators", "", ""},
                                         Whole{"Row29TheSameTagForOtherContent", "\"fixed\"",
                                               "no304"},
                                         Whole{"Row30AnotherTagEachTime", "\"any\"", "etag=perreq"},
                                         Whole{"Row31MalformedTag", "two words", ""},
                                         Whole{"Row31TagOf8KiB", long_tag.c_str(), ""},
                                         Whole{"Row31TagWithAnEscape", "\"a\x1b[31mb\"", ""},
                                         Whole{"Row35ConditionsIgnored", "\"v\"", "no304"}),
                         [](const auto& row) { return row.param.name; });

// --- rows 32 to 34: answers 304 that are not to be believed

TEST(NotModified, Row32IsNoAnswerToAnUnconditionalRequest) {
    Scene scene;
    scene.publish(2, "spur304");
    const State before = state_of(scene);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    EXPECT_EQ(run.told.at("app").kind, "http");
    EXPECT_THAT(run.told.at("app").message, HasSubstr("a 304 without a condition"));
    expect_untouched(scene, before);
    expect_beside_unharmed(scene, run, 2);
    scene.publish(2);
    EXPECT_EQ(scene.machine.apply().status, 0);
    expect_like_clean_install(scene);
}

TEST(NotModified, Row34WithAnotherTagDoesNotBringThatTag) {
    Scene scene;
    scene.install(1);
    serve(scene, program(1), "\"v1\"", "etag304=\"other\"");
    const State before = state_of(scene);
    for (int pass = 0; pass < 2; ++pass) {
        EXPECT_EQ(scene.machine.apply().told.at("app").decision, "unchanged");
        EXPECT_EQ(scene.asked().back().request.header("if-none-match"), "\"v1\"");
    }
    EXPECT_EQ(state_of(scene), before);
}

struct Damage {
    const char* name;
    void (*inflict)(const std::filesystem::path& blob);
};

const std::array damages{
    Damage{"Flipped",
           [](const std::filesystem::path& blob) {
               std::string bytes = read_text(blob);
               bytes[100'000] = static_cast<char>(bytes[100'000] ^ 1);
               write_text(blob, bytes);
           }},
    Damage{"Truncated",
           [](const std::filesystem::path& blob) { std::filesystem::resize_file(blob, 199'999); }},
    Damage{"Deleted", [](const std::filesystem::path& blob) { std::filesystem::remove(blob); }}};

class DamagedBlob : public testing::TestWithParam<Damage> {
protected:
    /// Version 1 is installed, its blob is damaged, its target is gone.
    DamagedBlob() {
        scene.install(1);
        const std::vector<std::string> blobs = state_of(scene).blobs;
        EXPECT_THAT(blobs, SizeIs(1));
        GetParam().inflict(scene.machine.cache() / "blobs" / blobs.at(0));
        std::filesystem::remove(scene.target());
        scene.origin.forget();
    }
    Scene scene;
};

TEST_P(DamagedBlob, Row33IsFetchedAgainWithoutACondition) {
    EXPECT_EQ(scene.machine.apply().status, 0);
    ASSERT_THAT(scene.asked(), SizeIs(1));
    EXPECT_EQ(scene.asked()[0].request.header("if-none-match"), "");
    EXPECT_EQ(scene.asked()[0].status, 200);
    expect_like_clean_install(scene);
}

TEST_P(DamagedBlob, Row33IsNotInstalledWhateverTheOriginConfirms) {
    scene.publish(1, "always304");
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.told.at("app").message, HasSubstr("a 304 without a condition"));
    EXPECT_FALSE(std::filesystem::exists(scene.target()));
    EXPECT_THAT(scene.asked(), SizeIs(1));
    expect_clean(scene.machine);
    scene.publish(1);
    EXPECT_EQ(scene.machine.apply().status, 0);
    expect_like_clean_install(scene);
}

/// An archive with one member is installed.
class InstalledMember : public testing::Test {
protected:
    InstalledMember() {
        scene.app_lines = "    files: [ { from: \"*/app\", path: /opt/app, mode: \"0755\" } ]\n";
        scene.publish(1);
        scene.origin.serve("/app", archive);
        EXPECT_EQ(scene.machine.apply().status, 0);
        scene.origin.forget();
    }
    const Page archive =
        page(gzip_of(tar_of({{.name = "app-1/app", .content = program(1)}})), "\"archive\"");
    Scene scene;
};

/// The blob of the member is damaged, and the target is gone.
class DamagedMember : public InstalledMember, public testing::WithParamInterface<Damage> {
protected:
    DamagedMember() {
        GetParam().inflict(scene.machine.cache() / "blobs" / sha256_of(program(1)));
        std::filesystem::remove(scene.target());
    }
};

TEST_P(DamagedMember, Row91IsUnpackedAgainWithoutATransfer) {
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out;
    EXPECT_EQ(run.told.at("app").decision, "repair");
    ASSERT_THAT(scene.asked(), SizeIs(1));
    EXPECT_EQ(scene.asked()[0].status, 304);
    EXPECT_EQ(scene.sent(), 0U);
    expect_like_clean_install(scene);
}

TEST_P(DamagedMember, Row91IsUnpackedAgainFromABodyThatCameAnew) {
    std::filesystem::remove_all(scene.machine.cache() / "urls");
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out;
    EXPECT_EQ(run.told.at("app").decision, "repair");
    expect_like_clean_install(scene);
}

TEST_F(InstalledMember, Row91IsNotReplacedByItsArchiveWhenTheRecordOfItIsDamaged) {
    const std::filesystem::path contents =
        std::filesystem::directory_iterator(scene.machine.cache() / "contents")->path();
    std::string text = read_text(contents);
    ASSERT_NE(text.find("*/app"), std::string::npos) << text;
    text[text.find("*/app") + 2] ^= 1;
    write_text(contents, text);
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out;
    EXPECT_EQ(run.told.at("app").decision, "unchanged") << run.out;
    EXPECT_EQ(scene.sent(), 0U);
    expect_like_clean_install(scene);
}

INSTANTIATE_TEST_SUITE_P(Fault, DamagedMember, testing::ValuesIn(damages),
                         [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(Fault, DamagedBlob, testing::ValuesIn(damages),
                         [](const auto& row) { return row.param.name; });

} // namespace
} // namespace provisor::test
