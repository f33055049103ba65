// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

TEST(Base64, HasTheVectorsOfRfc4648) {
    const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                        {"f", "Zg=="},
                                                        {"fo", "Zm8="},
                                                        {"foo", "Zm9v"},
                                                        {"foob", "Zm9vYg=="},
                                                        {"fooba", "Zm9vYmE="},
                                                        {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : rows) {
        EXPECT_EQ(encode_base64(bytes), text);
        EXPECT_EQ(decode_base64(text), std::optional<std::string>(bytes));
    }
}

TEST(Base64, EveryByteComesBack) {
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    for (std::size_t size = 0; size <= all.size(); ++size)
        EXPECT_EQ(decode_base64(encode_base64(all.substr(256 - size))), all.substr(256 - size));
}

TEST(Base64, OneValueHasOneText) {
    for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9", "Zm9=", "Z===", "====", " Zg==", "Zg==\n",
                             "Zm-v", "Zm9v!", "Zg==Zg=="})
        EXPECT_FALSE(decode_base64(text)) << text;
}

} // namespace
} // namespace provisor
