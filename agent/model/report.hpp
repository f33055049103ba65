// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/duration.hpp"
#include "base/error.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

enum class Decision { unchanged, install, update, repair, rollback, hold, remove, fail };
std::string_view to_string(Decision decision);

/// "1.1 (5f2b9c0a1d3e)", or what of it is known.
std::string named_content(const std::string& version, const std::string& sha256);

struct UnitOutcome {
    std::string name;
    std::string action; ///< start, restart, reload, reload-or-restart, none
    std::string result; ///< systemd's job result; "skipped" when nothing was done
    std::string message;
    /// What it was done for: of an update that is taken back other content than the outcome's.
    std::string version = {};
    std::string sha256 = {};
    bool operator==(const UnitOutcome&) const = default;
};

/// What a pass decided for one component and what came of it.
struct Outcome {
    std::string name;
    Decision decision = Decision::unchanged;
    std::string reason;
    std::string version;
    std::string previous_version;
    std::string sha256;
    std::string previous_sha256;
    std::string url; ///< shown form
    std::string etag;
    std::string signed_by; ///< id of the key, when a signature was asked for
    /// Why what is installed, and stays, is not trusted any more: "1.0 (5f2b9c0a1d3e) was signed by
    /// …"; empty when it is, and when nothing is installed.
    std::string untrusted;
    int http_status = 0;
    std::uint64_t bytes = 0; ///< body bytes transferred
    Duration duration{};
    std::vector<std::string> unit_names; ///< of the component, acted on or not
    std::vector<UnitOutcome> units;      ///< what was done to them
    std::optional<Error> error;
    bool told = false;                ///< a hold or failure that has an entry of its own already
    bool after_failure = false;       ///< a hold that waits out a failure, which was told as one
    std::optional<WallTime> next_try; ///< of a component that is left alone until then
    /// Its origin gave no validator, for the first time: each pass will take the whole body.
    bool lacks_validator = false;
    bool checked = false; ///< the origin was asked with success, or nothing needed asking
    std::optional<WallTime> last_check = {}; ///< of one that fails: before it began to; if known
};

struct PassReport {
    std::string id; ///< 32 hex digits
    WallTime started;
    Duration duration{};
    unsigned requests = 0;
    unsigned transferred = 0; ///< whole bodies
    std::uint64_t bytes = 0;
    unsigned restarts = 0; ///< unit jobs other than daemon-reload
    std::vector<Outcome> components;
    unsigned failed_files = 0; ///< manifest files that could not be used

    /// The earliest time at which one of the components wants to be tried again; absent when none
    /// does.
    std::optional<WallTime> next_try() const;

    bool all_unchanged() const;
    /// "3 components: 2 unchanged, 1 update; 3 requests, 1 body of 35.3 MiB, 1 restart, 0.4s"
    std::string summary() const;
};

/// The JSON document of `apply --json` (schema 1), without a final newline.
std::string to_json(const PassReport& report);

} // namespace provisor
