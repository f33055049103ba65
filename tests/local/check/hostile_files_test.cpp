// SPDX-License-Identifier: Apache-2.0
// Files that were made to cost much: `provisor check` refuses each within a second of processor
// time and 64 MiB, as the kernel counts them; on a machine so slow that a common file of the same
// size takes that long as well, within one and a half times that.
#include "support/temporary_folder.hpp"

#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace provisor {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
#ifdef PROVISOR_SANITIZED
constexpr bool measured = false;
#else
constexpr bool measured = true;
#endif

/// Just below what a manifest may be large: such a one has to be read. Where time is not measured
/// and everything takes ten times as long, as much as is still refused for the same reason.
constexpr std::size_t most = (measured ? 4 : 2) * mebibyte - 1024;

/// A file: a beginning, a piece again and again up to a size, and an end.
struct Row {
    const char* name;
    std::string begin;
    std::string piece;
    std::size_t size;
    std::string end;
    std::string complaint;
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

/// Never all of it in memory: what this process has, an executed one is counted to have had.
void write_file(const std::filesystem::path& path, const Row& row) {
    std::ofstream file(path, std::ios::binary);
    file << row.begin;
    for (std::size_t size = row.begin.size() + row.end.size(); size + row.piece.size() <= row.size;
         size += row.piece.size())
        file << row.piece;
    file << row.end;
}

struct Ended {
    int status = 0;
    std::string said;
    double seconds = 0; ///< of processor time
    long peak_kib = 0;
};

Ended check(const std::filesystem::path& folder, const std::filesystem::path& file) {
    const std::filesystem::path said = folder / "said";
    const std::string root = folder / "root";
    const pid_t pid = ::fork();
    if (pid == 0) {
        // An end of what would never end; with sanitizers a second becomes ten on a slow machine.
        const rlim_t most_seconds = measured ? 10 : 60;
        const rlimit processor{most_seconds, most_seconds};
        ::setrlimit(RLIMIT_CPU, &processor);
        const int out = ::open(said.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        ::execl(PROVISOR, PROVISOR, "--root", root.c_str(), "check", file.c_str(), nullptr);
        ::_exit(127);
    }
    Ended ended;
    rusage used{};
    if (::wait4(pid, &ended.status, 0, &used) != pid)
        throw std::runtime_error("wait4");
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    ended.seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    ended.peak_kib = used.ru_maxrss;
    ended.said = test::read_text(said);
    return ended;
}

/// Another program on the same core makes processor time longer: the best of three if need be.
Ended check_for_a_second(const std::filesystem::path& folder, const std::filesystem::path& file) {
    Ended best = check(folder, file);
    for (int again = 0; again < 2 && measured && best.seconds >= 1; ++again)
        if (Ended ended = check(folder, file); ended.seconds < best.seconds)
            best = ended;
    return best;
}

/// Lines as anybody writes them, a fourth as many as a manifest may have: how long it takes to read
/// them (that units are no mappings here is told, so that nothing is made of them).
double seconds_of_common_file(const std::filesystem::path& folder) {
    std::ofstream file(folder / "common.yaml");
    file << "components:\n";
    for (int i = 0; file.tellp() < static_cast<std::streamoff>(mebibyte); ++i)
        file << "  app" << i << ":\n    url: https://origin.example/app/" << i
             << "/app\n    path: /opt/app/" << i << "/bin/app\n    units:\n      - app" << i
             << ".service\n";
    file.close();
    return check_for_a_second(folder, folder / "common.yaml").seconds;
}

class HostileFile : public testing::TestWithParam<Row> {};

TEST_P(HostileFile, IsRefusedWithinASecondAnd64MiB) {
    const test::TemporaryFolder folder;
    const std::filesystem::path file = folder / "m.yaml";
    write_file(file, GetParam());
    std::filesystem::create_directories(folder / "root");
    const Ended ended = check_for_a_second(folder.path(), file);
    EXPECT_TRUE(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 2) << ended.status;
    EXPECT_NE(ended.said.find(file.string() + ":"), std::string::npos) << ended.said.substr(0, 500);
    EXPECT_NE(ended.said.find(GetParam().complaint), std::string::npos)
        << ended.said.substr(0, 500);
    EXPECT_LT(ended.said.size(), 20'000U) << "it fills the screen";
    std::printf("%s: %.2f s, %ld KiB\n", GetParam().name, ended.seconds, ended.peak_kib);
    if (!measured)
        GTEST_SKIP() << "not measured: sanitizers cost many times as much";
    if (ended.seconds >= 1) {
        EXPECT_LT(ended.seconds, 1.5 * 4 * seconds_of_common_file(folder.path()));
    }
    EXPECT_LE(ended.peak_kib, 64 * 1024);
}

INSTANTIATE_TEST_SUITE_P(
    Size, HostileFile,
    testing::Values(
        Row{"HundredMegabytes", "components: {}\n", "# nothing but size\n", 100'000'000, "",
            "1:1: the file is larger than 4 MiB"},
        Row{"HundredMegabytesOfOneLine", "", "a", 100'000'000, "",
            "1:1: the file is larger than 4 MiB"},
        Row{"ManyValues", "vars: [", "1,", most, "]", "more than"},
        Row{"ManyUnknownKeys", "", "a: b\n", mebibyte / 2, "", "duplicate key"},
        Row{"ManyBadComponents", "components:\n", "  A: {}\n", mebibyte / 2, "",
            "is no component name"},
        Row{"OneLongLine", "vars: {a: \"", "long ", most, "\"}", "vars: 'a': at most"},
        Row{"OpenQuote", "vars: {a: \"", "x\n", most, "", "too much that belongs together"},
        Row{"WordsOfOneText", "vars: {a: x", " x", most, "}", "vars: 'a': at most"},
        Row{"LinesOfOneText", "vars: {a: x", "x\n", most, "}", "too much that belongs together"},
        Row{"LinesOutsideOfAText", "vars:\n  a: |\n", "  x\n", most, "",
            "too much that belongs together"}),
    [](const auto& row) { return row.param.name; });

/// "&a [x, x]", "&b [*a, *a]" and so on: a billion once they are written out.
std::string bomb() {
    std::string text = "vars:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n";
    for (char c = 'b'; c <= 'j'; ++c) {
        const std::string before = "*" + std::string(1, static_cast<char>(c - 1));
        text += "  " + std::string(1, c) + ": &" + c + " [";
        for (int i = 0; i < 10; ++i)
            text += before + (i < 9 ? ", " : "]\n");
    }
    return text;
}

INSTANTIATE_TEST_SUITE_P(
    Aliases, HostileFile,
    testing::Values(Row{"ABillion", bomb(), "# ", bomb().size(), "",
                        "2:6: anchors (&name) are not"},
                    Row{"ManyOfOneLargeText", "vars:\n  a: &a " + std::string(100'000, 'x') + "\n",
                        "  b: *a\n", mebibyte, "", "anchors (&name) are not"},
                    Row{"ManyAnchors", "vars: [", "&a x,", most, "]", "anchors (&name) are not"},
                    Row{"MergedKeys", "a: &a {b: c}\n", "c: {<<: *a}\n", mebibyte, "",
                        "anchors (&name) are not"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Nesting, HostileFile,
    testing::Values(
        Row{"Brackets", "", "[", most, "", "too much that belongs together"},
        Row{"Braces", "", "{a: ", most, "", "too much that belongs together"},
        Row{"BracesWithoutKeys", "", "{", most, "", "too much that belongs together"},
        Row{"Lists", "", "- ", most, "", "nested more than 32 levels deep"},
        Row{"ComplexKeys", "", "? ", most, "", "nested more than 32 levels deep"},
        Row{"InsideOfAList", "vars: [", "[", most, "", "too much that belongs together"},
        Row{"WithoutDepth", "[", "1,", most, "]", "too much that belongs together"},
        Row{"OneValueALine", "[", "a\n,", most, "]", "too much that belongs together"},
        Row{"LinesWithoutBrackets", "a: |\n", "a\n", most, "", "too much that belongs together"},
        Row{"WithValues", "[", "a: ", most, "]", "too much that belongs together"},
        Row{"WithKeys", "{", "? a ", most, "}", "too much that belongs together"},
        Row{"WithTags", "[", "!a ", most, "]", "too much that belongs together"},
        Row{"WithAnchors", "[", "&a a ", most, "]", "too much that belongs together"},
        Row{"WithAliases", "[", "*a ", most, "]", "too much that belongs together"},
        Row{"WithQuotes", "[", "''a", most, "]", "too much that belongs together"},
        Row{"WithPairs", "[", "[]a", most, "]", "too much that belongs together"},
        Row{"WithoutCommas", "[", "\"\" ", most, "]", "too much that belongs together"},
        Row{"WithComments", "[", "a #\n", most, "]", "too much that belongs together"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Meaning, HostileFile,
    testing::Values(
        Row{"PlaceholdersOfAKilobyte",
            "vars: {k: " + std::string(1000, 'x') + "}\ncomponents:\n  a:\n    url: https://o/",
            "{k}", 100'000, "\n    path: /opt/a\n", "longer than 16 KiB once the placeholders"},
        Row{"ManyTextsWithPlaceholders",
            "vars: {k: " + std::string(1000, 'x') + "}\ncomponents:\n  a:\n    " +
                "url: https://o/a\n    path: /opt/a\n    mirrors:\n",
            "      - https://o/{k}\n", mebibyte, "", "larger than 4 MiB once the placeholders"},
        Row{"UnknownPlaceholders",
            "components:\n  a:\n    url: https://o/a\n    path: /opt/a\n    mirrors:\n",
            "      - https://o/{unknown}\n", mebibyte, "", "unknown placeholder {unknown}"},
        Row{"DeepExpression",
            "components:\n  a:\n    " + std::string("url: https://o/a\n    path: /opt/a\n    ") +
                "version_from: {command: [/bin/a], match: \"",
            "(", mebibyte, "\"}\n", "of at most 1024 bytes"},
        Row{"ManyUnits", "components:\n  a:\n    url: https://o/a\n    path: /opt/a\n    units:\n",
            "      - name: a.service\n", mebibyte, "", "stands here twice"}),
    [](const auto& row) { return row.param.name; });

} // namespace
} // namespace provisor
