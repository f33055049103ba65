// SPDX-License-Identifier: Apache-2.0
#include "journal/sd_journal.hpp"

#include "unit/journal/own_journald.hpp"

#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

using test::next_entry;
using test::with_own_journald;

TEST(SdJournal, SendsTheFieldsOfAnEntryAndNoneOfItsOwn) {
    with_own_journald([](int listener) -> std::string {
        make_sd_journal(false)->write({Priority::notice,
                                       "app: installed",
                                       "1ba769a8ed58408893e306667e3d7ef9",
                                       {{"PROVISOR_COMPONENT", "app"},
                                        {"OBJECT_SYSTEMD_UNIT", "app.service"},
                                        {"bad name", "x"}}});
        const std::string wanted =
            "MESSAGE=app: installed\nPRIORITY=5\nSYSLOG_IDENTIFIER=provisor\n"
            "MESSAGE_ID=1ba769a8ed58408893e306667e3d7ef9\n"
            "PROVISOR_COMPONENT=app\nOBJECT_SYSTEMD_UNIT=app.service\n";
        const std::string sent = next_entry(listener);
        if (sent != wanted)
            return "sent: " + sent;
        return next_entry(listener).empty() ? "" : "more than one entry";
    });
}

TEST(SdJournal, WritesDebugEntriesOnlyWhenAsked) {
    with_own_journald([](int listener) -> std::string {
        const JournalEntry entry{Priority::debug, "unchanged", "", {}};
        make_sd_journal(false)->write(entry);
        if (!next_entry(listener).empty())
            return "written without debug";
        make_sd_journal(true)->write(entry);
        return next_entry(listener).empty() ? "not written with debug" : "";
    });
}

TEST(SdJournal, LosesAnEntryWithoutATraceWhenJournaldIsGone) {
    with_own_journald([](int listener) -> std::string {
        ::close(listener);
        make_sd_journal(false)->write({Priority::error, "nobody hears this", "", {}});
        ::unlink("/run/systemd/journal/socket");
        make_sd_journal(false)->write({Priority::error, "nor this", "", {}});
        return "";
    });
}

TEST(SdJournal, KeepsTheLineBreaksOfAMessageBehindItsLength) {
    with_own_journald([](int listener) -> std::string {
        make_sd_journal(false)->write({Priority::error, "one\ntwo", "", {}});
        const std::string sent = next_entry(listener);
        const std::string wanted = std::string("MESSAGE\n\x07\0\0\0\0\0\0\0one\ntwo\n", 24) +
                                   "PRIORITY=3\nSYSLOG_IDENTIFIER=provisor\n";
        return sent == wanted ? "" : "sent: " + sent;
    });
}

TEST(SdJournal, WaitsFiveSecondsInAllForAJournaldThatDoesNotReadAndGoesOnWhenItDoes) {
    with_own_journald([](int listener) -> std::string {
        const auto journal = make_sd_journal(false);
        const auto begun = std::chrono::steady_clock::now();
        // More than the queue of a socket holds (net.unix.max_dgram_qlen).
        for (int entry = 0; entry < 2000; ++entry)
            journal->write({Priority::error, "nobody reads this", "", {}});
        const auto took = std::chrono::steady_clock::now() - begun;
        if (took < std::chrono::milliseconds(4900) || took > std::chrono::seconds(9))
            return "it took " + std::to_string(took.count()) + " ns";
        while (!next_entry(listener).empty())
            ;
        journal->write({Priority::error, "it is back", "", {}});
        return next_entry(listener).starts_with("MESSAGE=it is back\n") ? "" : "it stays silent";
    });
}

TEST(Diagnostics, GoToTheJournalNativelyWhenStderrIsTheJournal) {
    with_own_journald([](int listener) -> std::string {
        // What systemd does for a service: stderr is a socket, JOURNAL_STREAM says which.
        const int stream = ::socket(AF_UNIX, SOCK_STREAM, 0);
        struct stat status {};
        if (::fstat(stream, &status) != 0 || ::dup2(stream, STDERR_FILENO) < 0)
            return "no socket";
        ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino).c_str(), 1);
        set_up_diagnostics(0);
        spdlog::debug("detail");
        spdlog::warn("beware");
        const std::string sent = next_entry(listener);
        return sent == "MESSAGE=beware\nPRIORITY=4\nSYSLOG_IDENTIFIER=provisor\n" ? "" : sent;
    });
}

TEST(NullJournal, SendsNothing) {
    with_own_journald([](int listener) -> std::string {
        make_null_journal()->write({Priority::error, "m", "", {}});
        return next_entry(listener).empty() ? "" : "something was sent";
    });
}

} // namespace
} // namespace provisor
