// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace provisor {

/// One file as it is, was or should be installed.
struct InstalledFile {
    std::string path;   ///< absolute, without --root
    std::string sha256; ///< of the content
    mode_t mode = 0;
    std::string owner;
    std::string group;
    std::string capabilities = {}; ///< normal_capabilities() of what is asked for; empty: nothing
    bool operator==(const InstalledFile&) const = default;
};

/// What is installed of a component. Its identity holds nothing volatile: no time, ETag, URL or
/// version label, since a moved mirror must not restart a fleet.
struct Marker {
    std::string component;
    std::string artifact;             ///< digest of the artifact that the files came from
    std::vector<InstalledFile> files; ///< sorted by path
    /// Files of earlier installations that the component no longer has and that still have to go.
    /// Not part of the identity; listed here so that a crash before their removal does not forget
    /// them.
    std::vector<InstalledFile> retired;
    /// In `.activated` alone: units are being acted on for another installation right now, or a
    /// crash cut that off, so nobody knows what they run.
    bool in_doubt = false;
    /// With in_doubt: the units that are acted on. One of them that does not run was stopped by us
    /// (or is a failed one whose state was just reset), and not by an administrator.
    std::vector<std::string> acted_on;
    /// The id of the key that signed the artifact or its checksums file; empty when none was asked
    /// for. Not part of the identity: the same bytes signed again are the same bytes.
    std::string signed_by;
    /// The manifest's `sha256` named the artifact when it was put in place, or since. Not part of
    /// the identity either.
    bool pinned = false;
    /// The SHA-512 digest of the artifact, when the manifest's `sha512` named it. Not part of the
    /// identity either.
    std::string sha512 = {};
    /// When it was signed, by the trusted comment of its signature, in seconds since 1970; 0 when
    /// that does not say. Not part of the identity either.
    std::int64_t signed_at = 0;
    /// Paths that were taken over from another component. Not part of the identity.
    std::vector<std::string> adopted = {};

    /// Paths whose content was there before the component installed anything at them, and came back
    /// when that was taken back. They are not removed with the component. Not part of the identity.
    std::vector<std::string> found = {};

    /// Whether both describe the same installation: everything that they name but `retired`,
    /// `adopted`, `found`, `in_doubt`, `acted_on`, `signed_by`, `pinned`, `sha512` and `signed_at`.
    bool same_installation(const Marker& other) const;
    /// Whether both say the same of what vouches for the artifact: `signed_by`, `pinned`,
    /// `sha512` and `signed_at`.
    bool same_vouchers(const Marker& other) const;
    void take_vouchers(const Marker& other);
    const InstalledFile* find(std::string_view path) const;
    bool is_found(std::string_view path) const;
};

/// The marker as it stands in `.installed` and `.activated`: JSON, schema 1, a final newline.
std::string to_json(const Marker& marker);

/// Reads a marker file. Absent for text that is no marker (cut, empty, garbage): the caller treats
/// it as unknown and looks at the files themselves. Throws Error of kind config for a newer schema,
/// which must not be touched.
std::optional<Marker> parse_marker(std::string_view text);

} // namespace provisor
