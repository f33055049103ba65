// SPDX-License-Identifier: Apache-2.0
#include "pass/contained.hpp"

#include "base/contained_process.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <utility>

namespace provisor {

CommandResult run_contained(const ContainedCommand& command, const Surroundings& around,
                            Units units) {
    try {
        if (units == Units::act)
            if (auto result = around.units.run_contained(command, around.interrupt))
                return std::move(*result);
        return run_contained_process(command, around.interrupt);
    } catch (const Error& error) {
        CommandResult result;
        result.end = CommandResult::End::not_started;
        result.trouble = error.what();
        return result;
    }
}

std::string shown_words(const std::vector<std::string>& words) {
    constexpr std::size_t limit = 200;
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return printable(text, limit);
}

} // namespace provisor
