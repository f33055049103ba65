// SPDX-License-Identifier: Apache-2.0
#include "fetch/libraries.hpp"

#include "base/c_ptr.hpp"
#include "base/error.hpp"
#include "base/file.hpp"

#include <algorithm>
#include <curl/curl.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <openssl/ssl.h>

namespace provisor {
namespace {

constexpr std::uint64_t configuration_limit = std::uint64_t{64} * 1024;

/// Two are in the C library itself since glibc 2.34, and what it does without a line in
/// nsswitch.conf.
void load_name_services() {
    std::vector<std::string> services;
    try {
        const auto text = read_file("/etc/nsswitch.conf", configuration_limit);
        services = host_services(text.value_or(""));
    } catch (const Error&) {
        // The C library will not be able to read it either.
    }
    services.insert(services.end(), {"files", "dns"});
    // Under the name that the C library asks for, so that it finds it loaded (dlopen(3)).
    for (const std::string& service : services)
        ::dlopen(fmt::format("libnss_{}.so.2", service).c_str(), RTLD_NOW);
}

} // namespace

void load_libraries() {
    load_name_services();
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        throw Error(ErrorKind::io, "libcurl could not be set up");
    // Its first context has providers of openssl.cnf loaded.
    const CPtr<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
}

std::vector<std::string> host_services(std::string_view configuration) {
    std::vector<std::string> services;
    while (!configuration.empty()) {
        std::string_view line = configuration.substr(0, configuration.find('\n'));
        configuration.remove_prefix(std::min(line.size() + 1, configuration.size()));
        line = line.substr(0, line.find('#'));
        const auto skip = [&line] {
            line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
        };
        skip();
        if (!line.starts_with("hosts:"))
            continue;
        line.remove_prefix(6);
        for (skip(); !line.empty(); skip()) {
            const bool condition = line.front() == '[';
            const std::size_t end = condition ? line.find(']') : line.find_first_of(" \t\r[");
            const std::string_view word = line.substr(0, end);
            line.remove_prefix(std::min(word.size() + (condition ? 1 : 0), line.size()));
            if (!condition && word.find('/') == std::string_view::npos)
                services.emplace_back(word);
        }
    }
    return services;
}

} // namespace provisor
