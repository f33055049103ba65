// SPDX-License-Identifier: Apache-2.0
#include "base/time_zone.hpp"

#include "base/file.hpp"
#include "base/inside_root.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace provisor {
namespace {

namespace chr = std::chrono;
constexpr std::uint64_t file_limit = 1U << 20;
constexpr std::size_t header_size = 44;

std::int64_t big_endian(std::string_view bytes) {
    const bool negative = (static_cast<unsigned char>(bytes.front()) & 0x80U) != 0;
    std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
    for (const char byte : bytes)
        value = value << 8U | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(value);
}

/// One header of a TZif file and where its data are.
struct Block {
    char version = 0;
    std::size_t times = 0;
    std::size_t types = 0;
    std::size_t time_size = 4;
    std::string_view data; ///< times, indices of types, types; all there
    std::string_view rest; ///< behind all of the block
};

std::optional<Block> read_block(std::string_view text, std::size_t time_size) {
    if (text.size() < header_size || !text.starts_with("TZif"))
        return std::nullopt;
    std::array<std::size_t, 6> counts{}; // isut, isstd, leap, time, type, char
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const std::int64_t count = big_endian(text.substr(20 + 4 * i, 4));
        if (count < 0 || count > 100000)
            return std::nullopt;
        counts[i] = static_cast<std::size_t>(count);
    }
    const auto [isut, isstd, leap, times, types, chars] = counts;
    const std::size_t size =
        times * (time_size + 1) + types * 6 + chars + leap * (time_size + 4) + isstd + isut;
    text.remove_prefix(header_size);
    if (types == 0 || text.size() < size)
        return std::nullopt;
    return Block{'\0', times, types, time_size, text.substr(0, size), text.substr(size)};
}

/// The block with times of 64 bits, where there is one: version 2 and later begin with one that is
/// cut to 32 bits for old readers.
std::optional<Block> read_best_block(std::string_view text) {
    std::optional<Block> block = read_block(text, 4);
    if (!block)
        return std::nullopt;
    const char version = text[4];
    if (version >= '2')
        block = read_block(block->rest, 8);
    if (block)
        block->version = version;
    return block;
}

} // namespace

std::optional<TimeZone> TimeZone::parse(std::string_view tzif) {
    const std::optional<Block> block = read_best_block(tzif);
    if (!block)
        return std::nullopt;
    const std::string_view indices = block->data.substr(block->times * block->time_size);
    const std::string_view types = indices.substr(block->times);
    const auto offset_of = [&](std::size_t type) {
        return chr::seconds(big_endian(types.substr(6 * type, 4)));
    };
    // RFC 8536, 3.2. Whoever looks for a day looks as far around it as these are.
    for (std::size_t type = 0; type < block->types; ++type)
        if (offset_of(type) <= chr::hours(-25) || offset_of(type) >= chr::hours(26))
            return std::nullopt;
    TimeZone zone;
    zone.first_ = offset_of(0);
    for (std::size_t i = 0; i < block->times; ++i) {
        const auto type = static_cast<unsigned char>(indices[i]);
        if (type >= block->types)
            return std::nullopt;
        const chr::sys_seconds when(
            chr::seconds(big_endian(block->data.substr(i * block->time_size, block->time_size))));
        if (!zone.changes_.empty() && when <= zone.changes_.back().when)
            return std::nullopt;
        zone.changes_.push_back({when, offset_of(type)});
    }
    if (block->version >= '2' && block->rest.starts_with('\n'))
        if (const std::size_t end = block->rest.find('\n', 1); end != std::string_view::npos)
            zone.for_ever_ = parse_posix_tz(block->rest.substr(1, end - 1));
    return zone;
}

chr::seconds TimeZone::offset_at(chr::sys_seconds time) const {
    const auto next = std::upper_bound(
        changes_.begin(), changes_.end(), time,
        [](chr::sys_seconds when, const Change& change) { return when < change.when; });
    if (next == changes_.end() && for_ever_)
        return for_ever_->offset_at(time);
    return next == changes_.begin() ? first_ : std::prev(next)->offset;
}

chr::local_seconds TimeZone::to_local(chr::sys_seconds time) const {
    return chr::local_seconds(time.time_since_epoch() + offset_at(time));
}

chr::sys_seconds TimeZone::to_utc(chr::local_seconds time) const {
    // More than any offset, and less than what lies between two changes.
    constexpr chr::hours around(26);
    const chr::sys_seconds as_utc(time.time_since_epoch());
    const chr::seconds before = offset_at(as_utc - around);
    const chr::seconds after = offset_at(as_utc + around);
    for (const chr::seconds offset : {before, after})
        if (offset_at(as_utc - offset) == offset)
            return as_utc - offset;
    // Skipped: clocks are put forward somewhere between what it would be by the one offset and by
    // the other.
    chr::sys_seconds early = as_utc - after;
    chr::sys_seconds late = as_utc - before;
    while (late - early > chr::seconds(1)) {
        const chr::sys_seconds middle = early + (late - early) / 2;
        (offset_at(middle) == before ? early : late) = middle;
    }
    return late;
}

std::optional<TimeZone> read_time_zone(const std::string& name, const std::filesystem::path& root) {
    if (name == "UTC")
        return TimeZone();
    namespace fs = std::filesystem;
    const auto read = [](const fs::path& below, const fs::path& file) -> std::optional<TimeZone> {
        const Fd opened = open_inside(below, file, O_RDONLY | O_NOCTTY | O_NONBLOCK);
        struct stat facts {};
        if (!opened || ::fstat(opened.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
            return std::nullopt;
        return TimeZone::parse(
            read_to_end(opened.get(), file_limit, fmt::format("read '{}'", file.string())));
    };
    if (name.empty()) {
        const auto own = read(root, "/etc/localtime");
        return own ? own : TimeZone();
    }
    const fs::path file = fs::path("/usr/share/zoneinfo") / name;
    if (!root.empty())
        if (auto found = read(root, file))
            return found;
    return read("", file);
}

} // namespace provisor
