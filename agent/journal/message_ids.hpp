// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// MESSAGE_ID of every kind of entry; config/provisor.catalog explains each (a test holds the two
/// together).
namespace provisor::message_id {
inline constexpr std::string_view install = "1ba769a8ed58408893e306667e3d7ef9";
inline constexpr std::string_view update = "06889f9645ed4ce4ac09e5125ed6f657";
inline constexpr std::string_view repair = "47910cb6b61243b6bee8e944da7bdb53";
inline constexpr std::string_view rollback = "5d72f8cb3a2e49abaa5cf8b4e3207286";
inline constexpr std::string_view hold = "d8a8b1f373c34453ba0eec741db18b93";
inline constexpr std::string_view remove = "604212b3c5d145b293f1c3a551659827";
inline constexpr std::string_view fail = "4f93bc5c6dfb41bb86c910bf185fcba2";
inline constexpr std::string_view same_page = "132bd4a2aef404b5fe599bbb763f2853";
inline constexpr std::string_view no_validator = "597914e0d0d444b8953e07ce1cdcff1b";
inline constexpr std::string_view unchanged = "e2778388479c4d44938d67c09df188a7";
inline constexpr std::string_view overdue = "2a56a5784bae48ce8c4c00bb7d8c4e7d";
inline constexpr std::string_view untrusted = "37f256bb673f44098daf154ee227f171";
inline constexpr std::string_view pass_failed = "d8199725e5f24bdcb9cb88cd62e39569";
inline constexpr std::string_view pass_summary = "0b3dd8e66f1c4aea83d59ae916034897";
inline constexpr std::string_view unit_action = "c4fa716eddc54339ac656aed69950b80";
inline constexpr std::string_view manifest_error = "f446b443105f49f3a8c10ea1375dd7fb";
inline constexpr std::string_view config_error = "01f895ef0d594eabba0b77f9023dd1c0";
} // namespace provisor::message_id
