// SPDX-License-Identifier: Apache-2.0
//
// Row 103: nobody hears what is told. The pass is made all the same, and nothing that is told lands
// anywhere else.
#include "faults/scene.hpp"

#include <gmock/gmock.h>

namespace provisor::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// The program with descriptors as a shell sets them: ">&- 2>&-".
void redirect(Machine& machine, const std::string& how) {
    machine.run_under({"/bin/bash", "-c", "exec \"$@\" " + how, "bash"});
}

struct Deaf {
    const char* name;
    const char* how;
    int status; ///< of a pass that does all that it has to
};

class NobodyHears : public testing::TestWithParam<Deaf> {};

TEST_P(NobodyHears, AndThePassIsMadeAllTheSame) {
    Scene scene;
    scene.install(1);
    // Something to complain of before the pass begins.
    write_text(scene.machine.under("etc/provisor/components.d/broken.yaml"), "components: 1\n");
    scene.publish(2);
    redirect(scene.machine, GetParam().how);
    scene.machine.run({"-v", "apply"});
    scene.machine.run_under({});
    EXPECT_EQ(read_text(scene.target()), program(2));
    EXPECT_EQ(fs::file_size(scene.machine.under("run/provisor/lock")), 0U)
        << read_text(scene.machine.under("run/provisor/lock"));
    fs::remove(scene.machine.under("etc/provisor/components.d/broken.yaml"));
    expect_like_clean_install(scene);
    EXPECT_EQ(scene.machine.run({"verify"}).status, 0);
}

TEST_P(NobodyHears, AndTheStatusTellsWhetherWhatWasAskedForCouldBeSaid) {
    Scene scene;
    scene.install(1);
    redirect(scene.machine, GetParam().how);
    for (const std::vector<std::string>& line : {std::vector<std::string>{"apply"},
                                                 {"--json", "apply"},
                                                 {"plan"},
                                                 {"status"},
                                                 {"--json", "status"},
                                                 {"show", "app"},
                                                 {"history"},
                                                 {"verify"},
                                                 {"prune"}})
        EXPECT_EQ(scene.machine.run(line).status, GetParam().status) << line.front();
}

TEST_P(NobodyHears, AndWhatIsDamagedIsRepaired) {
    Scene scene;
    scene.install(1);
    write_text(scene.target(), "damaged");
    redirect(scene.machine, GetParam().how);
    EXPECT_EQ(scene.machine.run({"verify", "--repair"}).status, GetParam().status);
    EXPECT_EQ(read_text(scene.target()), program(1));
}

TEST_P(NobodyHears, OfWhatIsWrong) {
    Scene scene;
    scene.publish(1);
    redirect(scene.machine, GetParam().how);
    EXPECT_EQ(scene.machine.run({"show", "nothing"}).status, 2);
    EXPECT_EQ(scene.machine.run({"--root", "/nowhere", "status"}).status, 2);
    EXPECT_EQ(scene.machine.run({"no-such-command"}).status, 2);
}

INSTANTIATE_TEST_SUITE_P(Output, NobodyHears,
                         testing::Values(Deaf{"Closed", ">&- 2>&-", 0},
                                         Deaf{"AllThreeClosed", "<&- >&- 2>&-", 0},
                                         Deaf{"Full", ">/dev/full 2>/dev/full", 1},
                                         Deaf{"ReaderGone", "> >(:) 2> >(:)", 0}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Output, ThatCannotBeWrittenIsAnErrorThatNamesIt) {
    Scene scene;
    scene.install(1);
    redirect(scene.machine, ">/dev/full");
    const RunResult run = scene.machine.run({"--json", "status"});
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.err, HasSubstr("not all could be written to standard output"));
}

} // namespace
} // namespace provisor::test
