// SPDX-License-Identifier: Apache-2.0
#include "local/fetch/rig.hpp"

#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>

namespace provisor::test {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

struct Peak {
    long agent_kib = 0;
    long fetcher_kib = 0;
};

/// Peak memory of both programs while a body of that size comes in, by a fresh provisor-fetch.
Peak peak_with(std::uint64_t size, const std::string& behavior) {
    Origin origin;
    Page served = page(std::string(mebibyte, 'x'), "\"1\"", behavior);
    served.repeat = size / mebibyte;
    origin.serve("/app", served);
    AgentConfig config = test_config();
    config.timeouts.stall = std::chrono::seconds(30);
    Rig rig(config);
    rig.max_size = 2048 * mebibyte;
    TransferRequest request = rig.request(origin.url("/app"));
    // What is measured is the programs', not the page cache's or the disk's.
    request.place.open = [](const BodyStart&) {
        return Fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    };
    std::vector<TransferRequest> requests;
    requests.push_back(std::move(request));
    std::ofstream("/proc/self/clear_refs") << "5"; // begin VmHWM anew
    const TransferResult result = std::move(rig.run(std::move(requests)).at(0));
    EXPECT_EQ(outcome_of(result), "200 with " + std::to_string(size) + " bytes");
    const auto kib = [](int pid) {
        const std::string text = proc_status(pid, "VmHWM");
        return text.empty() ? 0 : std::stol(text);
    };
    return {kib(0), kib(rig.transfer().fetcher_pid())};
}

TEST(Memory, PeakDoesNotDependOnTheSizeOfABody) {
#ifdef PROVISOR_SANITIZED
    GTEST_SKIP() << "a sanitizer keeps what was freed, for a while";
#endif
    for (const char* behavior : {"", "chunked"}) {
        peak_with(mebibyte, behavior); // what is done once in a process is done
        const Peak small = peak_with(37 * mebibyte, behavior);
        const Peak large = peak_with(1024 * mebibyte, behavior);
        std::printf(
            "peak memory, 37 MiB and 1 GiB (%s): test process with FetchTransfer %ld and %ld "
            "KiB, provisor-fetch %ld and %ld KiB\n",
            *behavior == '\0' ? "declared" : behavior, small.agent_kib, large.agent_kib,
            small.fetcher_kib, large.fetcher_kib);
        ASSERT_GT(small.fetcher_kib, 0);
        EXPECT_LE(large.agent_kib, small.agent_kib + 1024);
        EXPECT_LE(large.fetcher_kib, small.fetcher_kib + 1024);
    }
}

} // namespace
} // namespace provisor::test
