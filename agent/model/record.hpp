// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "model/generation.hpp"
#include "model/report.hpp"
#include "model/retry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// What lstat said of a file when it was last hashed. As long as it says the same, the file holds
/// the same bytes: ctime cannot be set back by anybody, and it moves with every write, chmod, chown
/// and rename.
struct Fingerprint {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    std::int64_t ctime_ns = 0;
    bool operator==(const Fingerprint&) const = default;
};

struct HashedFile {
    std::string path;
    Fingerprint fingerprint;
    std::string sha256;
    bool operator==(const HashedFile&) const = default;
};

/// One change that was made, for `history` and the guards.
struct HistoryEntry {
    WallTime when;
    Decision decision = Decision::install;
    std::string version;
    std::string sha256; ///< of the artifact that is in place since
    std::string url;    ///< shown form
    std::string reason;
    std::string pass;
    bool operator==(const HistoryEntry&) const = default;
};

/// A hold of the flip-flop guard.
struct FlipFlopHold {
    WallTime until;
    Duration duration{};
    std::string reason;
    bool operator==(const FlipFlopHold&) const = default;
};

/// What its `check` refused last.
struct FailedCheck {
    std::string installation; ///< identity_of what was to be installed
    std::string reason;
    Backoff backoff; ///< when it is tried again
    bool operator==(const FailedCheck&) const = default;
};

/// The version that a content calls itself, by version_key; empty when it does not tell.
struct FoundVersion {
    std::string key;
    std::string version;
    bool operator==(const FoundVersion&) const = default;
};

/// What is known of a component besides what is in place: hashes that save reading files again, its
/// history, and what the guards go by. Beside the marker in `record.json`; without it nothing
/// breaks, but the guards begin again.
struct Record {
    std::vector<HashedFile> hashed;
    std::optional<Backoff> backoff; ///< while the origin is failing
    std::string highest_version;    ///< that was installed so far; see highest_after()
    /// The latest Marker::signed_at that was installed so far; 0 when none was known.
    std::int64_t latest_signature = 0;
    std::string healthy; ///< identity_of the installation that was last found healthy
    std::optional<Quarantine> quarantine;
    std::optional<FlipFlopHold> flip_flop; ///< the last one, which may be over
    std::optional<FailedCheck> failed_check;
    /// What is in place was installed with `format: raw`, so that it may well be an archive.
    bool raw = false;
    std::vector<FoundVersion> found_versions; ///< oldest first, at most found_limit
    std::vector<HistoryEntry> history;        ///< oldest first, at most history_limit
    static constexpr std::size_t history_limit = 100;
    static constexpr std::size_t found_limit = 10;

    void remember(HistoryEntry entry);
    /// Digest of the artifact that the newest entry put in place; empty when there is none.
    std::string last_change() const;
    const HashedFile* find_hashed(std::string_view path) const;
    /// The newest entry that put this artifact in place, or null.
    const HistoryEntry* last_with(std::string_view sha256) const;
    /// What was found for this version_key: a version, or that there is none to be found (empty).
    std::optional<std::string> found_version(std::string_view key) const;
    void remember_version(FoundVersion found);
    bool operator==(const Record&) const = default;
};

std::string to_json(const Record& record);
/// An empty record for text that is none.
Record parse_record(std::string_view text);

} // namespace provisor
