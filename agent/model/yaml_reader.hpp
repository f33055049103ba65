// SPDX-License-Identifier: Apache-2.0
// Tested by tests/unit/model/manifest/bad_files_test.cpp
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace provisor {

/// One value of a YAML document with its place (line and column from 1). A map's `items` are key,
/// value, key, value.
struct YamlNode {
    enum class Kind { null, scalar, sequence, map };
    Kind kind = Kind::null;
    bool quoted = false; ///< a scalar in quotes or a block scalar: certainly a text
    int line = 1;
    int column = 1;
    std::string text;
    std::vector<YamlNode> items;

    /// The value of a key of this map, or null. Keys are few, and each is read once.
    const YamlNode* find(const char* key) const;
};

class YamlError : public std::runtime_error {
public:
    YamlError(int error_line, int error_column, const std::string& message)
        : std::runtime_error(message), line(error_line), column(error_column) {}
    int line;
    int column;
};

/// Reads the one document of a text, from yaml-cpp's events: its node trees cost several times as
/// much and lose the difference between "0755" and 0755. Refuses with a YamlError what would be
/// ambiguous or costly: anything but UTF-8 without a byte order mark, control characters, a second
/// document, anchors and aliases, deep nesting, and more nodes than a sane file has. An empty text
/// is a null node.
YamlNode read_yaml(const std::string& text, std::size_t size_limit);

} // namespace provisor
