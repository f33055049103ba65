// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"
#include "base/interrupt.hpp"
#include "transfer/transfer.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace provisor {

/// What is known of a URL: which bytes it stood for, and the validator that came with them.
struct CacheEntry {
    Validator validator; ///< may be empty: the origin gave none
    std::string sha256;
    std::uint64_t size = 0;
    bool operator==(const CacheEntry&) const = default;
};

/// The download cache: blobs named by content, and one small record per URL that binds validator
/// and digest.
///
///     blobs/<sha256>          the bytes
///     urls/<sha256 of URL>    JSON: shown URL, ETag, Last-Modified, digest, size
///     refused/<sha256 of URL> the same of a body that was not what a manifest pins; its bytes
///                             are not kept
///     contents/<artifact>-<selection>  JSON: which blobs the wanted members of an artifact are
///     verified/<sha256 of artifact, signature and key>  empty: that signature was good
///     partial/<sha256 of URL> a body that is still arriving; with ".json" behind, once it was cut
///                             off: its ETag, and how many bytes with which digest are there
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

    /// Whether the blob is there and hashes to its name. A damaged one is removed, so that it is
    /// fetched again.
    bool verify_blob(const std::string& sha256, const Interrupt& interrupt);

    /// What an earlier transfer left of this URL's body, read again and found whole; absent when
    /// there is nothing of use.
    std::optional<ReadPart> find_part(const std::string& url, const Interrupt& interrupt) const;
    /// Whether any body at all was left unfinished, so that an unchanged pass need not ask for
    /// each.
    bool has_parts() const;
    /// A file for the body of this URL, read-write: with the first `start.present` bytes of what is
    /// there, and positioned behind them. Throws Error of kind space when the rest of the body
    /// would leave less than `min_free` bytes.
    Fd begin_body(const std::string& url, const BodyStart& start, std::uint64_t min_free);
    /// Throws Error of kind space when less than `min_free` bytes are left for the cache.
    void require_room(std::uint64_t min_free) const;
    /// Records how much of a body is in its file, durably, for a later begin_body.
    void keep_part(const std::string& url, int fd, const BodyPart& part);
    /// The end of a transfer without a body: what is recorded as a part stays, anything else goes.
    void abandon_body(const std::string& url) noexcept;
    /// Makes a received body durable under its digest, then records it for the URL. What was
    /// recorded before is replaced.
    void keep(const std::string& url, const Body& body, const Validator& validator);
    /// What a URL last had in place of the pinned content. Its validator may only ever be used to
    /// find that the origin still has that: without it, a pin that no origin satisfies would cost a
    /// transfer in every pass.
    std::optional<CacheEntry> find_refused(const std::string& url) const;
    void remember_refused(const std::string& url, const CacheEntry& entry);
    /// Throws away a body that began with begin_body, and what is recorded of it.
    void discard_body(const std::string& url) noexcept;

    /// The content of a small blob that still hashes to its name; absent otherwise.
    std::optional<std::string> read_blob(const std::string& sha256, std::uint64_t limit) const;

    /// What was unpacked of an artifact by a selection (any text that stands for the format and the
    /// patterns), by pattern; absent when that was not done yet or one of the blobs is gone.
    std::optional<std::map<std::string, std::string>>
    find_contents(const std::string& artifact, const std::string& selection) const;
    void remember_contents(const std::string& artifact, const std::string& selection,
                           const std::map<std::string, std::string>& contents);
    /// An empty file for a member that is being unpacked, read-write; and what is done with it in
    /// the end: made durable under its digest, or thrown away.
    Fd begin_member(std::size_t index);
    void keep_member(std::size_t index, int fd, const std::string& sha256);
    void discard_members(std::size_t count) noexcept;

    /// Remembers that something long was found to be right; `what` stands for all that it depends
    /// on.
    bool is_verified(const std::string& what) const;
    void remember_verified(const std::string& what);

    struct Pruned {
        std::vector<std::string> blobs; ///< digests that were (or would be) dropped
        std::uint64_t bytes = 0;
    };
    enum class Mode { remove, report };
    /// Drops every blob but `kept`, the records of what was dropped, and bodies that nobody will
    /// finish: without a record, or a week old.
    Pruned prune(std::set<std::string> kept, Mode mode);

    /// All blobs with their sizes.
    std::vector<std::pair<std::string, std::uint64_t>> blobs() const;

private:
    std::filesystem::path blob_path(const std::string& sha256) const;
    std::filesystem::path entry_path(const std::string& url) const;
    std::filesystem::path body_path(const std::string& url) const;
    std::filesystem::path part_path(const std::string& url) const;
    void prune_parts();
    void prune_contents(std::set<std::string>& kept, Mode mode);
    std::filesystem::path contents_path(const std::string& artifact,
                                        const std::string& selection) const;
    std::filesystem::path member_path(std::size_t index) const;
    std::filesystem::path refused_path(const std::string& url) const;
    void make_folders() const;

    std::filesystem::path state_dir_;
    std::filesystem::path folder_;
};

} // namespace provisor
