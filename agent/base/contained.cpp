// SPDX-License-Identifier: Apache-2.0
#include "base/contained.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace provisor {
namespace {

constexpr std::size_t shown_limit = std::size_t{3} * 1024;

} // namespace

std::string describe(const CommandResult& result) {
    switch (result.end) {
    case CommandResult::End::exited:
        return fmt::format("exit status {}", result.number);
    case CommandResult::End::killed:
        return fmt::format("killed by signal {} ({})", result.number, ::strsignal(result.number));
    case CommandResult::End::timed_out:
        return fmt::format("timed out after {}", format_time_span(result.timeout));
    case CommandResult::End::flooded:
        return fmt::format("ended because it printed more than {}",
                           format_byte_size(contained_output_limit));
    case CommandResult::End::not_started:
        break;
    }
    return "could not be started: " + result.trouble;
}

std::string shown_output(const CommandResult& result) {
    std::string shown;
    std::string_view rest = result.output;
    while (!rest.empty() && shown.size() < shown_limit) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.find_first_not_of(" \t") == std::string_view::npos)
            continue;
        if (!shown.empty())
            shown += " | ";
        shown += printable(line, shown_limit - std::min(shown.size(), shown_limit));
    }
    const bool cut = result.output_size > result.output.size() || !rest.empty();
    return cut && !shown.empty() && !shown.ends_with("…") ? shown + "…" : shown;
}

std::vector<std::string> with_text(std::vector<std::string> words, std::string_view placeholder,
                                   const std::string& text) {
    for (std::string& word : words)
        for (std::size_t at = 0; (at = word.find(placeholder, at)) != std::string::npos;
             at += text.size())
            word.replace(at, placeholder.size(), text);
    return words;
}

std::vector<std::string> contained_environment() {
    return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
            "HOME=/"};
}

} // namespace provisor
