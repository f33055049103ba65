// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/interrupt.hpp"
#include "store/unfinished.hpp"
#include "store/unpacked.hpp"
#include "transfer/transfer.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace provisor {

/// What is known of a URL: which bytes it stood for, and the validator that came with them.
struct CacheEntry {
    Validator validator; ///< may be empty: the origin gave none
    std::string sha256 = {};
    std::uint64_t size = 0;
    /// What the body was encoded against, if it was: the validator is that of the answer to who
    /// offers this one, and of no other (RFC 9110, 12.5.5).
    std::optional<Dictionary> dictionary = {};
    /// The URLs for which the content will serve as a dictionary itself.
    std::optional<DictionaryUse> use_as_dictionary = {};
    bool operator==(const CacheEntry&) const = default;
};

/// The download cache: blobs named by content, and one small record per URL that binds validator
/// and digest.
///
///     blobs/<sha256>          the bytes
///     urls/<sha256 of URL>    JSON: shown URL, ETag, Last-Modified, digest, size, and what there
///                             is of dictionaries
///     refused/<sha256 of URL> the same of a body that was not what a manifest pins; its bytes
///                             are not kept
///     verified/<sha256 of artifact, signature, key and rule>  empty: that signature was good
///     contents/               see Unpacked
///     partial/                see Unfinished
///
/// An ETag can never be paired with other bytes than those it came with, whatever crashes: both are
/// one file, replaced as a whole, and written only after the blob is durable under its digest. A
/// blob's name says what it must hash to. The URL itself may hold secrets, so only its digest and
/// its shown form are stored.
class Cache {
public:
    /// The cache of a state directory, in its folder `cache`, which is closed to everybody else.
    /// Nothing is made on disk before there is something to keep.
    explicit Cache(std::filesystem::path state_dir);

    /// The record of a URL, provided that its blob is there with the recorded size.
    std::optional<CacheEntry> find(const std::string& url) const;

    /// Opens a blob for reading; absent when there is none.
    std::optional<Fd> open_blob(const std::string& sha256) const;
    /// The blob of a record, as what its URL may be found to have once more.
    std::optional<KnownContent> open_known(const CacheEntry& entry) const;

    /// Whether the blob is there and hashes to its name. A damaged one is removed, so that it is
    /// fetched again.
    bool verify_blob(const std::string& sha256, const Interrupt& interrupt);

    /// What is on its way into the cache.
    Unfinished& unfinished() { return unfinished_; }
    /// What was unpacked of its artifacts.
    Unpacked& unpacked() { return unpacked_; }
    const Unpacked& unpacked() const { return unpacked_; }

    /// Makes a received body (which is not encoded any more) durable under its digest, unless it is
    /// a blob already (Body::known), then records it for the URL: `entry`, with the body's digest
    /// and size. What was recorded before is replaced.
    void keep(const std::string& url, const Body& body, CacheEntry entry);

    /// Forgets what a URL stood for, so that it is asked for without a condition.
    void forget(const std::string& url);

    /// A content that its origin wants to be used as a dictionary.
    struct UsableDictionary {
        std::string url; ///< its own, in its shown form
        std::string sha256;
        std::uint64_t size = 0;
        DictionaryUse use;
    };
    /// All of them. Reads every record.
    std::vector<UsableDictionary> dictionaries() const;
    /// What a URL last had in place of the pinned content, if that was seen within a day. Its
    /// validator, which is empty before the same came twice, may only ever be used to
    /// find that the origin still has that: without it, a pin that no origin satisfies would cost a
    /// transfer in every pass.
    std::optional<CacheEntry> find_refused(const std::string& url) const;
    void remember_refused(const std::string& url, const CacheEntry& entry);
    /// Whether the URL may be asked without a condition although it still has what was refused,
    /// and notes that it is: an hour after the last time. What was damaged on its way twice bears
    /// the tag of what is wanted, and a 304 would confirm it for as long as nobody asks so.
    bool begin_recheck(const std::string& url);
    /// So that the next question has no condition; returns whether there was something to forget.
    bool forget_refused(const std::string& url);

    /// The content of a small blob that still hashes to its name; absent otherwise.
    std::optional<std::string> read_blob(const std::string& sha256, std::uint64_t limit) const;

    /// Makes a small text that is installed (a unit file) durable under its digest, so that it can
    /// be put back.
    void keep_text(std::string_view text, const std::string& sha256);

    /// Makes a file that is about to be overwritten durable under its digest, which is returned.
    /// Throws Error, which begins with `what`: of kind space when less than `min_free` bytes would
    /// be left.
    std::string keep_file(int fd, std::uint64_t min_free, const Interrupt& interrupt,
                          const std::string& what);

    /// Makes a member that was unpacked durable under its digest.
    void keep_member(std::size_t number, int fd, const std::string& sha256);

    /// Remembers that something long was found to be right; `what` stands for all that it depends
    /// on.
    bool is_verified(const std::string& what) const;
    void remember_verified(const std::string& what);

    struct Pruned {
        std::vector<std::string> blobs; ///< digests that were (or would be) dropped
        std::uint64_t bytes = 0;
    };
    enum class Mode { remove, report };
    /// Drops every blob but `kept` (artifacts with their members), the records of what was dropped,
    /// and the parts of bodies that nobody will finish: all but those of the URLs `wanted`.
    Pruned prune(std::set<std::string> kept, const std::set<std::string>& wanted, Mode mode);

    /// All blobs with their sizes.
    std::vector<std::pair<std::string, std::uint64_t>> blobs() const;
    /// Whether a blob was added through this object: then something else may be unwanted.
    bool has_grown() const { return has_grown_; }

private:
    std::filesystem::path blob_path(const std::string& sha256) const;
    std::filesystem::path entry_path(const std::string& url) const;
    std::filesystem::path refused_path(const std::string& url) const;
    void make_folders() const;
    void name_blob(const std::filesystem::path& file, int fd, const std::string& sha256);

    std::filesystem::path state_dir_;
    std::filesystem::path folder_;
    Unfinished unfinished_;
    Unpacked unpacked_;
    bool has_grown_ = false;
};

} // namespace provisor
