// SPDX-License-Identifier: Apache-2.0
#include "journal/fields.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace provisor {
namespace {

constexpr std::size_t field_limit = 4096;
/// printable() cuts after its limit: the last character may be escaped to 16 bytes, "…" is three.
constexpr std::size_t overshoot = 20;

/// A field's text within the limit, name included.
std::string field(std::string_view name, std::string_view value) {
    std::string text(name);
    text += '=';
    return text += printable(value, field_limit - overshoot - text.size());
}

/// The message keeps its line breaks: journalctl indents the lines that follow the first, so that
/// they cannot be taken for entries of their own.
std::string message_field(std::string_view message) {
    std::string text = "MESSAGE=";
    while (text.size() + overshoot < field_limit) {
        const std::size_t line = message.find('\n');
        text += printable(message.substr(0, line), field_limit - overshoot - text.size());
        if (line == std::string_view::npos)
            break;
        text += '\n';
        message.remove_prefix(line + 1);
    }
    return text;
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
} // namespace

bool is_field_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && is_upper(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_upper(c) || is_digit(c) || c == '_'; });
}

std::vector<std::string> to_fields(const JournalEntry& entry) {
    std::vector<std::string> fields{
        message_field(entry.message),
        field("PRIORITY", std::to_string(static_cast<int>(entry.priority))),
        "SYSLOG_IDENTIFIER=provisor"};
    if (!entry.message_id.empty())
        fields.push_back(field("MESSAGE_ID", entry.message_id));
    for (const auto& [name, value] : entry.fields)
        if (is_field_name(name) && !value.empty())
            fields.push_back(field(name, value));
    return fields;
}

} // namespace provisor
