// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/temporary_folder.hpp"
#include "transfer/unpack.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace provisor::test {

#ifdef PROVISOR_SANITIZED
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// How unpacking ended: either `error` ("unpack: member ..."), or the members.
struct Unpacked {
    struct Member {
        std::string name;
        std::string content;
    };
    std::string error;
    std::vector<Member> members;
};

/// The real provisor-unpack, spoken to by the real unpack(). Each run is made in an empty folder
/// that must stay empty, and must leave no process behind.
class Rig {
public:
    /// Of these bytes as the artifact.
    Unpacked run(const std::string& artifact, std::vector<std::string> patterns,
                 Format format = Format::automatic);
    Unpacked run_file(const std::filesystem::path& artifact, std::vector<std::string> patterns,
                      Format format = Format::automatic);

    std::string program = PROVISOR_UNPACK;
    std::uint64_t max_size = 1 << 20;
    std::chrono::milliseconds patience = std::chrono::minutes(5);
    /// Called when a member begins, in place of making a file without a name.
    std::function<Fd(std::size_t)> open_member;
    Interrupt interrupt;
    /// Bytes that the files held in the end, also when it failed.
    std::uint64_t bytes_written() const;

private:
    std::vector<Fd> written_; ///< second descriptors of what was handed out
};

Fd unnamed_file();
/// The process ids of the children of this one.
std::vector<int> children();
/// The value of a line "Name:  value" of /proc/PID/status.
std::string proc_status(int pid, const std::string& name);

/// Runs a command of the shell in `folder`; fails the test when it fails.
void shell(const std::filesystem::path& folder, const std::string& command);

} // namespace provisor::test
