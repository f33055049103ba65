// SPDX-License-Identifier: Apache-2.0
#include "model/inline_secrets.hpp"

#include "model/component.hpp"

namespace provisor {

bool has_user_info(std::string_view url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos)
        return false;
    const std::string_view rest = url.substr(scheme + 3);
    return rest.substr(0, rest.find_first_of("/?#")).find('@') != std::string_view::npos;
}

std::vector<std::string> keys_with_secrets(const Component& component) {
    std::vector<std::string> keys;
    const auto look = [&](const std::string& key, const std::string& value) {
        if (!value.empty() && !value.starts_with("credential:"))
            keys.push_back(key);
    };
    const AuthSpec auth = component.auth.value_or(AuthSpec{});
    look("auth.bearer", auth.bearer);
    look("auth.basic.password", auth.password);
    for (const auto& [name, value] : auth.header)
        look("auth.header." + name, value);
    if (has_user_info(component.url))
        keys.emplace_back("url");
    for (const std::string& mirror : component.mirrors)
        if (has_user_info(mirror)) {
            keys.emplace_back("mirrors");
            break;
        }
    if (has_user_info(component.checksums))
        keys.emplace_back("checksums");
    if (has_user_info(component.signature.url))
        keys.emplace_back("signature");
    return keys;
}

} // namespace provisor
