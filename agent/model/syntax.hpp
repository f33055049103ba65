// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/manifest/bad_manifests_test.cpp
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace provisor {

/// Each returns what is wrong with a text, in words that also say what is expected; absent when it
/// is fine.
std::optional<std::string> find_name_fault(std::string_view name); ///< a component's name
std::optional<std::string> find_path_fault(std::string_view path); ///< a target: absolute, normal
std::optional<std::string> find_url_fault(std::string_view url);   ///< http, https, file
std::optional<std::string>
find_unit_fault(std::string_view unit); ///< systemd.unit(5): name, optional instance, suffix
std::optional<std::string>
find_account_fault(std::string_view name); ///< user or group: a name or a decimal id
std::optional<std::string> find_header_fault(
    std::string_view name); ///< of a request, which a manifest may set (RFC 9110, 5.1)
std::optional<std::string> find_tcp_fault(std::string_view address); ///< host:port
std::optional<std::string> find_proxy_fault(
    std::string_view proxy); ///< [scheme://][user:password@]host[:port], as curl has it

/// The mode that a quoted octal text of three or four digits stands for; absent for anything else.
std::optional<mode_t> parse_mode(std::string_view text);

} // namespace provisor
