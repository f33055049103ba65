// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace provisor {

struct Component;

/// Whether a URL has user information (RFC 3986, 3.2.1), in which passwords are written.
bool has_user_info(std::string_view url);

/// The keys of a component in which a secret stands itself, and not the name of a credential:
/// "auth.bearer", "url".
std::vector<std::string> keys_with_secrets(const Component& component);

} // namespace provisor
