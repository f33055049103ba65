// SPDX-License-Identifier: Apache-2.0
#include "service/pass_thread.hpp"

#include "base/error.hpp"
#include "base/interrupt.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

namespace provisor {
namespace {

PassResult result_of(PassThread& thread, std::function<PassReport(Progress&)> pass) {
    thread.start(std::move(pass));
    pollfd over{thread.over_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&over, 1, 5000), 1);
    return thread.finish();
}

TEST(PassThread, HandsOverTheReportAndCanBeUsedAgain) {
    PassThread thread;
    for (const char* id : {"one", "two"}) {
        const PassResult result = result_of(thread, [id](Progress&) {
            PassReport report;
            report.id = id;
            return report;
        });
        ASSERT_TRUE(result.report);
        EXPECT_EQ(result.report->id, id);
        EXPECT_FALSE(thread.running());
        pollfd over{thread.over_fd(), POLLIN, 0};
        EXPECT_EQ(::poll(&over, 1, 0), 0) << "still says that a pass is over";
    }
}

/// The event loop would otherwise wait for a pass whose end it never sees.
TEST(PassThread, IsNotMadeWithoutADescriptorToReportTheEnd) {
#ifdef PROVISOR_SANITIZED
    GTEST_SKIP() << "UndefinedBehaviorSanitizer looks at objects through a pipe";
#endif
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_THROW(PassThread(), Error);
    EXPECT_THROW(Interrupt(), Error);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(PassThread, TellsAnErrorFromTheInterrupt) {
    PassThread thread;
    const PassResult failed =
        result_of(thread, [](Progress&) -> PassReport { throw Error(ErrorKind::io, "no room"); });
    EXPECT_FALSE(failed.report);
    EXPECT_EQ(failed.error, "no room");
    const PassResult interrupted =
        result_of(thread, [](Progress&) -> PassReport { throw Interrupted(); });
    EXPECT_FALSE(interrupted.report);
    EXPECT_EQ(interrupted.error, "");
}

TEST(PassThread, ShowsTheProgressOfTheRunningPassOnly) {
    PassThread thread;
    result_of(thread, [](Progress& progress) {
        progress.set_stage("first");
        return PassReport();
    });
    Interrupt go;
    thread.start([&](Progress&) {
        pollfd wait{go.fd(), POLLIN, 0};
        ::poll(&wait, 1, 5000);
        return PassReport();
    });
    EXPECT_EQ(thread.snapshot().stage, "");
    go.raise();
    thread.finish();
}

} // namespace
} // namespace provisor
