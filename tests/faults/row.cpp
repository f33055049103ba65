// SPDX-License-Identifier: Apache-2.0
#include "faults/row.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <gmock/gmock.h>
#include <ostream>
#include <regex>
#include <sys/utsname.h>

namespace provisor::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

constexpr std::uint64_t twice_at_most = 64 * 1024;

/// Of "Row56WebPage" it is web_page_row_56.txt, so that a list of the files is one of their words.
std::string golden_file(const std::string& name) {
    std::smatch row;
    if (!std::regex_match(name, row, std::regex("Row(T?[0-9]+)([A-Z].*)")))
        return name + ".txt";
    std::string words = std::regex_replace(row.str(2), std::regex("([a-z0-9])([A-Z])"), "$1_$2");
    words = std::regex_replace(words, std::regex("([A-Z])([A-Z][a-z])"), "$1_$2");
    std::string file = words + "_row_" + row.str(1) + ".txt";
    std::transform(file.begin(), file.end(), file.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return file;
}

void expect_failure(const Row& row, const Scene& scene, const State& before, const RunResult& run,
                    const Told& told) {
    EXPECT_EQ(run.status, 1);
    EXPECT_EQ(told.decision, "fail");
    EXPECT_EQ(told.kind, row.kind) << told.message;
    for (const std::string& part : row.says)
        EXPECT_THAT(told.message, HasSubstr(part));
    EXPECT_THAT(told.url + told.message, HasSubstr("127.0.0.1")) << "where is not said";
    EXPECT_FALSE(told.next_try.empty()) << "when the next try is is not said";
    EXPECT_EQ(told.previous_version, before.content.empty() ? "" : "1");
    expect_untouched(scene, before);
    if (row.part == Part::none) {
        EXPECT_THAT(state_of(scene).unfinished, testing::IsEmpty());
    }
}

void expect_success(const Row& row, const Scene& scene, const State& before, const RunResult& run,
                    const Told& told) {
    EXPECT_EQ(run.status, 0) << told.message;
    for (const std::string& part : row.says)
        EXPECT_THAT(told.reason, HasSubstr(part));
    const bool first = before.content.empty();
    EXPECT_EQ(told.decision, first && row.decision == "update" ? "install" : row.decision)
        << told.reason << told.message;
    if (row.decision == "update") {
        EXPECT_TRUE(state_of(scene).content == program(2));
        expect_clean(scene.machine);
    } else {
        expect_untouched(scene, before);
    }
}

void expect_faulty_pass(const Row& row, const Scene& scene, const State& before) {
    const RunResult run = scene.machine.apply();
    const auto found = run.told.find("app");
    ASSERT_NE(found, run.told.end());
    if (row.kind.empty())
        expect_success(row, scene, before, run, found->second);
    else
        expect_failure(row, scene, before, run, found->second);
    expect_beside_unharmed(scene, run, 2);
    EXPECT_LE(scene.asked().size(), row.requests);
    EXPECT_LE(scene.sent(), row.bytes);
    EXPECT_LE(found->second.bytes, row.taken);
    EXPECT_GE(run.took, row.at_least);
    EXPECT_LE(run.took, row.at_most);
}

/// What is asked with is either nothing or what was stored before the fault.
void expect_honest_validators(const Scene& scene) {
    for (const Exchange& exchange : scene.asked()) {
        EXPECT_THAT(exchange.request.header("if-none-match"), AnyOf("", "\"v1\"", "\"v2\""));
        EXPECT_THAT(exchange.request.header("if-range"), AnyOf("", "\"v2\""));
    }
}

void expect_recovery(const Row& row, Scene& scene) {
    const std::uint64_t before = scene.sent();
    if (row.mend)
        row.mend(scene);
    scene.publish(2);
    scene.origin.await_ends();
    scene.origin.forget();
    const RunResult run = scene.machine.apply();
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    if (row.decision != "update") // else it may have got another's tag
        expect_honest_validators(scene);
    if (row.part == Part::continued) {
        EXPECT_LE(before + scene.sent(), program(2).size() + twice_at_most);
    }
    EXPECT_LE(scene.sent(), program(2).size());
    expect_like_clean_install(scene);
}

/// Up to the faulty pass.
void begin(const Row& row, Over over, Scene& scene) {
    scene.with_credentials = row.credentials;
    if (over == Over::version_one)
        scene.install(1);
    if (row.arrange)
        row.arrange(scene);
    scene.publish(2, row.behavior);
    if (!row.content.empty())
        scene.origin.serve(
            "/app", page(row.content, row.kind.empty() ? "\"other\"" : "\"v2\"", row.behavior));
    scene.origin.forget();
}

} // namespace

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.behavior; }

std::vector<Row> golden_rows(std::vector<Row> rows) {
    std::erase_if(rows, [](const Row& row) { return !row.golden; });
    return rows;
}

std::vector<Row> rows_over_nothing(std::vector<Row> rows) {
    std::erase_if(rows, [](const Row& row) {
        const bool like_others = !row.kind.empty() && !row.golden && row.part == Part::none;
        return like_others || row.at_least.count() > 0;
    });
    return rows;
}

std::string name_of_row(const testing::TestParamInfo<Row>& info) { return info.param.name; }

void expect_row(const Row& row, Over over) {
    Scene scene(row.configuration);
    begin(row, over, scene);
    expect_faulty_pass(row, scene, state_of(scene));
    expect_recovery(row, scene);
}

void expect_golden(const Row& row) {
    Scene scene(row.configuration);
    begin(row, Over::version_one, scene);
    expect_golden(row.name, scene.machine);
}

void expect_golden(const std::string& name, const Machine& machine) {
    const RunResult run = machine.run({"apply"});
    expect_golden_text(name, machine,
                       "exit status " + std::to_string(run.status) + "\n--- stdout\n" + run.out +
                           "--- stderr\n" + run.err);
}

void expect_golden_text(const std::string& name, const Machine& machine, std::string text) {
    const auto replace = [&](const std::string& pattern, const char* word) {
        text = std::regex_replace(text, std::regex(pattern), word);
    };
    replace(machine.root().string(), "ROOT");
    replace("127\\.0\\.0\\.1 port [0-9]+ after [0-9]+ ms", "ORIGIN after SPAN");
    replace("127\\.0\\.0\\.1:[0-9]+", "ORIGIN");
    replace("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)", "TIME");
    replace("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]+Z", "TIME");
    replace("\\([0-9.]+ [KM]?i?B", "(SIZE");
    // Whether some of a body comes along with the header that it is refused for is chance.
    replace("(mounted read-only\\)) \\(SIZE received\\)", "$1");
    utsname kernel{};
    ::uname(&kernel);
    replace(kernel.machine, "MACHINE");
    replace("OpenSSL/[0-9.]+", "OpenSSL/VERSION");
    replace("\\b[0-9A-F]{16}\\b", "KEY");
    replace("\\b[0-9a-f]{64}\\b", "SHA256");
    replace("\\b[0-9a-f]{32}\\b", "PASS");
    replace("\\b[0-9a-f]{12}\\b", "DIGEST");
    replace(", [0-9.]+m?s( [0-9]+ms)?\n", ", SPAN\n");
    replace("(\"duration_ms\": )[0-9]+", "$1SPAN");
    // How wide the column is depends on the time.
    replace("\\b(just now|[0-9.]+m?s ago) *", "SPAN ago  ");
    replace("SINCE +", "SINCE     ");
    const std::filesystem::path file = std::filesystem::path(GOLDEN) / golden_file(name);
    if (std::getenv("PROVISOR_WRITE_GOLDEN") != nullptr)
        write_text(file, text);
    EXPECT_EQ(text, read_text(file));
}

} // namespace provisor::test
