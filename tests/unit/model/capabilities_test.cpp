// SPDX-License-Identifier: Apache-2.0
#include "model/capabilities.hpp"

#include <gtest/gtest.h>

namespace provisor {
namespace {

using namespace std::string_view_literals;

TEST(Capabilities, TextsOfTheSameSetAreTheSame) {
    for (const char* text :
         {"cap_net_bind_service,cap_chown=ep", "cap_chown=pe cap_net_bind_service=ep",
          "CAP_CHOWN,10+ep", "  cap_chown+p cap_chown+e\tcap_net_bind_service+ep "}) {
        EXPECT_EQ(find_capabilities_fault(text), std::nullopt) << text;
        EXPECT_EQ(normal_capabilities(text), "cap_chown,cap_net_bind_service=ep") << text;
    }
    EXPECT_EQ(normal_capabilities("cap_net_raw=i cap_chown=p cap_kill=pi"),
              "cap_chown=p cap_kill=ip cap_net_raw=i");
    EXPECT_EQ(normal_capabilities("cap_net_raw=ei cap_chown=ep"), "cap_chown=ep cap_net_raw=ei");
    // Written once more it stays what it is.
    EXPECT_EQ(normal_capabilities("cap_chown=ep cap_net_raw=ei"), "cap_chown=ep cap_net_raw=ei");
}

TEST(Capabilities, WhatCannotBeOnAFileIsAFaultThatSaysWhatIsExpected) {
    const std::pair<std::string_view, const char*> rows[] = {
        {"", "at least one capability is expected"},
        {"  ", "at least one capability is expected"},
        {"cap_net_bind_servce=ep", "did you mean 'cap_net_bind_service'?"},
        {"net_raw=ep", "did you mean 'cap_net_raw'?"},
        {"cap_net_bind=ep", "did you mean 'cap_net_bind_service'?"},
        {"cap_of_mine=ep", "capabilities(7) lists them"},
        {"cap_net_raw", "like cap_net_bind_service,cap_net_raw=ep"},
        {"cap_net_raw=x", "like cap_net_bind_service,cap_net_raw=ep"},
        {"cap_net_raw=ep\0cap_chown=ep"sv, "like cap_net_bind_service,cap_net_raw=ep"},
        {"cap_net_raw=", "permitted or inheritable"},
        {"cap_net_raw=e", "permitted or inheritable"},
        {"cap_net_raw=ep cap_chown=p", "for all capabilities or for none"},
    };
    for (const auto& [text, expected] : rows) {
        const std::string fault = find_capabilities_fault(text).value_or("none");
        EXPECT_NE(fault.find(expected), std::string::npos) << text << ": " << fault;
        EXPECT_EQ(normal_capabilities(std::string(text)), text) << "stays as it is";
    }
}

TEST(Capabilities, AnAttributeIsWhatTheKernelHas) {
    // As setcap(8) 2.66 writes it: VFS_CAP_REVISION_2 with the effective flag, bit 10.
    const std::string_view value = "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv;
    EXPECT_EQ(capabilities_to_attribute("cap_net_bind_service=ep"), value);
    EXPECT_EQ(capabilities_from_attribute(value), "cap_net_bind_service=ep");
    for (const char* text :
         {"cap_chown=p", "cap_chown=ep cap_net_raw=ei", "cap_perfmon,cap_bpf=ip"})
        EXPECT_EQ(capabilities_from_attribute(capabilities_to_attribute(text)), text);
}

TEST(Capabilities, AnAttributeOfAnotherUserNamespaceSaysSo) {
    const std::string_view machine = "\1\0\0\3\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv;
    EXPECT_EQ(capabilities_from_attribute(machine), "cap_net_bind_service=ep");
    const std::string_view other = "\1\0\0\3\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xe8\3\0\0"sv;
    EXPECT_EQ(capabilities_from_attribute(other), "cap_net_bind_service=ep [rootid=1000]");
}

TEST(Capabilities, ADamagedAttributeIsUnknownAndNotNone) {
    for (const std::string_view value :
         {""sv, "\1\0\0"sv, "\1\0\0\2\0\4\0\0"sv, "\1\0\0\7\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv})
        EXPECT_EQ(capabilities_from_attribute(value), "unknown");
}

} // namespace
} // namespace provisor
