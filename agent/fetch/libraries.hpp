// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// Loads what the C library, libcurl and OpenSSL would load when they first need it: once the
/// process is confined nothing can be (base/system_calls.hpp). That are the modules that look up
/// the names of hosts (nsswitch.conf(5)), and what openssl.cnf names. What cannot be loaded is
/// passed over, as they do.
void load_libraries();

/// The services of the line "hosts:" of a nsswitch.conf, without what is in brackets.
std::vector<std::string> host_services(std::string_view configuration);

} // namespace provisor
