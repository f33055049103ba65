// SPDX-License-Identifier: Apache-2.0
#include "store/cache.hpp"

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "model/shown_url.hpp"
#include "store/component_store.hpp"

#include <algorithm>
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
constexpr auto refusal_lifetime = std::chrono::hours(24 * 30);
constexpr auto part_lifetime = std::chrono::hours(24 * 7);

std::optional<std::uint64_t> size_of(const fs::path& file) {
    struct stat facts {};
    if (::lstat(file.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode))
        return std::nullopt;
    return static_cast<std::uint64_t>(facts.st_size);
}

/// Names in a folder; none when it is not there.
std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code gone;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, gone))
        names.push_back(entry.path().filename().string());
    return names;
}

std::optional<CacheEntry> parse_entry(const std::string& text) {
    try {
        const Json json = Json::parse(text);
        CacheEntry entry;
        entry.validator.etag = json.at("etag").get<std::string>();
        entry.validator.last_modified = json.at("last_modified").get<std::string>();
        entry.sha256 = json.at("sha256").get<std::string>();
        entry.size = json.at("size").get<std::uint64_t>();
        if (json.at("schema").get<int>() != 1 || !is_sha256(entry.sha256))
            return std::nullopt;
        return entry;
    } catch (const std::exception&) {
        // Damaged or of another schema: as if it were not there, which costs one unconditional GET.
        return std::nullopt;
    }
}

std::optional<BodyPart> parse_part(const std::string& text) {
    try {
        const Json json = Json::parse(text);
        BodyPart part;
        part.etag = json.at("etag").get<std::string>();
        part.size = json.at("size").get<std::uint64_t>();
        part.sha256 = json.at("sha256").get<std::string>();
        if (!json.at("whole").is_null())
            part.whole = json.at("whole").get<std::uint64_t>();
        if (json.at("schema").get<int>() != 1 || part.size == 0)
            return std::nullopt;
        return part;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

void write_entry(const fs::path& path, const std::string& url, const CacheEntry& entry) {
    const Json json{{"schema", 1},
                    {"url", shown_url(url)},
                    {"etag", entry.validator.etag},
                    {"last_modified", entry.validator.last_modified},
                    {"sha256", entry.sha256},
                    {"size", entry.size}};
    try {
        replace_file(path, json.dump(1) + "\n", 0600, Durable::yes);
    } catch (const Json::type_error&) {
        // Header values are bytes, and an ETag that is not UTF-8 cannot be written down: it is as
        // good as none.
        remove_file(path);
    }
}

} // namespace

Cache::Cache(fs::path state_dir)
    : state_dir_(std::move(state_dir)), folder_(state_dir_ / "cache") {}

fs::path Cache::blob_path(const std::string& sha256) const { return folder_ / "blobs" / sha256; }
fs::path Cache::entry_path(const std::string& url) const {
    return folder_ / "urls" / sha256_of(url);
}
fs::path Cache::body_path(const std::string& url) const {
    return folder_ / "partial" / sha256_of(url);
}

fs::path Cache::part_path(const std::string& url) const {
    return folder_ / "partial" / (sha256_of(url) + ".json");
}

fs::path Cache::refused_path(const std::string& url) const {
    return folder_ / "refused" / sha256_of(url);
}

void Cache::make_folders() const {
    make_state_dir(state_dir_);
    for (const char* name : {"blobs", "urls", "refused", "contents", "verified", "partial"})
        make_directories(folder_ / name, 0700, Durable::yes);
}

std::optional<CacheEntry> Cache::find(const std::string& url) const {
    const std::optional<std::string> text = read_file(entry_path(url), entry_limit);
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

std::optional<ReadPart> Cache::find_part(const std::string& url, const Interrupt& interrupt) const {
    const std::optional<std::string> text = read_file(part_path(url), entry_limit);
    std::optional<BodyPart> part = text ? parse_part(*text) : std::nullopt;
    const Fd file(part ? ::open(body_path(url).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1);
    if (!file)
        return std::nullopt;
    ReadPart read{std::move(*part), {}};
    try {
        const std::uint64_t found =
            add_file(read.sha, file.get(), read.part.size, interrupt, "read a part of a body");
        // More may be there: what came after the record was made is not vouched for.
        if (found == read.part.size && read.sha.so_far() == read.part.sha256)
            return read;
    } catch (const Error&) {
        // A part that cannot be read is as good as none.
    }
    return std::nullopt;
}

bool Cache::has_parts() const {
    std::error_code gone;
    return fs::directory_iterator(folder_ / "partial", gone) != fs::directory_iterator();
}

Fd Cache::begin_body(const std::string& url, const BodyStart& start, std::uint64_t min_free) {
    make_folders();
    const fs::path path = body_path(url);
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file)
        throw system_error(errno, fmt::format("make '{}'", path.string()));
    const std::uint64_t rest =
        start.whole ? *start.whole - std::min(*start.whole, start.present) : 0;
    provisor::require_room(file.get(), rest, min_free, fmt::format("'{}'", folder_.string()),
                           "limits.min_free");
    // The record goes first: should we be killed before the first new byte is written, it would
    // speak of bytes that are not there. (It would not be believed, since they are hashed.)
    if (start.present == 0)
        remove_file(part_path(url));
    const auto present = static_cast<off_t>(start.present);
    if (::ftruncate(file.get(), present) != 0 || ::lseek(file.get(), present, SEEK_SET) != present)
        throw system_error(errno, fmt::format("make '{}'", path.string()));
    return file;
}

void Cache::require_room(std::uint64_t min_free) const {
    const Fd folder = open_directory(folder_);
    provisor::require_room(folder.get(), 0, min_free, fmt::format("'{}'", folder_.string()),
                           "limits.min_free");
}

void Cache::keep_part(const std::string& url, int fd, const BodyPart& part) {
    sync_fd(fd, "a part of a body");
    Json json{{"schema", 1},       {"url", shown_url(url)}, {"etag", part.etag},
              {"size", part.size}, {"sha256", part.sha256}, {"whole", nullptr}};
    if (part.whole)
        json["whole"] = *part.whole;
    replace_file(part_path(url), json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n",
                 0600, Durable::yes);
}

void Cache::abandon_body(const std::string& url) noexcept {
    if (::access(part_path(url).c_str(), F_OK) != 0)
        discard_body(url);
}

void Cache::discard_body(const std::string& url) noexcept {
    ::unlink(part_path(url).c_str());
    ::unlink(body_path(url).c_str());
}

void Cache::keep(const std::string& url, const Body& body, const Validator& validator) {
    const fs::path blob = blob_path(body.sha256);
    try {
        sync_fd(body.file.get(), fmt::format("cached blob {}", body.sha256));
        if (::rename(body_path(url).c_str(), blob.c_str()) != 0)
            throw system_error(errno, fmt::format("name cached blob {}", body.sha256));
    } catch (...) {
        // After a failed fsync nobody knows what of the file is on disk.
        discard_body(url);
        throw;
    }
    sync_directory(blob.parent_path());
    ::unlink(part_path(url).c_str());
    const CacheEntry entry{validator, body.sha256, body.size};
    if (find(url) != entry)
        write_entry(entry_path(url), url, entry);
}

std::optional<CacheEntry> Cache::find_refused(const std::string& url) const {
    const std::optional<std::string> text = read_file(refused_path(url), entry_limit);
    return text ? parse_entry(*text) : std::nullopt;
}

void Cache::remember_refused(const std::string& url, const CacheEntry& entry) {
    make_folders();
    if (find_refused(url) != entry)
        write_entry(refused_path(url), url, entry);
}

fs::path Cache::contents_path(const std::string& artifact, const std::string& selection) const {
    return folder_ / "contents" / (artifact + "-" + sha256_of(selection).substr(0, 16));
}

fs::path Cache::member_path(std::size_t index) const {
    return folder_ / "partial" / fmt::format("member-{}", index);
}

std::optional<std::string> Cache::read_blob(const std::string& sha256, std::uint64_t limit) const {
    std::optional<std::string> text = read_file(blob_path(sha256), limit);
    return text && sha256_of(*text) == sha256 ? text : std::nullopt;
}

std::optional<std::map<std::string, std::string>>
Cache::find_contents(const std::string& artifact, const std::string& selection) const {
    const std::optional<std::string> text =
        read_file(contents_path(artifact, selection), entry_limit);
    if (!text)
        return std::nullopt;
    try {
        const Json json = Json::parse(*text);
        if (json.at("schema").get<int>() != 1)
            return std::nullopt;
        auto contents = json.at("members").get<std::map<std::string, std::string>>();
        for (const auto& [from, sha256] : contents)
            if (!is_sha256(sha256) || !size_of(blob_path(sha256)))
                return std::nullopt;
        return contents;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

void Cache::remember_contents(const std::string& artifact, const std::string& selection,
                              const std::map<std::string, std::string>& contents) {
    make_folders();
    const Json json{{"schema", 1}, {"members", contents}};
    replace_file(contents_path(artifact, selection),
                 json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n", 0600,
                 Durable::yes);
}

Fd Cache::begin_member(std::size_t index) {
    make_folders();
    const fs::path path = member_path(index);
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file)
        throw system_error(errno, fmt::format("make '{}'", path.string()));
    return file;
}

void Cache::keep_member(std::size_t index, int fd, const std::string& sha256) {
    const fs::path blob = blob_path(sha256);
    sync_fd(fd, fmt::format("cached blob {}", sha256));
    if (::rename(member_path(index).c_str(), blob.c_str()) != 0)
        throw system_error(errno, fmt::format("name cached blob {}", sha256));
    sync_directory(blob.parent_path());
}

void Cache::discard_members(std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i)
        ::unlink(member_path(i).c_str());
}

bool Cache::is_verified(const std::string& what) const {
    return ::access((folder_ / "verified" / sha256_of(what)).c_str(), F_OK) == 0;
}

void Cache::remember_verified(const std::string& what) {
    make_folders();
    replace_file(folder_ / "verified" / sha256_of(what), "", 0600, Durable::no);
}

/// Members of a kept artifact are kept; what is known of the others goes.
void Cache::prune_contents(std::set<std::string>& kept, Mode mode) {
    const fs::path folder = folder_ / "contents";
    for (const std::string& name : names_in(folder)) {
        const std::string artifact = name.substr(0, name.find('-'));
        if (kept.contains(artifact)) {
            const auto text = read_file(folder / name, entry_limit);
            const Json json = text ? Json::parse(*text, nullptr, false) : Json();
            if (json.is_object() && json.contains("members") && json["members"].is_object())
                for (const auto& [from, sha256] : json["members"].items())
                    if (sha256.is_string())
                        kept.insert(sha256.get<std::string>());
        } else if (mode == Mode::remove) {
            remove_file(folder / name);
        }
    }
}

Cache::Pruned Cache::prune(std::set<std::string> kept, Mode mode) {
    Pruned pruned;
    prune_contents(kept, mode);
    for (const std::string& url : names_in(folder_ / "urls")) {
        const std::optional<std::string> text = read_file(folder_ / "urls" / url, entry_limit);
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
    // Old refusals only: a manifest that still pins what they are about would be made to fetch
    // again.
    std::error_code gone;
    for (const std::string& url : names_in(folder_ / "refused"))
        if (mode == Mode::remove && fs::last_write_time(folder_ / "refused" / url, gone) <
                                        fs::file_time_type::clock::now() - refusal_lifetime)
            remove_file(folder_ / "refused" / url);
    // What was verified long ago is verified again when it is wanted again.
    for (const std::string& name : names_in(folder_ / "verified"))
        if (mode == Mode::remove && fs::last_write_time(folder_ / "verified" / name, gone) <
                                        fs::file_time_type::clock::now() - refusal_lifetime)
            remove_file(folder_ / "verified" / name);
    if (mode == Mode::remove)
        prune_parts();
    return pruned;
}

void Cache::prune_parts() {
    const fs::path folder = folder_ / "partial";
    std::error_code gone;
    for (const std::string& name : names_in(folder)) {
        const std::string body = name.substr(0, name.find('.'));
        const auto written = fs::last_write_time(folder / (body + ".json"), gone);
        if (gone || written < fs::file_time_type::clock::now() - part_lifetime)
            remove_file(folder / name);
    }
}

std::vector<std::pair<std::string, std::uint64_t>> Cache::blobs() const {
    std::vector<std::pair<std::string, std::uint64_t>> found;
    for (std::string& name : names_in(folder_ / "blobs"))
        if (const auto size = size_of(folder_ / "blobs" / name))
            found.emplace_back(std::move(name), *size);
    return found;
}

} // namespace provisor
