// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace provisor {

/// The account that contained commands run as where nobody makes one up for them; the group that
/// what they are lent is given to.
inline constexpr const char* command_account = "provisor-check";

/// In the words of a contained command: the path at which it sees what it is lent.
inline constexpr const char* lent_word = "{staged}";
/// The folder in which it does, where mounts can be made; below /run, which is empty otherwise.
inline constexpr const char* lent_folder = "/run/staged";

/// What every contained command has. Bytes of its output that are kept, and after which it is
/// ended; memory; processes.
inline constexpr std::size_t contained_output_kept = 4096;
inline constexpr std::uint64_t contained_output_limit = std::uint64_t{1} << 20;
inline constexpr std::uint64_t contained_memory = std::uint64_t{256} << 20;
inline constexpr unsigned contained_processes = 64;
inline constexpr std::chrono::seconds contained_time{30};

/// A file that a contained command may read (and run), though others may not.
struct LentFile {
    std::filesystem::path path; ///< where it is; group and mode let `command_account` in
    std::string name;           ///< what the command sees it as, in lent_folder
};

/// A program of strangers that is run once, as nobody in particular: no network, nothing that it
/// can write, little memory and time, and no process that outlives it.
struct ContainedCommand {
    std::string name;               ///< fit for the name of a unit: "check-app"
    std::string description;        ///< for people
    std::vector<std::string> words; ///< program and arguments, with lent_word in them
    std::optional<LentFile> lent = {};
    std::chrono::milliseconds timeout = contained_time;
};

/// How a contained command ended.
struct CommandResult {
    enum class End { exited, killed, timed_out, flooded, not_started };
    End end = End::exited;
    int number = 0;                         ///< exit status, or signal
    std::string trouble = {};               ///< why it was not started
    std::chrono::milliseconds timeout = {}; ///< that it was given
    std::string output = {};                ///< as it came, its first contained_output_kept bytes
    std::uint64_t output_size = 0;          ///< of all of it, as far as it was read
    bool good() const { return end == End::exited && number == 0; }
};

/// "exit status 3", "killed by signal 9 (Killed)", "timed out after 30s".
std::string describe(const CommandResult& result);

/// The lines of its output that are not empty, made safe for people (see printable) and put side by
/// side with " | ", cut to 3 KiB so that a message around it stays below the 4 KiB that the journal
/// shows of a field. Empty when there are none.
std::string shown_output(const CommandResult& result);

/// `words` with `text` wherever `placeholder` stands in one of them.
std::vector<std::string> with_text(std::vector<std::string> words, std::string_view placeholder,
                                   const std::string& text);

/// The environment of every contained command, "NAME=value" each.
std::vector<std::string> contained_environment();

} // namespace provisor
