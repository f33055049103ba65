// SPDX-License-Identifier: Apache-2.0
// The small JSON files of the state directory: what is read and written again says the same.
#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/time.hpp"
#include "fuzz/target.hpp"
#include "model/generation.hpp"
#include "model/marker.hpp"
#include "model/record.hpp"

namespace provisor::fuzz {
namespace {

void check_marker(std::string_view text) {
    std::optional<Marker> marker;
    try {
        marker = parse_marker(text);
    } catch (const Error& error) {
        require(error.kind() == ErrorKind::config, "a newer marker is of kind config");
        return;
    }
    if (!marker)
        return;
    require(is_sha256(marker->artifact), "an artifact is named by its digest");
    for (const InstalledFile& file : marker->files)
        require(file.path.starts_with('/') && is_sha256(file.sha256) && file.mode <= 07777,
                "a file of a marker could be installed");
    const std::optional<Marker> again = parse_marker(to_json(*marker));
    require(again && again->same_installation(*marker), "a written marker is the same marker");
    require(again->retired == marker->retired && again->in_doubt == marker->in_doubt &&
                again->acted_on == marker->acted_on && again->signed_by == marker->signed_by &&
                again->pinned == marker->pinned && again->signed_at == marker->signed_at,
            "a written marker forgets nothing");
    require(identity_of(*again) == identity_of(*marker), "and is known as the same");
    require(to_json(*again) == to_json(*marker), "and is written alike");
}

void check_record(std::string_view text) {
    const Record record = parse_record(text);
    require(parse_record(to_json(record)) == record, "a written record is the same record");
}

void check_generations(std::string_view text) {
    const Generations generations = parse_generations(text);
    const Generations again = parse_generations(to_json(generations));
    require(to_json(again) == to_json(generations), "written generations are the same");
    require(again.size() == generations.size(), "and as many");
}

void check_time(std::string_view text) {
    if (const auto time = parse_rfc3339(text))
        require(parse_rfc3339(format_rfc3339(*time)) == time, "a written time is the same time");
}

} // namespace

void records(std::string_view input) {
    Input parts(input);
    const std::uint8_t kind = parts.byte();
    switch (kind) {
    case 'm':
        return check_marker(parts.rest());
    case 'r':
        return check_record(parts.rest());
    case 'g':
        return check_generations(parts.rest());
    default:
        return check_time(input);
    }
}

} // namespace provisor::fuzz
