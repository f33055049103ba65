// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "local/unpack/archives.hpp"
#include "local/unpack/rig.hpp"
#include "support/within.hpp"
#include "transfer/helper_process.hpp"
#include "wire/frame.hpp"
#include "wire/handed_files.hpp"
#include "wire/unpack_messages.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

/// So much that provisor-unpack still has most of it when the first bytes have come.
std::string big_tar() { return tar_of({{"app", std::string(8 << 20, 'x')}}); }

/// Calls `look` with the process id of provisor-unpack once the member has begun, and returns
/// how it ended.
std::string error_after(const std::function<void(int pid)>& look) {
    Rig rig;
    rig.max_size = 16 << 20;
    rig.open_member = [&](std::size_t) {
        const std::vector<int> pids = children();
        EXPECT_EQ(pids.size(), 1U);
        if (!pids.empty())
            look(pids.front());
        return unnamed_file();
    };
    return rig.run(big_tar(), {"app"}).error;
}

std::string limit_of(int pid, const std::string& name) {
    std::ifstream limits("/proc/" + std::to_string(pid) + "/limits");
    for (std::string line; std::getline(limits, line);)
        if (line.starts_with(name))
            return line.substr(name.size());
    return "";
}

TEST(UnpackProcess, HoldsNothingButItsSocketAndTheArtifact) {
    const Fd careless(::open("/etc/passwd", O_RDONLY));
    ::setenv("PROVISOR_TEST_SECRET", "canary", 1);
    std::vector<std::string> files;
    std::string environment;
    std::string artifact_flags;
    const auto look = [&](int pid) {
        const std::string folder = "/proc/" + std::to_string(pid);
        for (const auto& entry : fs::directory_iterator(folder + "/fd"))
            if (entry.path().filename() != "2")
                files.push_back(entry.path().filename().string() + " " +
                                fs::read_symlink(entry.path()).filename().string());
        environment = read_text(folder + "/environ");
        artifact_flags = read_text(folder + "/fdinfo/4");
    };
    ASSERT_EQ(error_after(look), "");
    EXPECT_THAT(files, testing::UnorderedElementsAre("0 null", "1 null", StartsWith("3 socket"),
                                                     "4 artifact"));
    EXPECT_EQ(environment, std::string("LANG=C\0", 7));
    EXPECT_THAT(artifact_flags, HasSubstr("flags:\t0100000\n")) << "it could be written to";
    ::unsetenv("PROVISOR_TEST_SECRET");
}

TEST(UnpackProcess, GivesUpEveryPrivilegeForGood) {
    if (::geteuid() != 0 || sanitized)
        GTEST_SKIP() << "only root has privileges to give up, and a sanitizer needs some";
    const passwd* user = ::getpwnam("provisor-unpack");
    if (user == nullptr)
        user = ::getpwnam("nobody");
    ASSERT_NE(user, nullptr);
    const std::string uid = std::to_string(user->pw_uid);
    bool looked = false;
    const auto look = [&](int pid) {
        looked = true;
        EXPECT_NE(uid, "0");
        EXPECT_EQ(proc_status(pid, "Uid"), uid + "\t" + uid + "\t" + uid + "\t" + uid);
        EXPECT_EQ(proc_status(pid, "Groups"), "");
        for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
            EXPECT_EQ(proc_status(pid, set), "0000000000000000") << set;
        EXPECT_EQ(proc_status(pid, "NoNewPrivs"), "1");
        EXPECT_EQ(proc_status(pid, "Seccomp"), "2");
        for (const char* none : {"Max core file size", "Max file size", "Max processes"})
            EXPECT_THAT(limit_of(pid, none), testing::ContainsRegex("^ +0 +0 ")) << none;
        EXPECT_THAT(limit_of(pid, "Max open files"), testing::ContainsRegex("^ +1 +1 "));
        EXPECT_THAT(limit_of(pid, "Max cpu time"), testing::ContainsRegex("^ +600 +600 "));
        const std::string name = "/proc/" + std::to_string(pid) + "/ns/net";
        EXPECT_NE(fs::read_symlink(name), fs::read_symlink("/proc/self/ns/net"))
            << "it has the machine's network";
    };
    EXPECT_EQ(error_after(look), "");
    EXPECT_TRUE(looked);
}

TEST(UnpackProcess, OpensNothingOnceItHasBegun) {
    if (sanitized)
        GTEST_SKIP() << "a sanitizer opens this and that";
    const TemporaryFolder folder;
    const fs::path trace = folder / "trace";
    write_text(folder / "strace", "#!/bin/sh\nexec strace -f -o '" + trace.string() +
                                      "' -e trace=%file,%network,%process,open_by_handle_at,"
                                      "prctl " PROVISOR_UNPACK "\n");
    fs::permissions(folder / "strace", fs::perms::owner_all);
    write_text(folder / "größe/app", "x");
    shell(folder.path(),
          "tar --format=pax -cf tar größe && gzip -k tar && xz -k tar && zstd -q tar "
          "&& bzip2 -k tar && zip -qr zip.zip größe");
    for (const char* archive : {"tar", "tar.gz", "tar.xz", "tar.zst", "tar.bz2", "zip.zip"}) {
        Rig rig;
        rig.program = folder / "strace";
        ASSERT_EQ(rig.run_file(folder / archive, {"*/app"}).error, "") << archive;
        std::ifstream lines(trace);
        std::vector<std::string> after;
        bool confined = false;
        for (std::string line; std::getline(lines, line);) {
            if (confined && line.find("sendmsg(3,") == std::string::npos &&
                line.find("recvfrom(3,") == std::string::npos &&
                line.find("exit") == std::string::npos)
                after.push_back(line);
            confined = confined || line.find("SECCOMP_MODE_FILTER") != std::string::npos;
        }
        EXPECT_TRUE(confined);
        EXPECT_TRUE(after.empty()) << archive << ": " << after.front();
    }
}

TEST(UnpackProcess, WhenItIsKilledInTheMiddleThatIsTheError) {
    EXPECT_EQ(error_after([](int pid) { ::kill(pid, SIGKILL); }),
              "io: provisor-unpack was killed by signal 9 (Killed)");
}

TEST(UnpackProcess, AnInterruptEndsItWithinASecond) {
    Rig rig;
    rig.max_size = 16 << 20;
    Clock::time_point raised;
    rig.open_member = [&](std::size_t) {
        raised = Clock::now();
        rig.interrupt.raise();
        return unnamed_file();
    };
    EXPECT_THROW(rig.run(big_tar(), {"app"}), Interrupted);
    EXPECT_LT(Clock::now() - raised, within(milliseconds(1000)));
    EXPECT_TRUE(children().empty()) << "it was left behind";
}

TEST(UnpackProcess, AnInterruptThatWasRaisedBeforeStartsNothing) {
    Rig rig;
    rig.program = "/nonexistent";
    rig.interrupt.raise();
    EXPECT_THROW(rig.run(big_tar(), {"app"}), Interrupted);
}

TEST(UnpackProcess, AFileThatCannotBeMadeIsOurOwnFailure) {
    Rig rig;
    rig.open_member = [](std::size_t) -> Fd { throw system_error(ENOSPC, "make a file"); };
    EXPECT_EQ(rig.run(tar_of({{"app", "x"}}), {"app"}).error,
              "space: make a file: No space left on device");
    rig.open_member = [](std::size_t) { return Fd(::open("/dev/null", O_RDONLY)); };
    EXPECT_EQ(rig.run(tar_of({{"app", "x"}}), {"app"}).error,
              "io: write member 'app': Bad file descriptor");
}

TEST(UnpackProcess, AProgramThatIsMissingIsNamed) {
    Rig rig;
    rig.program = "/nonexistent/provisor-unpack";
    EXPECT_THAT(rig.run(big_tar(), {"app"}).error,
                StartsWith("io: start '/nonexistent/provisor-unpack'"));
}

TEST(UnpackProcess, WithoutAnAgentItDoesNothing) {
    const int status = std::system(PROVISOR_UNPACK " 2>/dev/null 3<&-");
    EXPECT_EQ(WEXITSTATUS(status), 2);
}

TEST(UnpackProcess, AnArtifactThatIsNoRegularFileIsRefused) {
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    UnpackRequest request;
    request.artifact = null.get();
    request.patterns = {"app"};
    const Interrupt never;
    try {
        unpack(PROVISOR_UNPACK, request, never);
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(),
                     "provisor-unpack: the artifact is no regular file (it exited with status 1)");
    }
}

/// Its last word to an agent that hands over the artifact and says this.
std::string last_word(const std::string& frames) {
    const Fd artifact = unnamed_file();
    HelperProcess process({"provisor-unpack", PROVISOR_UNPACK});
    hand_over_files(process.socket(), std::array{artifact.get()});
    EXPECT_EQ(::send(process.socket(), frames.data(), frames.size(), 0),
              static_cast<ssize_t>(frames.size()));
    ::shutdown(process.socket(), SHUT_WR);
    FrameReader reader;
    std::string word;
    for (pollfd more{process.socket(), POLLIN, 0}; ::poll(&more, 1, 10'000) == 1;) {
        const std::span<std::byte> space = reader.space();
        const ssize_t got = ::recv(process.socket(), space.data(), space.size(), 0);
        if (got <= 0)
            break;
        reader.filled(static_cast<std::size_t>(got));
        while (const auto frame = reader.next()) {
            EXPECT_TRUE(frame->type == FrameType::failed || frame->type == FrameType::fatal);
            word = frame->type == FrameType::failed ? decode_unpack_failure(frame->payload).message
                                                    : frame->payload;
        }
    }
    return word;
}

TEST(UnpackProcess, DoesNothingForAnAgentThatSpeaksNonsense) {
    UnpackOrder order;
    order.max_decompressed = 1000;
    order.patterns = {""};
    EXPECT_EQ(last_word(encode_frame(FrameType::unpack, 0, encode(order))),
              "the artifact is neither compressed nor an archive");
    order.coding = ContentCoding::dcz;
    order.dictionary = std::string(64, '0');
    EXPECT_EQ(last_word(encode_frame(FrameType::unpack, 0, encode(order))),
              "there is no dictionary");
    EXPECT_EQ(last_word(encode_frame(FrameType::unpack, 0, "x")), "a message that is cut short");
    EXPECT_EQ(last_word(encode_frame(FrameType::done, 0, "")),
              "a frame that the agent does not send");
    EXPECT_EQ(last_word("GET / HTTP/1.1\r\n\r\n"),
              "a malformed frame (type 8239, 542393671 bytes)");
    EXPECT_EQ(last_word(""), "the agent is gone");
}

/// What a provisor-unpack that was taken over might say.
struct Lie {
    const char* name;
    std::string frames;
    const char* error; ///< part of it
};

std::string member(std::uint32_t index, const std::string& name) {
    return encode_frame(FrameType::member, index, name);
}
std::string data(const std::string& bytes) { return encode_frame(FrameType::data, 0, bytes); }
const std::string end = encode_frame(FrameType::end, 0, "");
const std::string done = encode_frame(FrameType::done, 0, "");

TEST(UnpackProcess, IsNotBelievedWhenItLies) {
    const std::string app = member(0, "bin/app");
    std::string too_much;
    for (int i = 0; i < 17; ++i)
        too_much += data(std::string(max_data_payload, 'x'));
    const Lie lies[] = {
        {"another index", member(2, "bin/app"), "a member that it was not asked for"},
        {"the same twice", app + end + app, "a member that it was not asked for"},
        {"the same twice at once", app + app, "a member that it was not asked for"},
        {"another name", member(0, "bin/other"), "another name than it was asked for"},
        {"the other's name", member(0, "lib/x"), "another name than it was asked for"},
        {"a name in an outer folder", member(1, "lib/../x"), "another name than it was asked for"},
        {"a name upwards", member(1, ".."), "another name than it was asked for"},
        {"no name", member(0, ""), "another name than it was asked for"},
        {"a member in another", app + data("x") + member(1, "lib/x"), "in the middle of another"},
        {"two as one", app + member(1, "lib/x"), "in the middle of another"},
        {"bytes of nothing", data("x"), "bytes of no member"},
        {"bytes after the end", app + end + data("x"), "bytes of no member"},
        {"the end of nothing", end, "the end of no member"},
        {"done at once", done, "its last word before all that is wanted"},
        {"done after one", app + end + done, "its last word before all that is wanted"},
        {"done in the middle", app + end + member(1, "lib/x") + done, "its last word before all"},
        {"a fetcher's frame", encode_frame(FrameType::head, 0, ""), "does not come from it"},
        {"no frame", "GET / HTTP/1.1\r\n\r\n", "malformed frame"},
        {"empty pieces", app + encode_frame(FrameType::data, 0, ""), "that are none"},
        {"another kind",
         encode_frame(FrameType::failed, 0, encode(UnpackFailure{ErrorKind::signature, "x"})),
         "impossible error kind"},
        {"half a failure", encode_frame(FrameType::failed, 0, "x"), "cut short"},
    };
    const TemporaryFolder folder;
    write_text(folder / "liar", "#!/bin/sh\ncat '" + (folder / "frames").string() + "' >&3\n");
    fs::permissions(folder / "liar", fs::perms::owner_all);
    const auto told = [&](const std::string& frames) {
        write_text(folder / "frames", frames);
        Rig rig;
        rig.program = folder / "liar";
        return rig.run(tar_of({{"bin/app", "x"}}), {"*/app", "lib/*"}).error;
    };
    for (const Lie& lie : lies) {
        const std::string error = told(lie.frames);
        EXPECT_THAT(error, StartsWith("io: provisor-unpack: ")) << lie.name;
        EXPECT_THAT(error, HasSubstr(lie.error)) << lie.name;
    }
    EXPECT_EQ(told(app + too_much),
              "size: member 'bin/app' is larger than the limit of 1048576 bytes "
              "(limits.artifact_size)");
    EXPECT_EQ(told(encode_frame(FrameType::failed, 0,
                                encode(UnpackFailure{ErrorKind::unpack, "\x1b[2J"}))),
              "unpack: \\x1b[2J");
}

TEST(UnpackProcess, IsNotWaitedForWithoutEnd) {
    const TemporaryFolder folder;
    write_text(folder / "member", encode_frame(FrameType::member, 0, "app"));
    write_text(folder / "drop", encode_frame(FrameType::data, 0, "x"));
    const std::string cat = "cat '" + folder.path().string() + "/";
    for (const std::string& script :
         {std::string("exec sleep 20"),
          // A byte now and then is no progress either.
          cat + "member' >&3; while " + cat + "drop' >&3; do sleep 0.01; done"}) {
        write_text(folder / "sleeper", "#!/bin/sh\n" + script + "\n");
        fs::permissions(folder / "sleeper", fs::perms::owner_all);
        Rig rig;
        rig.program = folder / "sleeper";
        rig.patience = milliseconds(400);
        const auto begun = Clock::now();
        EXPECT_THAT(rig.run(tar_of({{"app", "x"}}), {"app"}).error, HasSubstr("it took too long"));
        EXPECT_LT(Clock::now() - begun, within(std::chrono::seconds(3)));
    }
}

} // namespace
} // namespace provisor::test
