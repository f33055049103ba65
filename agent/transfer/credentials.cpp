// SPDX-License-Identifier: Apache-2.0
#include "transfer/credentials.hpp"

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "model/component.hpp"
#include "model/url.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view reference = "credential:";
constexpr std::uint64_t secret_limit = std::uint64_t{16} * 1024;
constexpr std::uint64_t netrc_limit = std::uint64_t{1} << 20;

/// A file of the folders that come first; unreadable ones are an Error and not passed over, since
/// the next one may hold something else.
std::optional<std::string> read_first(const std::vector<fs::path>& files, std::uint64_t limit) {
    for (const fs::path& file : files)
        if (auto text = read_file(file, limit))
            return text;
    return std::nullopt;
}

std::string read_credential(const std::string& name, const CredentialPlaces& places) {
    std::vector<fs::path> files;
    std::vector<std::string> shown;
    for (const fs::path& folder : places.folders) {
        files.push_back(folder / name);
        shown.push_back(folder.string());
    }
    std::optional<std::string> text;
    try {
        text = read_first(files, secret_limit);
    } catch (const Error& error) {
        throw Error(ErrorKind::config, fmt::format("credential '{}': {}", name, error.what()));
    }
    if (!text)
        throw Error(ErrorKind::config,
                    fmt::format("there is no credential '{}' in {}; put it into /etc/credstore/{} "
                                "and add LoadCredential={} to provisor.service (`systemctl edit`)",
                                name, fmt::join(shown, ", "), name, name));
    // Who makes such a file with an editor or echo leaves a line end, which is no part of it.
    while (text->ends_with('\n') || text->ends_with('\r'))
        text->pop_back();
    return std::move(*text);
}

/// The secret that a manifest's text stands for.
std::string resolve(const std::string& text, std::string_view what,
                    const CredentialPlaces& places) {
    const bool refers = text.starts_with(reference);
    const std::string name = refers ? text.substr(reference.size()) : "";
    if (refers && (name.empty() || name.front() == '.' || name.find('/') != std::string::npos))
        throw Error(ErrorKind::config, fmt::format("auth.{}: '{}' is no name of a credential", what,
                                                   printable(name, 80)));
    std::string secret = refers ? read_credential(name, places) : text;
    // A line end would let it write headers of its own.
    if (secret.empty() || std::any_of(secret.begin(), secret.end(),
                                      [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
        throw Error(ErrorKind::config,
                    fmt::format("auth.{}: {} is empty or holds a control character", what,
                                refers ? fmt::format("credential '{}'", name) : "the value"));
    return secret;
}

std::string basic(const Login& login) {
    return "Authorization: Basic " + encode_base64(login.user + ":" + login.password);
}

std::optional<Login> login_from_netrc(const std::string& url, const CredentialPlaces& places) {
    try {
        const auto text = read_first(places.netrc, netrc_limit);
        return text ? find_login(*text, host_of(url)) : std::nullopt;
    } catch (const Error& error) {
        throw Error(ErrorKind::config, fmt::format("auth.netrc: {}", error.what()));
    }
}

/// The next token of a netrc file: up to a blank, or in quotes with backslashes. What begins with
/// "#" is a comment where a line begins; elsewhere it may be a password.
std::optional<std::string> next_token(std::string_view& text, bool& in_line) {
    const auto blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
    for (;;) {
        const auto begin = std::find_if_not(text.begin(), text.end(), blank);
        if (std::find(text.begin(), begin, '\n') != begin)
            in_line = false;
        text.remove_prefix(static_cast<std::size_t>(begin - text.begin()));
        if (in_line || !text.starts_with('#'))
            break;
        text.remove_prefix(std::min(text.find('\n'), text.size()));
    }
    in_line = true;
    if (text.empty())
        return std::nullopt;
    std::string token;
    const bool quoted = text.front() == '"';
    std::size_t i = quoted ? 1 : 0;
    for (; i < text.size() && (quoted ? text[i] != '"' : !blank(text[i])); ++i) {
        if (quoted && text[i] == '\\' && i + 1 < text.size())
            ++i;
        token += text[i];
    }
    text.remove_prefix(std::min(i + (quoted ? 1 : 0), text.size()));
    return token;
}

} // namespace

std::optional<Login> find_login(std::string_view netrc, std::string_view host) {
    std::optional<Login> found;
    bool in_default = false;
    Login* entry = nullptr;
    bool in_line = false;
    while (const auto token = next_token(netrc, in_line)) {
        if (*token == "machine" || *token == "default") {
            if (found && !in_default)
                return found;
            const bool is_default = *token == "default";
            const auto name =
                is_default ? std::optional<std::string>("") : next_token(netrc, in_line);
            entry = nullptr;
            if (name && (is_default ? !found : host_of("https://" + *name) == host)) {
                in_default = is_default;
                entry = &found.emplace();
            }
        } else if (*token == "login" || *token == "password" || *token == "account") {
            const auto value = next_token(netrc, in_line);
            if (entry != nullptr && value && *token != "account")
                (*token == "login" ? entry->user : entry->password) = *value;
        } else if (*token == "macdef") {
            // Up to an empty line.
            const std::size_t end = netrc.find("\n\n");
            netrc.remove_prefix(std::min(end, netrc.size()));
            in_line = false;
        }
    }
    return found;
}

std::vector<std::string> credential_headers(const AuthSpec& auth, const std::string& url,
                                            const CredentialPlaces& places) {
    std::vector<std::string> lines;
    if (!auth.bearer.empty())
        lines.push_back("Authorization: Bearer " + resolve(auth.bearer, "bearer", places));
    if (!auth.user.empty())
        lines.push_back(basic({resolve(auth.user, "basic.user", places),
                               resolve(auth.password, "basic.password", places)}));
    if (auth.netrc)
        if (const auto login = login_from_netrc(url, places))
            lines.push_back(basic(*login));
    for (const auto& [name, value] : auth.header)
        lines.push_back(name + ": " + resolve(value, "header." + name, places));
    return lines;
}

} // namespace provisor
