// SPDX-License-Identifier: Apache-2.0
#include "wire/unpack_messages.hpp"

#include "base/error.hpp"
#include "wire/payload.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

const UnpackOrder order{Packing::zip,
                        1'000'000'000'000,
                        {"*/app", "", "größe"},
                        ContentCoding::dcz,
                        "0123456789abcdef"};

TEST(UnpackMessages, ComeBackAsTheyWere) {
    EXPECT_EQ(decode_unpack_order(encode(order)), order);
    UnpackOrder by_content = order;
    by_content.packing.reset();
    EXPECT_EQ(decode_unpack_order(encode(by_content)), by_content);
    for (const ErrorKind kind : {ErrorKind::unpack, ErrorKind::size, ErrorKind::io}) {
        const UnpackFailure failure{kind, "member 'app' is a FIFO"};
        EXPECT_EQ(decode_unpack_failure(encode(failure)), failure);
    }
}

TEST(UnpackMessages, AreRefusedWhenTheyAreCutOrTooLong) {
    const std::string whole = encode(order);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_THROW(decode_unpack_order(whole.substr(0, size)), Error) << size;
    EXPECT_THROW(decode_unpack_order(whole + "x"), Error);
    const std::string failure = encode(UnpackFailure{ErrorKind::unpack, "x"});
    for (std::size_t size = 0; size < failure.size(); ++size)
        EXPECT_THROW(decode_unpack_failure(failure.substr(0, size)), Error) << size;
    EXPECT_THROW(decode_unpack_failure(failure + "x"), Error);
}

TEST(UnpackMessages, AreRefusedWhenTheyAreImpossible) {
    const auto number = [](std::uint64_t value) { return std::uint64_t{value}; };
    EXPECT_THROW(decode_unpack_order(encode(UnpackOrder{Packing::tar, 1, {}})), Error);
    EXPECT_THROW(
        decode_unpack_order(
            PayloadWriter().add(number(99)).add(number(1)).add(number(1)).add("app").take()),
        Error);
    // More patterns than there are bytes.
    EXPECT_THROW(
        decode_unpack_order(PayloadWriter().add(number(0)).add(number(1)).add(~number(0)).take()),
        Error);
    for (const ErrorKind kind : {ErrorKind::http, ErrorKind::signature, ErrorKind::config})
        EXPECT_THROW(decode_unpack_failure(encode(UnpackFailure{kind, "x"})), Error);
}

} // namespace
} // namespace provisor
