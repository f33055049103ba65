// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fd.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace provisor {

class Error;

enum class Durable { no, yes };

/// Whole content of `path`; absent when there is no such file. A file of more than `limit` bytes is
/// an Error of kind size, any other trouble one of kind io.
std::optional<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit);

/// The same of what is open; `what` is in front of the messages.
std::string read_to_end(int fd, std::uint64_t limit, const std::string& what);

enum class Entries {
    all,
    files,  ///< what is no folder itself, so also links to folders
    folders ///< also through links
};

/// The names of what is in a folder, in no order; none when there is no such folder. Throws Error
/// of kind io when it cannot be read to its end: who takes half a list for the whole removes what
/// the other half is about.
std::vector<std::string> names_in(const std::filesystem::path& folder, Entries which);

enum class EntryType { directory, link, other };

/// Calls `visit` for each name in a directory, in no order; never when there is no such directory.
/// Links are not followed. Throws like names_in().
void visit_names(const std::filesystem::path& directory,
                 const std::function<void(std::string_view name, EntryType type)>& visit);

/// As long as the returned descriptor is open, whoever opens the file for writing waits (a read
/// lease, fcntl(2)), so that what is read meanwhile is one state of it. Throws Error of kind io
/// when somebody has it open for writing already, so that it may be half of what it is to be. Empty
/// where there are no leases: for what is no regular file, is another user's, or lies on a network.
Fd keep_writers_out(const std::filesystem::path& path);
/// The same for a regular file that was opened for reading alone: as long as it stays open.
void keep_writers_out(const Fd& file, const std::filesystem::path& path);

/// Replaces `path` by a file of this content and mode: written under a temporary name, synced (if
/// durable), renamed over it, the directory synced. After a crash the path holds the whole old or
/// the whole new content. Its name is a temporary_name() until then; it stands in the directory
/// `temporaries` of the same file system (beside the file when that is empty), and is removed when
/// anything fails; what a crash leaves of it is for sweep_temporaries().
void replace_file(const std::filesystem::path& path, std::string_view content, mode_t mode,
                  Durable durable, const std::filesystem::path& temporaries = {});

/// Removes what interrupted writers left in a directory: all with a temporary_name(). Returns the
/// names. Only while nobody else can have one under way there. What cannot be removed stays.
std::vector<std::string> sweep_temporaries(const Fd& folder);
/// None when there is no such folder.
std::vector<std::string> sweep_temporaries(const std::filesystem::path& folder);

/// Makes `path` and its missing parents with this mode. When durable, each parent that gained an
/// entry is synced.
void make_directories(const std::filesystem::path& path, mode_t mode, Durable durable);

/// Opens a directory for use as a base of *at() calls and for syncing.
Fd open_directory(const std::filesystem::path& path);

/// system_error of what could not be made in a folder. Of ENOSPC it says when inodes are what is
/// missing: there may be room for many bytes then (statvfs(3)).
Error making_error(int error_number, const std::string& what, const std::filesystem::path& folder);

/// fsync; throws what failed. After a failed fsync the file must be thrown away and written again:
/// the kernel marks the pages clean and a second fsync would report success for bytes that never
/// reached the disk.
void sync_fd(int fd, const std::string& what);
void sync_directory(const std::filesystem::path& path);

/// Throws Error of kind space when the file system behind `fd` would be left with less than `spare`
/// bytes by `wanted` more; returns how many would not. `what` is in front of the message, which
/// names `limit`, the setting that `spare` comes from.
std::uint64_t require_room(int fd, std::uint64_t wanted, std::uint64_t spare,
                           const std::string& what, const char* limit);

/// Removes `path`; returns whether it was there.
bool remove_file(const std::filesystem::path& path);

} // namespace provisor
