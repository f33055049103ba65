// SPDX-License-Identifier: Apache-2.0
#include "transfer/fetch_settings.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>

namespace provisor {
namespace {

/// The three together fit into a frame.
constexpr std::uint64_t ca_limit = std::uint64_t{768} * 1024;
constexpr std::uint64_t pem_limit = std::uint64_t{64} * 1024;

/// Sockets of provisor-fetch, of which it may have 1024 descriptors by default.
constexpr std::uint64_t probes_at_once = 256;

std::string read_pem(const std::string& path, std::uint64_t limit, const char* key) {
    if (path.empty())
        return "";
    // A FIFO would be waited for without end.
    std::error_code unknown;
    const auto facts = std::filesystem::status(path, unknown);
    if (std::filesystem::exists(facts) && !std::filesystem::is_regular_file(facts))
        throw Error(ErrorKind::config, fmt::format("{}: '{}' is no regular file", key, path));
    std::optional<std::string> text;
    try {
        text = read_file(path, limit);
    } catch (const Error& error) {
        throw Error(ErrorKind::config, fmt::format("{}: {}", key, error.what()));
    }
    if (!text)
        throw Error(ErrorKind::config, fmt::format("{}: there is no file '{}'", key, path));
    if (text->find("-----BEGIN ") == std::string::npos)
        throw Error(ErrorKind::config, fmt::format("{}: '{}' is no PEM file", key, path));
    return *text;
}

std::uint64_t in_milliseconds(Duration span) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(span).count());
}

/// What the fetcher may know of our environment: proxies, and nothing that could be a secret of
/// somebody else's.
std::vector<std::string> proxy_variables() {
    static constexpr std::array names{"http_proxy", "https_proxy", "all_proxy", "no_proxy",
                                      "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"};
    std::vector<std::string> variables;
    for (const char* name : names)
        if (const char* value = std::getenv(name))
            variables.push_back(fmt::format("{}={}", name, value));
    return variables;
}

} // namespace

FetchSettings fetch_settings(const AgentConfig& config, bool with_secrets) {
    FetchSettings settings;
    // "infinity" means that there is no limit, which is what 0 says to the fetcher.
    const auto span = [](Duration limit) {
        return limit == Duration::max() ? 0 : in_milliseconds(limit);
    };
    settings.connect_timeout = span(config.timeouts.connect);
    settings.stall_timeout = span(config.timeouts.stall);
    settings.total_timeout = span(config.timeouts.total);
    static_assert(max_parallel == FetchSettings::max_parallel);
    settings.parallel = config.parallel;
    settings.min_tls = config.tls.min_version;
    settings.proxy = config.proxy;
    settings.environment = proxy_variables();
    settings.ca_pem = read_pem(config.tls.ca_file, ca_limit, "tls.ca_file");
    if (with_secrets) {
        settings.client_cert_pem = read_pem(config.tls.client_cert, pem_limit, "tls.client_cert");
        settings.client_key_pem = read_pem(config.tls.client_key, pem_limit, "tls.client_key");
    }
    return settings;
}

FetchSettings probe_settings(const AgentConfig& config) {
    FetchSettings settings;
    settings.parallel = probes_at_once;
    settings.min_tls = config.tls.min_version;
    settings.ca_pem = read_pem(config.tls.ca_file, ca_limit, "tls.ca_file");
    return settings;
}

} // namespace provisor
