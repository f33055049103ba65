// SPDX-License-Identifier: Apache-2.0
#include "wire/probe_messages.hpp"

#include "base/error.hpp"
#include "wire/payload.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

const ProbeOrder order{ProbeKind::tcp, "[::1]:80", 5000};
const ProbeReport answer{503, ""};
const ProbeReport silence{0, "does not answer within 5s"};

std::string order_of(std::uint64_t kind, std::uint64_t limit, const std::string& address) {
    return PayloadWriter().add(kind).add(limit).add(address).take();
}

TEST(ProbeMessages, ComeBackAsTheyWere) {
    EXPECT_EQ(decode_probe_order(encode(order)), order);
    const ProbeOrder http{ProbeKind::http, "http://localhost/", 1};
    EXPECT_EQ(decode_probe_order(encode(http)), http);
    for (const ProbeReport& report : {answer, silence, ProbeReport{}})
        EXPECT_EQ(decode_probe_report(encode(report)), report);
}

TEST(ProbeMessages, AreRefusedWhenTheyAreCutOrTooLong) {
    const std::string whole = encode(order);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_THROW(decode_probe_order(whole.substr(0, size)), Error) << size;
    EXPECT_THROW(decode_probe_order(whole + "x"), Error);
    const std::string report = encode(silence);
    for (std::size_t size = 0; size < report.size(); ++size)
        EXPECT_THROW(decode_probe_report(report.substr(0, size)), Error) << size;
    EXPECT_THROW(decode_probe_report(report + "x"), Error);
    // A text of 2^64 - 1 bytes.
    EXPECT_THROW(decode_probe_report(PayloadWriter().add(0U).add(~std::uint64_t{0}).take()), Error);
}

TEST(ProbeMessages, OrdersForNothingAreRefused) {
    EXPECT_NO_THROW(decode_probe_order(order_of(1, 1, "h:1")));
    EXPECT_THROW(decode_probe_order(order_of(2, 1, "h:1")), Error) << "no such kind";
    // http in the lower half of the number.
    EXPECT_THROW(decode_probe_order(order_of(std::uint64_t{1} << 32, 1, "h:1")), Error);
    EXPECT_THROW(decode_probe_order(order_of(1, 0, "h:1")), Error) << "no limit";
    EXPECT_THROW(decode_probe_order(order_of(1, 1, "")), Error) << "no address";
}

TEST(ProbeMessages, AnAnswerThatCannotBeIsRefused) {
    for (const std::uint64_t status : {std::uint64_t{1}, std::uint64_t{199}, std::uint64_t{1000},
                                       (std::uint64_t{1} << 32) + 200})
        EXPECT_THROW(decode_probe_report(encode(ProbeReport{status, ""})), Error) << status;
    EXPECT_THROW(decode_probe_report(encode(ProbeReport{200, "refuses connections"})), Error)
        << "healthy and not";
}

} // namespace
} // namespace provisor
