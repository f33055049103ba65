// SPDX-License-Identifier: Apache-2.0
#include "pass/contained.hpp"

#include "base/contained_process.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "model/shown_url.hpp"

#include <utility>

namespace provisor {

std::vector<CommandResult> run_contained(std::span<const ContainedCommand> commands,
                                         const Surroundings& around, Units units) {
    try {
        if (units == Units::act)
            if (auto results = around.units.run_contained(commands, around.interrupt))
                return std::move(*results);
        return run_contained_processes(commands, around.interrupt);
    } catch (const Error& error) {
        CommandResult result;
        result.end = CommandResult::End::not_started;
        result.trouble = error.what();
        return std::vector(commands.size(), result);
    }
}

CommandResult run_contained(const ContainedCommand& command, const Surroundings& around,
                            Units units) {
    return run_contained(std::span(&command, 1), around, units).front();
}

std::string shown_words(const std::vector<std::string>& words) {
    constexpr std::size_t limit = 200;
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return printable(shown_text(text), limit);
}

} // namespace provisor
