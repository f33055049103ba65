// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/generation.hpp"
#include "model/marker.hpp"
#include "model/record.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace provisor {

/// Makes the state directory where it is missing: 0711, so that whoever knows a component's name
/// may look it up (`status` needs no root) while nobody can list what else is there; its parents
/// are ordinary folders, 0755.
void make_state_dir(const std::filesystem::path& state_dir);

/// The state directory's part about components: for each a folder with
///
///     .installed    the marker: what is in place
///     .activated    a copy of the marker that the units were last activated with
///     record.json   hashes that save reading files again, the history, what the guards go by
///     generations.json  what was found healthy, for rollbacks
///     hold.json     an operator's hold
///
/// Markers are replaced whole and durably. Nothing is made on disk before there is something to
/// write. Everybody may read (`status` needs no root); the cache beside it stays closed.
class ComponentStore {
public:
    explicit ComponentStore(std::filesystem::path state_dir);

    /// Absent when there is none, it is unreadable as a marker, or was changed since it was written
    /// (see json_checksum.hpp); the same goes for generations. Throws Error of kind config for a
    /// newer schema.
    std::optional<Marker> installed(const std::string& component) const;
    std::optional<Marker> activated(const std::string& component) const;
    Record record(const std::string& component) const;
    Generations generations(const std::string& component) const;
    /// Why an operator holds the component; absent while nobody does.
    std::optional<std::string> hold(const std::string& component) const;

    void write_installed(const Marker& marker);
    void write_activated(const Marker& marker);
    void write_record(const std::string& component, const Record& record);
    void write_generations(const std::string& component, const Generations& generations);
    void write_hold(const std::string& component, const std::string& reason);
    void remove_hold(const std::string& component);
    /// Forgets that anything is installed, durably; the record stays.
    void remove_markers(const std::string& component);
    /// Forgets what its units were activated with, and what it can go back to; the marker stays.
    void remove_activation(const std::string& component);

    bool has_marker(const std::string& component) const;

    /// Names of all components that have a folder, sorted.
    std::vector<std::string> list() const;

private:
    std::filesystem::path file(const std::string& component, const char* name) const;
    void write(const std::string& component, const char* name, const std::string& text);

    struct ReadMarker {
        std::string checksum;
        Marker marker;
    };

    std::filesystem::path state_dir_;
    mutable std::map<std::string, ReadMarker> last_read_; ///< of installed(), by component
};

} // namespace provisor
