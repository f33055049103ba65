// SPDX-License-Identifier: Apache-2.0
#include "transfer/arrival.hpp"

#include "base/error.hpp"

#include <cstring>
#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(Arrival, OfAProbeThatIsCutOffHasFailedAndSaysNoMore) {
    TransferRequest request;
    request.component = "app";
    request.url = "https://o/app";
    request.validator.etag = "\"v1\"";
    request.probe = true;
    Progress progress;
    Arrival arrival(0, std::move(request), progress);
    arrival.ask();
    FetchHead head;
    head.status = 416; // there is something else now
    const std::string bytes = encode_frame(FrameType::head, 0, encode(head));
    FrameReader reader;
    std::memcpy(reader.space().data(), bytes.data(), bytes.size());
    reader.filled(bytes.size());
    const auto frame = reader.next();
    ASSERT_TRUE(frame);
    EXPECT_TRUE(arrival.take(*frame));
    arrival.fail(Error(ErrorKind::io, "provisor-fetch ended"));
    const TransferResult result = arrival.take_result();
    ASSERT_TRUE(result.error);
    EXPECT_EQ(result.error->kind(), ErrorKind::io);
    EXPECT_FALSE(result.changed) << "one outcome, not two";
    EXPECT_FALSE(result.body || result.not_modified);
}

} // namespace
} // namespace provisor
