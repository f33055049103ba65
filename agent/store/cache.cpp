// SPDX-License-Identifier: Apache-2.0
#include "store/cache.hpp"

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "base/temporary_name.hpp"
#include "model/shown_url.hpp"
#include "model/whole_number.hpp"
#include "store/cache_record.hpp"
#include "store/component_store.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
constexpr std::uint64_t entry_limit = std::uint64_t{64} * 1024;
/// For so long a 304 is believed that the origin still has what was refused.
constexpr auto recheck_interval = std::chrono::hours(1);
/// For so long what was refused is remembered when nobody asks for it.
constexpr auto refusal_lifetime = std::chrono::hours(24);
constexpr auto verdict_lifetime = std::chrono::hours(24 * 30);

std::optional<std::uint64_t> size_of(const fs::path& file) {
    struct stat facts {};
    if (::lstat(file.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode))
        return std::nullopt;
    return static_cast<std::uint64_t>(facts.st_size);
}

void remove_older_than(std::chrono::hours age, const fs::path& folder) {
    std::error_code gone;
    for (const std::string& name : names_in(folder, Entries::files))
        if (fs::last_write_time(folder / name, gone) < fs::file_time_type::clock::now() - age)
            remove_file(folder / name);
}

std::optional<CacheEntry> parse_entry(const std::string& text) {
    try {
        const Json json = Json::parse(text);
        CacheEntry entry;
        entry.validator.etag = json.at("etag").get<std::string>();
        entry.validator.last_modified = json.at("last_modified").get<std::string>();
        entry.sha256 = json.at("sha256").get<std::string>();
        entry.size = whole_number<std::uint64_t>(json.at("size"));
        if (const auto found = json.find("dictionary"); found != json.end())
            entry.dictionary = Dictionary{found->at("sha256").get<std::string>(),
                                          found->at("id").get<std::string>()};
        if (const auto found = json.find("use_as_dictionary"); found != json.end())
            entry.use_as_dictionary = DictionaryUse{found->at("match").get<std::string>(),
                                                    found->at("id").get<std::string>()};
        if (whole_number<int>(json.at("schema")) != 1 || !json.at("url").is_string() ||
            !is_sha256(entry.sha256) || (entry.dictionary && !is_sha256(entry.dictionary->sha256)))
            return std::nullopt;
        return entry;
    } catch (const std::exception&) {
        // Damaged or of another schema: as if it were not there, which costs one unconditional GET.
        return std::nullopt;
    }
}

void write_entry(const fs::path& path, const std::string& url, const CacheEntry& entry) {
    Json json{{"schema", 1},
              {"url", shown_url(url)},
              {"etag", entry.validator.etag},
              {"last_modified", entry.validator.last_modified},
              {"sha256", entry.sha256},
              {"size", entry.size}};
    if (const auto& dictionary = entry.dictionary)
        json["dictionary"] = {{"sha256", dictionary->sha256}, {"id", dictionary->id}};
    if (const auto& use = entry.use_as_dictionary)
        json["use_as_dictionary"] = {{"match", use->match}, {"id", use->id}};
    try {
        // In the cache itself, which is swept with one look.
        replace_file(path, json.dump(1) + "\n", 0600, Durable::yes,
                     path.parent_path().parent_path());
    } catch (const Json::type_error&) {
        // Header values are bytes, and an ETag that is not UTF-8 cannot be written down: it is as
        // good as none.
        remove_file(path);
    }
}

} // namespace

Cache::Cache(fs::path state_dir)
    : state_dir_(std::move(state_dir)), folder_(state_dir_ / "cache"), unfinished_(state_dir_),
      unpacked_(state_dir_) {}

fs::path Cache::blob_path(const std::string& sha256) const { return folder_ / "blobs" / sha256; }
fs::path Cache::entry_path(const std::string& url) const {
    return folder_ / "urls" / sha256_of(url);
}
fs::path Cache::refused_path(const std::string& url) const {
    return folder_ / "refused" / sha256_of(url);
}

void Cache::make_folders() const {
    make_state_dir(state_dir_);
    for (const char* name : {"blobs", "urls", "refused", "verified"})
        make_directories(folder_ / name, 0700, Durable::yes);
}

std::optional<CacheEntry> Cache::find(const std::string& url) const {
    const std::optional<std::string> text = read_cache_record(entry_path(url), entry_limit);
    std::optional<CacheEntry> entry = text ? parse_entry(*text) : std::nullopt;
    if (!entry || size_of(blob_path(entry->sha256)) != entry->size)
        return std::nullopt;
    return entry;
}

std::optional<Fd> Cache::open_blob(const std::string& sha256) const {
    Fd blob(::open(blob_path(sha256).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (blob)
        return blob;
    if (errno == ENOENT || errno == ENOTDIR)
        return std::nullopt;
    throw system_error(errno, fmt::format("open cached blob {}", sha256));
}

std::optional<KnownContent> Cache::open_known(const CacheEntry& entry) const {
    std::optional<Fd> blob = open_blob(entry.sha256);
    if (!blob)
        return std::nullopt;
    return KnownContent{std::move(*blob), entry.size, entry.sha256};
}

bool Cache::verify_blob(const std::string& sha256, const Interrupt& interrupt) {
    const std::optional<Fd> blob = open_blob(sha256);
    if (!blob)
        return false;
    bool whole = false;
    try {
        whole = sha256_of_fd(blob->get(), interrupt, fmt::format("read cached blob {}", sha256)) ==
                sha256;
    } catch (const Error&) {
        // A blob that cannot be read (EIO) is as damaged as one with other bytes.
        whole = false;
    }
    if (!whole)
        remove_file(blob_path(sha256));
    return whole;
}

void Cache::name_blob(const fs::path& file, int fd, const std::string& sha256) {
    make_folders();
    has_grown_ = true;
    const fs::path blob = blob_path(sha256);
    sync_fd(fd, fmt::format("cached blob {}", sha256));
    if (::rename(file.c_str(), blob.c_str()) != 0)
        throw system_error(errno, fmt::format("name cached blob {}", sha256));
    sync_directory(blob.parent_path());
}

void Cache::keep(const std::string& url, const Body& body, CacheEntry entry) {
    try {
        if (!body.known)
            name_blob(unfinished_.body_path(url), body.file.get(), body.sha256);
    } catch (...) {
        // After a failed fsync nobody knows what of the file is on disk.
        unfinished_.discard_body(url);
        throw;
    }
    unfinished_.discard_body(url);
    entry.sha256 = body.sha256;
    entry.size = body.size;
    if (find(url) != entry)
        write_entry(entry_path(url), url, entry);
}

void Cache::forget(const std::string& url) { remove_file(entry_path(url)); }

std::vector<Cache::UsableDictionary> Cache::dictionaries() const {
    std::vector<UsableDictionary> found;
    for (const std::string& name : names_in(folder_ / "urls", Entries::files)) {
        const std::optional<std::string> text =
            read_cache_record(folder_ / "urls" / name, entry_limit);
        const std::optional<CacheEntry> entry = text ? parse_entry(*text) : std::nullopt;
        if (entry && entry->use_as_dictionary && size_of(blob_path(entry->sha256)) == entry->size)
            found.push_back({Json::parse(*text).at("url"), entry->sha256, entry->size,
                             *entry->use_as_dictionary});
    }
    return found;
}

void Cache::keep_text(std::string_view text, const std::string& sha256) {
    if (size_of(blob_path(sha256)) == text.size())
        return;
    make_folders();
    has_grown_ = true;
    replace_file(blob_path(sha256), text, 0600, Durable::yes, folder_);
}

std::string Cache::keep_file(int fd, std::uint64_t min_free, const Interrupt& interrupt,
                             const std::string& what) {
    make_folders();
    const fs::path path = folder_ / temporary_name();
    const Fd copy(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!copy)
        throw making_error(errno, what, folder_);
    try {
        struct stat facts {};
        if (::fstat(fd, &facts) == 0)
            require_room(copy.get(), static_cast<std::uint64_t>(facts.st_size), min_free, what,
                         "limits.min_free");
        std::string sha256 = copy_with_sha256(fd, copy.get(), interrupt, what, "it");
        name_blob(path, copy.get(), sha256);
        return sha256;
    } catch (...) {
        remove_file(path);
        throw;
    }
}

void Cache::keep_member(std::size_t number, int fd, const std::string& sha256) {
    name_blob(unfinished_.member_path(number), fd, sha256);
}

std::optional<CacheEntry> Cache::find_refused(const std::string& url) const {
    const fs::path path = refused_path(url);
    std::error_code missing;
    if (fs::last_write_time(path, missing) < fs::file_time_type::clock::now() - refusal_lifetime)
        return std::nullopt;
    const std::optional<std::string> text = read_cache_record(path, entry_limit);
    return text ? parse_entry(*text) : std::nullopt;
}

void Cache::remember_refused(const std::string& url, const CacheEntry& entry) {
    make_folders();
    if (find_refused(url) != entry)
        write_entry(refused_path(url), url, entry);
}

bool Cache::begin_recheck(const std::string& url) {
    const fs::path path = refused_path(url);
    const auto now = fs::file_time_type::clock::now();
    std::error_code problem;
    const auto last = fs::last_write_time(path, problem);
    // A time to come is one of a clock that was wrong.
    if (problem || (last <= now && now - last < recheck_interval))
        return false;
    // Before it is asked: whatever comes of that, it is not asked again for an hour.
    fs::last_write_time(path, now, problem);
    return !problem;
}

bool Cache::forget_refused(const std::string& url) { return remove_file(refused_path(url)); }

std::optional<std::string> Cache::read_blob(const std::string& sha256, std::uint64_t limit) const {
    std::optional<std::string> text = read_cache_record(blob_path(sha256), limit);
    return text && sha256_of(*text) == sha256 ? text : std::nullopt;
}

bool Cache::is_verified(const std::string& what) const {
    return ::access((folder_ / "verified" / sha256_of(what)).c_str(), F_OK) == 0;
}

void Cache::remember_verified(const std::string& what) {
    make_folders();
    replace_file(folder_ / "verified" / sha256_of(what), "", 0600, Durable::no, folder_);
}

Cache::Pruned Cache::prune(std::set<std::string> kept, const std::set<std::string>& wanted,
                           Mode mode) {
    Pruned pruned;
    if (mode == Mode::remove)
        unpacked_.prune(kept);
    kept.merge(unpacked_.members_of(kept));
    for (const std::string& url : names_in(folder_ / "urls", Entries::files)) {
        const std::optional<std::string> text =
            read_cache_record(folder_ / "urls" / url, entry_limit);
        const std::optional<CacheEntry> entry = text ? parse_entry(*text) : std::nullopt;
        if (mode == Mode::remove && (!entry || !kept.contains(entry->sha256)))
            remove_file(folder_ / "urls" / url);
    }
    for (const auto& [digest, size] : blobs()) {
        if (kept.contains(digest))
            continue;
        pruned.blobs.push_back(digest);
        pruned.bytes += size;
        if (mode == Mode::remove)
            remove_file(folder_ / "blobs" / digest);
    }
    if (mode == Mode::report)
        return pruned;
    // Old ones only: what a manifest still pins would be fetched again for nothing, and what it has
    // signed would be read again.
    for (const char* folder : {"refused", "verified"})
        remove_older_than(verdict_lifetime, folder_ / folder);
    unfinished_.prune(wanted);
    return pruned;
}

std::vector<std::pair<std::string, std::uint64_t>> Cache::blobs() const {
    std::vector<std::pair<std::string, std::uint64_t>> found;
    for (std::string& name : names_in(folder_ / "blobs", Entries::files))
        if (const auto size = size_of(folder_ / "blobs" / name))
            found.emplace_back(std::move(name), *size);
    return found;
}

} // namespace provisor
