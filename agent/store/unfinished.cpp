// SPDX-License-Identifier: Apache-2.0
#include "store/unfinished.hpp"

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "model/shown_url.hpp"
#include "model/whole_number.hpp"
#include "store/cache_record.hpp"
#include "store/component_store.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace provisor {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
constexpr std::uint64_t record_limit = std::uint64_t{64} * 1024;
constexpr auto lifetime = std::chrono::hours(24 * 7);

std::optional<BodyPart> parse_part(const std::string& text) {
    try {
        const Json json = Json::parse(text);
        BodyPart part;
        part.etag = json.at("etag").get<std::string>();
        part.size = whole_number<std::uint64_t>(json.at("size"));
        part.sha256 = json.at("sha256").get<std::string>();
        if (!json.at("whole").is_null())
            part.whole = whole_number<std::uint64_t>(json.at("whole"));
        const auto coding = parse_content_coding(json.value("coding", "identity"));
        part.dictionary = json.value("dictionary", "");
        if (whole_number<int>(json.at("schema")) != 1 || part.size == 0 || !coding)
            return std::nullopt;
        part.coding = *coding;
        return part;
    } catch (const std::exception&) {
        // Damaged or of another schema: as if it were not there, which costs a whole transfer.
        return std::nullopt;
    }
}

/// Leaves the first `size` bytes, and goes on behind them.
void cut_to(const Fd& file, std::uint64_t size, const fs::path& path) {
    const auto end = static_cast<off_t>(size);
    int cut = 0;
    do
        cut = ::ftruncate(file.get(), end);
    while (cut != 0 && errno == EINTR);
    if (cut != 0 || ::lseek(file.get(), end, SEEK_SET) != end)
        throw system_error(errno, fmt::format("make '{}'", path.string()));
}

} // namespace

Unfinished::Unfinished(const fs::path& state_dir)
    : state_dir_(state_dir), folder_(state_dir / "cache/partial") {}

fs::path Unfinished::body_path(const std::string& url) const { return folder_ / sha256_of(url); }

fs::path Unfinished::part_path(const std::string& url) const {
    return folder_ / (sha256_of(url) + ".json");
}

fs::path Unfinished::member_path(std::size_t number) const {
    return folder_ / fmt::format("member-{}", number);
}

Fd Unfinished::open(const fs::path& path) const {
    make_state_dir(state_dir_);
    make_directories(folder_, 0700, Durable::yes);
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file)
        throw making_error(errno, fmt::format("make '{}'", path.string()), folder_);
    return file;
}

std::optional<ReadPart> Unfinished::find_part(const std::string& url,
                                              const Interrupt& interrupt) const {
    const std::optional<std::string> text = read_cache_record(part_path(url), record_limit);
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

bool Unfinished::any() const {
    std::error_code gone;
    return fs::directory_iterator(folder_, gone) != fs::directory_iterator();
}

Fd Unfinished::begin_body(const std::string& url, const BodyStart& start, std::uint64_t min_free) {
    const fs::path path = body_path(url);
    Fd file = open(path);
    const std::uint64_t rest =
        start.whole ? *start.whole - std::min(*start.whole, start.present) : 0;
    provisor::require_room(file.get(), rest, min_free, fmt::format("'{}'", folder_.string()),
                           "limits.min_free");
    // The record goes first: should we be killed before the first new byte is written, it would
    // speak of bytes that are not there. (It would not be believed, since they are hashed.)
    if (start.present == 0)
        remove_file(part_path(url));
    cut_to(file, start.present, path);
    return file;
}

std::uint64_t Unfinished::require_room(std::uint64_t min_free, std::uint64_t wanted) const {
    const Fd folder = open_directory(folder_);
    return provisor::require_room(folder.get(), wanted, min_free,
                                  fmt::format("'{}'", folder_.string()), "limits.min_free");
}

void Unfinished::keep_part(const std::string& url, int fd, const BodyPart& part) {
    sync_fd(fd, "a part of a body");
    Json json{{"schema", 1},       {"url", shown_url(url)}, {"etag", part.etag},
              {"size", part.size}, {"sha256", part.sha256}, {"whole", nullptr}};
    if (part.whole)
        json["whole"] = *part.whole;
    if (part.coding != ContentCoding::identity)
        json["coding"] = to_string(part.coding);
    if (!part.dictionary.empty())
        json["dictionary"] = part.dictionary;
    replace_file(part_path(url), json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n",
                 0600, Durable::yes, folder_.parent_path());
}

void Unfinished::abandon_body(const std::string& url) noexcept {
    if (::access(part_path(url).c_str(), F_OK) != 0)
        discard_body(url);
}

void Unfinished::discard_body(const std::string& url) noexcept {
    ::unlink(part_path(url).c_str());
    ::unlink(body_path(url).c_str());
}

fs::path Unfinished::decoded_path(const std::string& url) const {
    return folder_ / (sha256_of(url) + ".decoded");
}

Fd Unfinished::begin_decoded(const std::string& url, std::uint64_t min_free) {
    Fd file = open(decoded_path(url));
    cut_to(file, 0, decoded_path(url));
    provisor::require_room(file.get(), 0, min_free, fmt::format("'{}'", folder_.string()),
                           "limits.min_free");
    return file;
}

void Unfinished::replace_body(const std::string& url) {
    // The record goes first, since it speaks of other bytes.
    remove_file(part_path(url));
    if (::rename(decoded_path(url).c_str(), body_path(url).c_str()) != 0)
        throw system_error(errno, fmt::format("name '{}'", body_path(url).string()));
}

void Unfinished::discard_decoded(const std::string& url) noexcept {
    ::unlink(decoded_path(url).c_str());
}

Fd Unfinished::begin_member(std::size_t number) {
    const fs::path path = member_path(number);
    Fd file = open(path);
    cut_to(file, 0, path);
    return file;
}

void Unfinished::discard_members(std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i)
        ::unlink(member_path(i).c_str());
}

void Unfinished::prune(const std::set<std::string>& urls) {
    std::set<std::string> bodies;
    for (const std::string& url : urls)
        bodies.insert(sha256_of(url));
    std::error_code gone;
    for (const std::string& name : names_in(folder_, Entries::files)) {
        const std::string body = name.substr(0, name.find('.'));
        const auto written = fs::last_write_time(folder_ / (body + ".json"), gone);
        if (gone || !bodies.contains(body) ||
            written < fs::file_time_type::clock::now() - lifetime ||
            !fs::exists(folder_ / body, gone))
            remove_file(folder_ / name);
    }
}

} // namespace provisor
