// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/duration.hpp"
#include "model/source_place.hpp"
#include "model/window.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace provisor {

enum class Update { revalidate, if_missing };
enum class Format { automatic, raw, gzip, zstd, xz, bzip2, tar, zip };
enum class OnChange { restart, reload, reload_or_restart, start, none };
enum class OnRepair { none, restart };
enum class Rollback { automatic, off };
enum class VersionOrder { automatic, semver, numeric, none };
enum class WantedState { present, absent, held };

struct FileSpec {
    std::string from; ///< archive member (glob); empty for a raw artifact
    std::string path; ///< absolute, normalised, without --root
    mode_t mode = 0755;
    std::string owner = "root"; ///< a user's name or a decimal uid
    std::string group = "root";
    std::string capabilities = {}; ///< normal_capabilities(); empty: none are asked for
    bool operator==(const FileSpec&) const = default;
};

struct UnitSpec {
    std::string name; ///< full unit name, "app.service"
    OnChange on_change = OnChange::restart;
    OnRepair on_repair = OnRepair::none;
    std::optional<std::string> file; ///< unit file that provisor installs
    bool enable = false;
    bool operator==(const UnitSpec&) const = default;
};

struct HealthSpec {
    Duration settle = std::chrono::seconds(10);
    Duration timeout = std::chrono::seconds(60);
    std::string http;
    std::string tcp;
    std::vector<std::string> command;
    bool operator==(const HealthSpec&) const = default;
};

/// What a signature is over.
enum class SignatureOver {
    automatic, ///< by its URL: see Documents
    artifact,
    sums ///< the checksums file
};

/// Who must have signed a component. Without a URL nobody.
struct SignatureSpec {
    std::string url; ///< of a signature of minisign(1)
    /// The keys that may have made it: names of files in keys.d, or ids of 16 upper-case hex
    /// digits. Empty: each key of keys.d may.
    std::vector<std::string> keys;
    SignatureOver over = SignatureOver::automatic;
    bool empty() const { return url.empty(); }
    bool operator==(const SignatureSpec&) const = default;
};

/// Credentials for the origin. Texts may be "credential:NAME", a name in systemd's credentials
/// directory.
struct AuthSpec {
    std::string bearer;
    std::string user;
    std::string password;
    bool netrc = false;
    std::map<std::string, std::string> header;
    bool operator==(const AuthSpec&) const = default;
};

struct VersionCommand {
    std::vector<std::string> command;
    std::string match; ///< ECMAScript regular expression with one group
    bool operator==(const VersionCommand&) const = default;
};

/// One component exactly as its manifest says, validated, placeholders and vars filled in (but for
/// {staged} and {path} in commands, which are known only when they run). Nobody checks
/// configuration again after this.
struct Component {
    std::string name;
    SourcePlace place;
    std::string version; ///< a label; may be empty
    std::string url;
    std::vector<std::string> mirrors;
    std::string sha256;         ///< 64 lower-case hex digits, or empty
    std::string sha512;         ///< 128 lower-case hex digits, or empty
    std::string checksums;      ///< URL of a checksums file
    std::string checksums_name; ///< what that calls the artifact, when its URL does not say
    SignatureSpec signature;
    std::optional<AuthSpec> auth;
    Update update = Update::revalidate;
    Format format = Format::automatic;
    std::vector<FileSpec> files; ///< at least one when state is present
    std::vector<std::string> check;
    std::optional<VersionCommand> version_from;
    std::vector<UnitSpec> units;
    std::vector<std::string> after;
    HealthSpec health;
    Rollback rollback = Rollback::automatic;
    VersionOrder version_order = VersionOrder::automatic;
    bool allow_downgrade = false;
    bool replace_packaged = false;
    std::vector<Window> windows; ///< when activation may happen; empty: at any time
    WantedState state = WantedState::present;
    bool operator==(const Component&) const = default;
};

} // namespace provisor
