// SPDX-License-Identifier: Apache-2.0
// Rows 36 to 41, 47 and 54: the second half of a body, a body against its pin, the second of two
// origins.
#include "base/sha256.hpp"
#include "faults/row.hpp"

namespace provisor::test {
namespace {

constexpr std::uint64_t all = 200'000;
constexpr std::uint64_t half = 100'000;

/// Half of version 2 has come, with its tag.
void cut_in_the_middle(Scene& scene) {
    scene.publish(2, "cut=100000");
    EXPECT_EQ(scene.machine.apply().status, 1);
    EXPECT_EQ(state_of(scene).unfinished.size(), 2U);
}

/// Half of another version has come.
void cut_another_version(Scene& scene) {
    scene.publish(3, "cut=100000");
    EXPECT_EQ(scene.machine.apply().status, 1);
}

void pin_version_2(Scene& scene) {
    scene.app_lines = "    sha256: " + sha256_of(program(2)) + "\n";
}

void pin_and_cut(Scene& scene) {
    pin_version_2(scene);
    cut_in_the_middle(scene);
}

/// A second origin has it, too.
void add_mirror(Scene& scene) {
    scene.app_lines = "    mirrors: [ \"" + scene.origin.url("/well/app") + "\" ]\n";
    scene.origin.serve("/well/app", page(program(2), "\"m\""));
}

void take_mirror_away(Scene& scene) { scene.app_lines.clear(); }

std::vector<Row> continuations() {
    // Each gives version 2 in the end, never a mixture.
    const auto row = [](const char* name, const char* behavior, std::size_t requests,
                        std::uint64_t bytes) {
        return Row{.name = name,
                   .behavior = behavior,
                   .arrange = cut_in_the_middle,
                   .decision = "update",
                   .requests = requests,
                   .bytes = bytes};
    };
    std::vector<Row> rows{
        row("Row07ContinuedWhereItEnded", "", 1, half),
        row("Row36RangeIgnored", "range=ignore", 1, all),
        row("Row37AnotherPart", "range=wrong", 2, 2 * all),
        row("Row39AnotherTotal", "range=total", 2, 2 * all),
        row("Row39AnotherTag", "range=newetag", 2, 2 * all),
        row("Row40RangeNotSatisfiable", "range=416", 2, all + 100),
        row("Row40SeveralParts", "range=multi", 2, 2 * all),
    };
    rows.push_back({.name = "Row41ChangedMeanwhile",
                    .arrange = cut_another_version,
                    .decision = "update",
                    .requests = 1,
                    .bytes = all});
    rows.push_back({.name = "Row38OtherBytesThanPinned",
                    .behavior = "range=shift",
                    .arrange = pin_and_cut,
                    .decision = "update",
                    .requests = 2,
                    .bytes = half + all});
    return rows;
}

const std::vector<Row> pinned{
    {.name = "Row47LengthBelowTheBody",
     .behavior = "cl=100000",
     .arrange = pin_version_2,
     .kind = "digest",
     .says = {"the manifest pins " + sha256_of(program(2))},
     .bytes = all},
    {.name = "RowT1OtherContentThanPinned",
     .content = program(3),
     .arrange = pin_version_2,
     .kind = "digest",
     .says = {"the manifest pins " + sha256_of(program(2)), "sha256 " + sha256_of(program(3))},
     .bytes = all,
     .golden = true},
};

/// The first origin as bad as it can be, the mirror well.
std::vector<Row> mirrored() {
    std::vector<Row> rows;
    struct Bad {
        const char* name;
        const char* behavior;
        const char* says;
    };
    for (const Bad& bad : {Bad{"Row54Reset", "reset", "reset"},
                           Bad{"Row54Cut", "cut=100000", "ended after 100000 of 200000 bytes"},
                           Bad{"Row54NotFound", "status=404", "HTTP 404"},
                           Bad{"Row54Forbidden", "status=403", "HTTP 403"},
                           Bad{"Row54Unavailable", "status=503,retry=120", "HTTP 503"},
                           Bad{"Row54WebPage", "html", "an HTML page"},
                           Bad{"Row54Nothing", "empty", "an empty body"},
                           Bad{"Row54Loop", "loop", "more than 10 redirects"},
                           Bad{"Row54TooLarge", "big=10T", "limits.artifact_size"},
                           Bad{"Row54BadChunk", "badchunk", ""},
                           Bad{"Row54HugeHeaders", "hugehdr=400K", "bytes of headers"},
                           Bad{"Row54Silence", "hang", "less than 1 KiB/s"}})
        rows.push_back({.name = bad.name,
                        .behavior = bad.behavior,
                        .arrange = add_mirror,
                        .mend = take_mirror_away,
                        .says = {bad.says, "from a mirror: "},
                        .decision = "update",
                        .requests = 11,
                        .bytes = 64 << 20,
                        .taken = 2 * all});
    return rows;
}

PROVISOR_FAULT_ROWS(Continued, continuations());
PROVISOR_FAULT_ROWS(Pinned, pinned);
PROVISOR_FAULT_ROWS(Mirrored, mirrored());

} // namespace
} // namespace provisor::test
