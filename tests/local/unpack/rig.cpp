// SPDX-License-Identifier: Apache-2.0
#include "local/unpack/rig.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;

/// An empty folder as the working directory, for as long as this lives.
class EmptyFolder {
public:
    EmptyFolder() : before_(fs::current_path()) { fs::current_path(folder_.path()); }
    EmptyFolder(const EmptyFolder&) = delete;
    EmptyFolder& operator=(const EmptyFolder&) = delete;
    ~EmptyFolder() {
        EXPECT_TRUE(fs::is_empty(folder_.path())) << "something was written beside the given files";
        fs::current_path(before_);
    }

private:
    TemporaryFolder folder_;
    fs::path before_;
};

std::string contents(int fd) {
    struct stat facts {};
    EXPECT_EQ(::fstat(fd, &facts), 0);
    std::string bytes(static_cast<std::size_t>(facts.st_size), '\0');
    EXPECT_EQ(::pread(fd, bytes.data(), bytes.size(), 0), facts.st_size);
    return bytes;
}

} // namespace

Unpacked Rig::run(const std::string& artifact, std::vector<std::string> patterns, Format format) {
    const TemporaryFolder folder;
    write_text(folder / "artifact", artifact);
    return run_file(folder / "artifact", std::move(patterns), format);
}

Unpacked Rig::run_file(const fs::path& artifact, std::vector<std::string> patterns, Format format) {
    const Fd file(::open(artifact.c_str(), O_RDWR | O_CLOEXEC));
    EXPECT_TRUE(bool(file));
    // Its offset must not matter.
    ::lseek(file.get(), 3, SEEK_SET);
    written_.clear();
    UnpackRequest request;
    request.artifact = file.get();
    request.format = format;
    request.patterns = std::move(patterns);
    request.max_size = max_size;
    request.patience = patience;
    request.open_member = [&](std::size_t index) {
        Fd member = open_member ? open_member(index) : unnamed_file();
        written_.emplace_back(::fcntl(member.get(), F_DUPFD_CLOEXEC, 0));
        return member;
    };
    Unpacked result;
    {
        const EmptyFolder empty;
        try {
            for (const UnpackedMember& member : unpack(program, request, interrupt)) {
                result.members.push_back({member.name, contents(member.file.get())});
                EXPECT_EQ(member.size, result.members.back().content.size());
                EXPECT_EQ(member.sha256, sha256_of(result.members.back().content));
            }
        } catch (const Error& error) {
            result.error = fmt::format("{}: {}", to_string(error.kind()), error.what());
        }
    }
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process was left behind";
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 3);
    return result;
}

std::uint64_t Rig::bytes_written() const {
    std::uint64_t sum = 0;
    for (const Fd& file : written_) {
        struct stat facts {};
        EXPECT_EQ(::fstat(file.get(), &facts), 0);
        sum += static_cast<std::uint64_t>(facts.st_size);
    }
    return sum;
}

Fd unnamed_file() {
    Fd file(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    EXPECT_TRUE(bool(file));
    return file;
}

std::vector<int> children() {
    std::vector<int> pids;
    for (const auto& task : fs::directory_iterator("/proc/self/task")) {
        std::ifstream list(task.path() / "children");
        for (int pid = 0; list >> pid;)
            pids.push_back(pid);
    }
    return pids;
}

std::string proc_status(int pid, const std::string& name) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(name + ":")) {
            const std::size_t begin = line.find_first_not_of(" \t", name.size() + 1);
            return begin == std::string::npos ? "" : line.substr(begin);
        }
    return "";
}

void shell(const fs::path& folder, const std::string& command) {
    const int status = std::system(("cd '" + folder.string() + "' && " + command).c_str());
    ASSERT_EQ(status, 0) << command;
}

} // namespace provisor::test
