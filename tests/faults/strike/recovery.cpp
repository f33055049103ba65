// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/recovery.hpp"

#include <algorithm>

namespace provisor::test {

std::string tell_end(const RunResult& run, const std::string& what) {
    return what + " (exit status " + std::to_string(run.status) + ", " +
           std::to_string(run.took.count()) + " ms)\n" + run.out + run.err;
}

void recover(Scene& scene, const Workload& workload, const Course& course,
             std::vector<std::string>& wrong) {
    const Machine& machine = scene.machine;
    scene.origin.forget();
    const bool cached = is_known_and_cached(machine, course.wanted);
    const RunResult next = machine.run({"--json", "apply"});
    if (next.status != 0 || next.took > longest_pass)
        wrong.push_back(tell_end(next, "I4: the next pass"));
    if (cached && scene.sent() > 0)
        wrong.push_back("I5: " + std::to_string(scene.sent()) + " bytes of what is in the cache");
    Picture now = picture_of(machine);
    if (!workload.is_pass && !differences(course.after, now, machine).empty()) {
        const auto between = wrong_between(course.before, now, course.after, machine);
        wrong.insert(wrong.end(), between.begin(), between.end());
        const RunResult again = machine.run(workload.command);
        if (again.status != 0)
            wrong.push_back(tell_end(again, "I4: told again"));
        now = picture_of(machine);
    }
    // What a pass could not drop any more goes with the next one that changes something.
    if (!std::includes(course.after.cache.begin(), course.after.cache.end(), now.cache.begin(),
                       now.cache.end())) {
        machine.run({"prune"});
        now = picture_of(machine);
    }
    const auto other = differences(course.after, now, machine);
    wrong.insert(wrong.end(), other.begin(), other.end());
}

} // namespace provisor::test
