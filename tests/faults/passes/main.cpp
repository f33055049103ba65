// SPDX-License-Identifier: Apache-2.0
//
// As many passes in one process as it is asked for, as the agent makes them but without
// its pauses, and what it holds after the first and after the last ones:
//   passes ROOT PROVISOR-FETCH PROVISOR-UNPACK COUNT
// Prints a JSON object. Before the first look a tenth of the passes are made: what is made once in
// a process is made then, and what is kept from some passes for others is full.
#include "base/error.hpp"
#include "journal/sd_journal.hpp"
#include "model/placeholders.hpp"
#include "pass/lock.hpp"
#include "pass/pass.hpp"
#include "service/pass_thread.hpp"
#include "transfer/fetch_transfer.hpp"
#include "units/systemd_units.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

namespace provisor::test {
namespace {

struct Holdings {
    long memory_kib = 0;
    std::ptrdiff_t descriptors = 0;
};

Holdings holdings() {
    long size = 0;
    long resident = 0;
    std::ifstream("/proc/self/statm") >> size >> resident;
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return {resident * ::sysconf(_SC_PAGESIZE) / 1024, std::distance(begin(open), end(open))};
}

class Passes {
public:
    explicit Passes(char** arguments)
        : paths_(make_paths(arguments[1], false, [](const char*) { return std::nullopt; })),
          fetch_(arguments[2]), unpack_(arguments[3]), facts_(gather_facts(paths_)) {}

    /// The report of one more; throws when there is none.
    PassReport make() {
        const auto lock = PassLock::acquire(paths_, PassLock::Wait::no, interrupt_);
        const Settings settings = load_settings(paths_, facts_);
        thread_.start([&](Progress& progress) {
            FetchTransfer transfer(fetch_, settings.config);
            const auto units = make_offline_units(paths_.root);
            const auto journal = make_null_journal();
            return run_pass(settings, paths_, {},
                            {transfer, *units, *journal, interrupt_, progress, unpack_});
        });
        pollfd over{thread_.over_fd(), POLLIN, 0};
        while (::poll(&over, 1, -1) != 1)
            ;
        PassResult result = thread_.finish();
        if (!lock || !result.report)
            throw Error(ErrorKind::io, "a pass failed: " + result.error);
        return std::move(*result.report);
    }

private:
    Paths paths_;
    std::string fetch_;
    std::string unpack_;
    Facts facts_;
    Interrupt interrupt_;
    PassThread thread_;
};

int run(char** arguments) {
    const unsigned long count = std::stoul(arguments[4]);
    Passes passes(arguments);
    Holdings first;
    unsigned long other_decisions = 0;
    for (unsigned long i = 0; i < count; ++i) {
        if (i == count / 10)
            first = holdings();
        const PassReport report = passes.make();
        other_decisions += static_cast<unsigned long>(std::count_if(
            report.components.begin(), report.components.end(), [](const Outcome& outcome) {
                return outcome.decision != Decision::unchanged || outcome.error;
            }));
    }
    const Holdings last = holdings();
    const nlohmann::json told{{"passes", count},
                              {"other_decisions", other_decisions},
                              {"first_memory_kib", first.memory_kib},
                              {"last_memory_kib", last.memory_kib},
                              {"first_descriptors", first.descriptors},
                              {"last_descriptors", last.descriptors}};
    std::puts(told.dump().c_str());
    return 0;
}

} // namespace
} // namespace provisor::test

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: %s ROOT PROVISOR-FETCH PROVISOR-UNPACK COUNT\n", argv[0]);
        return 2;
    }
    try {
        return provisor::test::run(argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
        return 1;
    }
}
