// SPDX-License-Identifier: Apache-2.0
#include "faults/strike/violations.hpp"

#include "faults/strike/tracer.hpp"

#include <cstdio>
#include <gtest/gtest.h>

namespace provisor::test {

void Violations::add(const std::string& point, const std::string& place, const std::string& what) {
    found_.emplace_back(point, what);
    std::printf("VIOLATION %s %s\n  %s\n", point.c_str(), place.c_str(), what.c_str());
}

void Violations::sum_up(unsigned points, const std::string& command,
                        const std::string& more) const {
    const auto took =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun_);
    std::printf("%u points tried in %lld s, %zu violations%s\n", points,
                static_cast<long long>(took.count()), found_.size(), more.c_str());
    for (const auto& [where, what] : found_)
        std::printf("  %s: %s\n", where.c_str(), what.substr(0, what.find('\n')).c_str());
    if (!found_.empty())
        std::printf("To see one again: %s %s\n", command.c_str(), found_.front().first.c_str());
}

int status_of(const char* name, const char* usage, const std::function<int()>& run) {
    int none = 1;
    std::string program = name;
    char* words[] = {program.data(), nullptr};
    testing::InitGoogleTest(&none, words);
    try {
        const int status = run();
        const bool expected = !testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed();
        return status == 0 && !expected ? 1 : status;
    } catch (const NotPermitted& problem) {
        std::fprintf(stderr, "%s: %s\n", name, problem.why.c_str());
        return 77;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s: %s\n%s", name, problem.what(), usage);
        return 2;
    }
}

} // namespace provisor::test
