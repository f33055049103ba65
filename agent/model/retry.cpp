// SPDX-License-Identifier: Apache-2.0
#include "model/retry.hpp"

#include "base/sha256.hpp"
#include "model/component.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace provisor {
namespace {

/// first × 2^(failures-1), at most max.
Duration widest_wait(const AgentConfig::Retry& retry, unsigned failures) {
    Duration wait = std::min(retry.first, retry.max);
    for (unsigned i = 1; i < failures && wait < retry.max && wait > Duration::zero(); ++i)
        wait = wait > retry.max / 2 ? retry.max : wait * 2;
    return wait;
}

} // namespace

std::string in_words(const Backoff& backoff) {
    return fmt::format("{} failure{} in a row, {}", backoff.failures,
                       backoff.failures == 1 ? "" : "s",
                       backoff.until == WallTime::max()
                           ? "no further try before the manifest changes (retry.attempts)"
                           : fmt::format("next try at {}", format_rfc3339(backoff.until)));
}

std::string fingerprint_of(const Component& component) {
    // NUL cannot be part of any of them.
    std::string text;
    const auto add = [&text](const std::string& value) {
        text += value;
        text += '\0';
    };
    for (const std::string* value : {&component.version, &component.url, &component.sha256,
                                     &component.checksums, &component.signature.url})
        add(*value);
    for (const std::string& mirror : component.mirrors)
        add(mirror);
    // Added to only by manifests that have them, so that others keep their back-off.
    if (!component.sha512.empty())
        add("sha512 " + component.sha512);
    if (!component.checksums_name.empty())
        add("checksums_name " + component.checksums_name);
    if (!component.signature.keys.empty() || component.signature.over != SignatureOver::automatic) {
        add("signature");
        for (const std::string& key : component.signature.keys)
            add(key);
        add(std::to_string(static_cast<int>(component.signature.over)));
    }
    add("files");
    for (const FileSpec& file : component.files) {
        add(file.from);
        add(file.path);
    }
    add(std::to_string(static_cast<int>(component.format)));
    for (const std::string& word : component.check)
        add(word);
    if (const auto& auth = component.auth) {
        // Not what stands in the manifest itself: everybody may read the record, and could try
        // passwords against its digest.
        for (const std::string* value : {&auth->bearer, &auth->user, &auth->password})
            add(value->starts_with("credential:") ? *value : "");
        for (const auto& [name, value] : auth->header)
            add(name + (value.starts_with("credential:") ? value : ""));
    }
    return sha256_of(text);
}

bool is_waiting(const std::optional<Backoff>& backoff, const Component& component,
                const AgentConfig::Retry& retry, WallTime now) {
    if (!backoff || backoff->until <= now || backoff->wanted != fingerprint_of(component))
        return false;
    return backoff->until == WallTime::max() || backoff->until - now <= retry.max;
}

Backoff after_failure(const std::optional<Backoff>& before, const Component& component,
                      const AgentConfig::Retry& retry,
                      std::optional<std::chrono::seconds> retry_after, WallTime now,
                      std::uint64_t random, std::optional<WallTime> last_check) {
    Backoff next;
    next.wanted = fingerprint_of(component);
    next.last_check = before ? before->last_check : last_check;
    next.failures = (before && before->wanted == next.wanted ? before->failures : 0) + 1;
    if (retry.attempts != 0 && next.failures >= retry.attempts) {
        next.until = WallTime::max();
        return next;
    }
    const Duration widest = widest_wait(retry, next.failures);
    Duration wait(
        static_cast<Duration::rep>(random % (static_cast<std::uint64_t>(widest.count()) + 1)));
    if (retry_after)
        wait = std::max(wait, std::min<Duration>(*retry_after, retry.max));
    next.until = now + wait;
    return next;
}

} // namespace provisor
