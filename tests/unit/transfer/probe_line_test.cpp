// SPDX-License-Identifier: Apache-2.0
// Health probes through a provisor-fetch that somebody has taken over, or that is not well: what it
// says of a unit is heard, what it cannot know is not believed, and nothing waits for it for ever.
#include "transfer/probe_line.hpp"

#include "base/error.hpp"
#include "support/temporary_folder.hpp"
#include "transfer/fetch_transfer.hpp"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace provisor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// What systemd would start provisor-fetch behind: a socket whose other end is the test.
class Prober {
public:
    Prober() {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string place = socket();
        place.copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(
            ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
        EXPECT_EQ(::listen(listener_.get(), 4), 0);
    }
    std::string socket() const { return (folder_ / "fetch.socket").string(); }

    /// Takes the connection that the agent has begun.
    void accept() {
        agent_ = Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        ASSERT_TRUE(agent_) << "the agent has begun none";
    }
    void say(FrameType type, std::uint32_t id, const std::string& payload) {
        say(encode_frame(type, id, payload));
    }
    void say(const std::string& bytes) {
        EXPECT_EQ(::send(agent_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
    void hang_up() { agent_.close(); }
    /// The types of the frames that have come.
    std::vector<FrameType> heard() {
        std::vector<FrameType> types;
        for (;;) {
            const auto space = reader_.space();
            const ssize_t got = ::recv(agent_.get(), space.data(), space.size(), 0);
            if (got <= 0)
                return types;
            reader_.filled(static_cast<std::size_t>(got));
            while (const auto frame = reader_.next())
                types.push_back(frame->type);
        }
    }

private:
    test::TemporaryFolder folder_;
    Fd listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    Fd agent_;
    FrameReader reader_;
};

class TakenOverProber : public testing::Test {
protected:
    std::uint32_t begin(ProbeKind kind, Duration limit = seconds(30)) {
        const std::uint32_t number = transfer.begin_probe(
            {kind, kind == ProbeKind::tcp ? "127.0.0.1:1" : "http://127.0.0.1:1/", limit});
        if (!accepted)
            prober.accept();
        accepted = true;
        return number;
    }
    std::vector<ProbeSighting> wait(Duration patience = milliseconds(1)) {
        return transfer.await_probes(patience, interrupt);
    }
    /// The only sighting, which must be that nobody could look: why.
    std::string failure(Duration patience = milliseconds(1)) {
        const auto seen = wait(patience);
        if (seen.size() != 1 || !seen[0].error)
            return "there was no failure";
        EXPECT_FALSE(seen[0].healthy);
        EXPECT_EQ(seen[0].error->kind(), ErrorKind::io);
        return seen[0].error->what();
    }

    Prober prober;
    FetchTransfer transfer{prober.socket(), AgentConfig{}};
    Interrupt interrupt;
    bool accepted = false;
};

TEST_F(TakenOverProber, IsToldItsSettingsOnceAndThenWhatToLookAt) {
    begin(ProbeKind::http);
    begin(ProbeKind::tcp);
    EXPECT_THAT(wait(), IsEmpty());
    EXPECT_THAT(prober.heard(),
                testing::ElementsAre(FrameType::settings, FrameType::probe, FrameType::probe));
}

TEST_F(TakenOverProber, IsBelievedWhatItSeesAndEachThingOnce) {
    const auto first = begin(ProbeKind::http);
    const auto second = begin(ProbeKind::http);
    const auto third = begin(ProbeKind::tcp);
    const auto fourth = begin(ProbeKind::tcp);
    prober.say(FrameType::probed, second, encode(ProbeReport{500, ""}));
    prober.say(FrameType::probed, first, encode(ProbeReport{204, ""}));
    prober.say(FrameType::probed, third, encode(ProbeReport{0, ""}));
    prober.say(FrameType::probed, fourth, encode(ProbeReport{0, "refuses\n\x1b[2Jconnections"}));
    const auto seen = wait();
    ASSERT_THAT(seen, SizeIs(4));
    EXPECT_EQ(seen[0].number, second);
    EXPECT_FALSE(seen[0].healthy);
    EXPECT_EQ(seen[0].what, "answers 500");
    EXPECT_TRUE(seen[1].healthy);
    EXPECT_EQ(seen[1].what, "answers 204");
    EXPECT_TRUE(seen[2].healthy);
    EXPECT_EQ(seen[2].what, "accepts connections");
    EXPECT_FALSE(seen[3].healthy);
    EXPECT_THAT(seen[3].what, testing::AllOf(Not(HasSubstr("\n")), Not(HasSubstr("\x1b"))));
    EXPECT_THAT(wait(), IsEmpty());
}

TEST_F(TakenOverProber, CannotMakeARedirectGoodHealth) {
    const auto number = begin(ProbeKind::http);
    prober.say(FrameType::probed, number, encode(ProbeReport{302, ""}));
    const auto seen = wait();
    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_FALSE(seen[0].healthy);
    EXPECT_THAT(seen[0].what, HasSubstr("a probe follows no redirect"));
}

TEST_F(TakenOverProber, IsNotBelievedOfWhatItWasNotAsked) {
    const auto number = begin(ProbeKind::http);
    prober.say(FrameType::probed, number + 7, encode(ProbeReport{200, ""}));
    EXPECT_THAT(failure(), HasSubstr("provisor-fetch: it sent what it was not asked for"));
}

TEST_F(TakenOverProber, IsNotBelievedTwice) {
    const auto number = begin(ProbeKind::http);
    begin(ProbeKind::http);
    for (int i = 0; i < 2; ++i)
        prober.say(FrameType::probed, number, encode(ProbeReport{200, ""}));
    const auto seen = wait();
    ASSERT_THAT(seen, SizeIs(2));
    EXPECT_TRUE(seen[0].healthy) << "what was seen before that holds";
    EXPECT_FALSE(seen[1].healthy);
    ASSERT_TRUE(seen[1].error);
    EXPECT_THAT(seen[1].error->what(), HasSubstr("what it was not asked for"));
}

TEST_F(TakenOverProber, IsNotBelievedWhatOnlyAnotherKindOfProbeSees) {
    prober.say(FrameType::probed, begin(ProbeKind::tcp), encode(ProbeReport{200, ""}));
    EXPECT_THAT(failure(), HasSubstr("it sent the report of another probe"));
    accepted = false;
    const auto number = begin(ProbeKind::http);
    prober.say(FrameType::probed, number, encode(ProbeReport{0, ""}));
    EXPECT_THAT(failure(), HasSubstr("it sent the report of another probe"));
}

TEST_F(TakenOverProber, IsEndedForFramesThatAreNone) {
    const auto number = begin(ProbeKind::http);
    prober.say(FrameType::head, number, "");
    EXPECT_THAT(failure(), HasSubstr("what it was not asked for"));
    accepted = false;
    const auto second = begin(ProbeKind::http);
    prober.say(FrameType::probed, second, "cut");
    EXPECT_THAT(failure(), HasSubstr("provisor-fetch: "));
    accepted = false;
    begin(ProbeKind::http);
    prober.say(std::string(64, '\xff'));
    EXPECT_THAT(failure(), HasSubstr("provisor-fetch: "));
}

TEST_F(TakenOverProber, SaysWhyItCannotGoOnInWordsForATerminal) {
    begin(ProbeKind::http);
    prober.say(FrameType::fatal, 0, "no \x1b[31mmemory");
    const std::string why = failure();
    EXPECT_THAT(why, HasSubstr("memory"));
    EXPECT_THAT(why, Not(HasSubstr("\x1b")));
    EXPECT_THAT(why, HasSubstr("journalctl -u 'provisor-fetch@*'"));
}

TEST_F(TakenOverProber, ThatHangsUpIsReplaced) {
    begin(ProbeKind::http);
    EXPECT_THAT(wait(), IsEmpty());
    prober.hang_up();
    EXPECT_THAT(failure(), HasSubstr("provisor-fetch was ended"));
    accepted = false;
    prober.say(FrameType::probed, begin(ProbeKind::http), encode(ProbeReport{200, ""}));
    const auto seen = wait();
    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_TRUE(seen[0].healthy) << "another one was asked";
}

TEST_F(TakenOverProber, ThatHangsUpBeforeItIsAskedIsNoFaultOfTheQuestion) {
    begin(ProbeKind::http);
    prober.hang_up();
    EXPECT_THAT(failure(milliseconds(50)), HasSubstr("provisor-fetch was ended"));
}

TEST_F(TakenOverProber, ThatKeepsSilentIsNotWaitedFor) {
    begin(ProbeKind::http, milliseconds(1));
    const auto begun = std::chrono::steady_clock::now();
    std::string why = "there was no failure";
    while (why == "there was no failure" && std::chrono::steady_clock::now() - begun < seconds(20))
        why = failure(milliseconds(100));
    EXPECT_THAT(why, HasSubstr("provisor-fetch: it does not answer"));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(10));
}

TEST_F(TakenOverProber, DoesNotKeepAnInterruptWaiting) {
    begin(ProbeKind::http);
    const auto begun = std::chrono::steady_clock::now();
    std::thread raiser([&] {
        std::this_thread::sleep_for(milliseconds(50));
        interrupt.raise();
    });
    EXPECT_THROW(wait(seconds(10)), Interrupted);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(5));
    raiser.join();
}

TEST(AProber, ThatIsNotThereIsNamedWithWhatMakesItsSocket) {
    const test::TemporaryFolder folder;
    const Interrupt interrupt;
    for (const std::string& place : {(folder / "fetch.socket").string(),
                                     (folder / std::string(200, 'x')).string() + "/fetch.socket"}) {
        FetchTransfer transfer(place, AgentConfig{});
        transfer.begin_probe({ProbeKind::tcp, "127.0.0.1:1", seconds(1)});
        const auto seen = transfer.await_probes(milliseconds(1), interrupt);
        ASSERT_THAT(seen, SizeIs(1));
        ASSERT_TRUE(seen[0].error);
        EXPECT_EQ(seen[0].error->kind(), ErrorKind::io);
        EXPECT_THAT(seen[0].error->what(),
                    place.size() > 200 ? HasSubstr("too long a path")
                                       : HasSubstr("systemctl start provisor-fetch.socket"));
    }
}

} // namespace
} // namespace provisor
